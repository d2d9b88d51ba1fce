import type { AccessEvent } from '../../model/access.ts'
import { bucketOf, shardKey, shardOf } from '../../model/identity.ts'
import type { WarmOutcome } from '../../model/outcome.ts'
import { Bucket } from '../ingest/bucket.ts'
import type { Fence } from '../ingest/fence.ts'
import { foldItems } from '../ingest/fold-items.ts'
import type { Item } from '../ingest/item.ts'
import type { FoldDeps } from '../ingest/load-shard.ts'

const START: Fence = { 'access-events': { next: 0, index: 0 }, 'warm-outcomes': { next: 0, index: 0 } }

/**
 * Folds what a replay plays into the models, by the code of ingest from the bucket on: the same steps, rows, fences and
 * writes. What it leaves out is the log before it.
 */
export class ReplayFold {
  readonly #deps: FoldDeps
  readonly #recordsMax: number
  readonly #buckets = new Map<number, { readonly bucket: Bucket; items: Item[] }>()
  readonly #keys = new Map<string, { readonly key: string; readonly bucket: number }>()
  readonly #offsets: Record<Item['topic'], number> = { 'access-events': 0, 'warm-outcomes': 0 }
  #waiting = 0

  /** `recordsMax`: records that are folded together, as ingest folds the records of a batch. */
  constructor(deps: FoldDeps, recordsMax: number) {
    this.#deps = deps
    this.#recordsMax = recordsMax
  }

  async access(event: AccessEvent): Promise<void> {
    const shard = shardOf(event.session, this.#deps.limits.shards)
    const { key, bucket } = this.#placeOf(event.workspace, shard)
    const offset = this.#offsets['access-events']++
    await this.#take(bucket, { topic: 'access-events', offset, kind: 'event', key, event })
  }

  async outcome(outcome: WarmOutcome): Promise<void> {
    const { key, bucket } = this.#placeOf(outcome.workspace, outcome.shard)
    const offset = this.#offsets['warm-outcomes']++
    await this.#take(bucket, { topic: 'warm-outcomes', offset, kind: 'outcome', key, outcome })
  }

  /** Folds and writes everything that waits. */
  async settle(): Promise<void> {
    this.#waiting = 0
    for (const held of this.#buckets.values()) {
      if (held.items.length === 0) continue
      const { items } = held
      held.items = []
      await foldItems(this.#deps, held.bucket, items)
    }
  }

  async #take(number: number, item: Item): Promise<void> {
    const held = this.#buckets.get(number) ?? { bucket: new Bucket(number, this.#deps, START), items: [] }
    this.#buckets.set(number, held)
    held.items.push(item)
    if (++this.#waiting >= this.#recordsMax) await this.settle()
  }

  /** Keys and buckets are hashes: they are not made anew at each read. */
  #placeOf(workspace: string, shard: number): { readonly key: string; readonly bucket: number } {
    const key = shardKey(workspace, shard)
    let place = this.#keys.get(key)
    if (place === undefined) {
      place = { key, bucket: bucketOf(key) }
      this.#keys.set(key, place)
    }
    return place
  }
}
