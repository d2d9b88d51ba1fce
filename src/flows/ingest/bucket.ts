import { ShardState } from '../../model/fold/shard-state.ts'
import { shortId } from '../../model/identity.ts'
import { takeDirtyRows } from '../../model/rows/save.ts'
import type { RowWrite } from '../../ports/model-store.ts'
import { compareCursors, type Fence, formatFence, INGEST_TOPICS, parseFence } from './fence.ts'
import { type FoldDeps, loadShard } from './load-shard.ts'
import { reportShard } from './report.ts'

/** The bucket's fence is not what this process wrote last: somebody else wrote, or the store lost its tail. */
export class FenceMoved extends Error {
  readonly fence: string | null

  constructor(fence: string | null) {
    super('the fence moved')
    this.fence = fence
  }
}

/** A shard of a bucket in memory. `noted`: its key is in the `shards` space. */
export type HeldShard = { state: ShardState; noted: boolean; usedAt: number }

/**
 * What a process holds of one bucket: the fence that it believes to be stored, how far it has folded since, and the
 * shards in memory. Between batches everything is written, so that memory and store only differ when a write was lost.
 */
export class Bucket {
  readonly number: number
  readonly shards = new Map<string, HeldShard>()
  /** The stored fence as text; null for none. */
  stored: string | null = null
  /** The same, read. */
  believed: Fence
  /** How far memory is. */
  cursor: Fence
  /** A write had no answer: the fence must be read before anything else. */
  unknown = false
  /** A batch folds into it now. */
  busy = false
  readonly #deps: FoldDeps

  constructor(number: number, deps: FoldDeps, start: Fence) {
    this.number = number
    this.#deps = deps
    this.believed = start
    this.cursor = start
  }

  /** Takes the fence that is there and forgets everything in memory. `start` counts when there is none. */
  restart(stored: string | null, start: Fence): void {
    this.shards.clear()
    this.stored = stored
    this.believed = stored === null ? start : parseFence(stored)
    this.cursor = { ...this.believed }
    this.unknown = false
  }

  /** Forgets what is in memory after a write without an answer. */
  doubt(): void {
    this.shards.clear()
    this.cursor = { ...this.believed }
    this.unknown = true
  }

  async shard(key: string): Promise<HeldShard> {
    let held = this.shards.get(key)
    if (held === undefined) {
      held = { ...(await this.#load(key)), usedAt: 0 }
      this.shards.set(key, held)
    }
    held.usedAt = this.#deps.clock.monotonicMs()
    return held
  }

  /** Replaces a shard that was told to forget. */
  renew(key: string): void {
    const { limits, sha256Hex } = this.#deps
    const usedAt = this.#deps.clock.monotonicMs()
    this.shards.set(key, { state: new ShardState(limits, sha256Hex), noted: false, usedAt })
  }

  /** Rows that a write would hold now. */
  dirtyRows(): number {
    let rows = 0
    for (const { state, noted } of this.shards.values()) {
      if (state.dirty.count > 0) rows += state.dirty.count + Number(!noted)
    }
    return rows
  }

  /** Whether there is something to write. */
  get pending(): boolean {
    return (
      this.stored === null ||
      INGEST_TOPICS.some((topic) => compareCursors(this.cursor[topic], this.believed[topic]) !== 0)
    )
  }

  /** Writes all dirty rows and the cursor. Rejects with FenceMoved when somebody else wrote since. */
  async flush(): Promise<void> {
    if (this.pending) await this.write(this.#takeRows())
  }

  /** Writes rows with the cursor as it is. */
  async write(rows: readonly RowWrite[]): Promise<void> {
    const next = formatFence(this.cursor, this.#deps.nextMark())
    const result = await this.#deps.store.apply({ bucket: this.number, expected: this.stored, next, rows })
    if (!result.applied) throw new FenceMoved(result.fence)
    this.#deps.telemetry.measure('forewarm.ingest.applies', 1, { result: 'applied' })
    this.stored = next
    this.believed = { ...this.cursor }
    for (const [key, { state }] of this.shards) reportShard(this.#deps.telemetry, key, state)
  }

  #takeRows(): RowWrite[] {
    const rows: RowWrite[] = []
    for (const [key, held] of this.shards) {
      const shard = shortId(key, this.#deps.sha256Hex)
      const before = rows.length
      for (const row of takeDirtyRows(held.state)) rows.push({ shard, ...row })
      if (rows.length === before || held.noted) continue
      rows.push({ shard, space: 'shards', row: shard, value: new TextEncoder().encode(key) })
      held.noted = true
    }
    return rows
  }

  /**
   * Before rows are read the fence gets a new mark, which nobody else knows: who writes meanwhile must have read it
   * after this, so that the same mark after the load means that the rows belong to it. The mark that was there would not
   * do: a late writer could move on from it, and a failover take that back, while the rows are read.
   */
  async #load(key: string): Promise<{ state: ShardState; noted: boolean }> {
    await this.write(this.#takeRows())
    const loaded = await loadShard(this.#deps, this.number, key).catch((error: unknown) => ({ error }))
    const [fence = null] = await this.#deps.store.fences([this.number])
    if (fence !== this.stored) throw new FenceMoved(fence)
    if ('error' in loaded) throw loaded.error
    return loaded
  }
}
