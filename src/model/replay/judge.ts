import { ABSENT, type CachePolicy, LruCache, READ, WARMED } from './lru.ts'
import type { Trace } from './trace.ts'

/** Warms in order of issue; `file` may lie past the trace's own files (a warm of something never read). */
export type Decisions = {
  readonly afterRow: readonly number[]
  readonly atMs: readonly number[]
  readonly file: readonly number[]
}

export type Verdict = {
  readonly reads: number
  readonly hits: number
  readonly misses: number
  /** Warms of absent files. */
  readonly inserted: number
  /** Of those, read at least once before they left. */
  readonly used: number
  /** Warms whose file was missed between the decision and its arrival. */
  readonly late: number
  /** Warms of present files, which only renew recency. */
  readonly touched: number
}

/** What became of a warm: on its way still, a renewal, inserted (and wasted so far), inserted and read. */
export const FATE = { pending: 0, touched: 1, wasted: 2, used: 3 } as const

export const NO_DECISIONS: Decisions = { afterRow: [], atMs: [], file: [] }

/**
 * Plays decisions against a cache row by row: a warm issued after row k serves row k + 1 at the earliest, and only
 * `latencyMs` after its time. The replay loop steps it with decisions as they come; `judge` with recorded ones.
 */
export class Judging {
  readonly #cache: LruCache
  readonly #lastMissRow: Int32Array
  /** Number of the decision that brought a file in. */
  readonly #broughtBy: number[] = []
  /** By decision, one of `FATE`. */
  readonly fates: number[] = []
  #hits = 0
  #reads = 0
  #inserted = 0
  #used = 0
  #late = 0
  #touched = 0
  #next = 0
  readonly #trace: Trace
  readonly #decisions: Decisions
  readonly #latencyMs: number

  constructor(
    trace: Trace,
    decisions: Decisions,
    bounds: { capacityFiles: number; latencyMs: number; policy?: CachePolicy },
  ) {
    this.#trace = trace
    this.#decisions = decisions
    this.#latencyMs = bounds.latencyMs
    this.#cache = new LruCache(bounds.capacityFiles, trace.files.length, bounds.policy)
    this.#lastMissRow = new Int32Array(trace.files.length).fill(-1)
  }

  /** Applies the warms that have arrived, then the read of `row`; says what the read found. */
  step(row: number): 'hit' | 'warmHit' | 'miss' {
    this.#arrive(row, this.#trace.timeMs[row] ?? 0)
    this.#reads++
    const file = this.#trace.file[row] ?? 0
    const found = this.#cache.state(file)
    this.#cache.put(file, READ)
    if (found === ABSENT) {
      this.#lastMissRow[file] = row
      return 'miss'
    }
    this.#hits++
    if (found === READ) return 'hit'
    this.#used++
    this.fates[this.#broughtBy[file] ?? 0] = FATE.used
    return 'warmHit'
  }

  verdict(): Verdict {
    const { reads, hits } = { reads: this.#reads, hits: this.#hits }
    const [inserted, used, late, touched] = [this.#inserted, this.#used, this.#late, this.#touched]
    return { reads, hits, misses: reads - hits, inserted, used, late, touched }
  }

  #arrive(row: number, nowMs: number): void {
    const { afterRow, atMs, file } = this.#decisions
    while (this.#next < file.length) {
      const after = afterRow[this.#next] ?? 0
      if (after >= row || (atMs[this.#next] ?? 0) + this.#latencyMs > nowMs) return
      this.#warm(file[this.#next] ?? 0, after)
      this.#next++
    }
  }

  #warm(file: number, afterRow: number): void {
    if ((this.#lastMissRow[file] ?? -1) > afterRow) this.#late++
    const found = this.#cache.state(file)
    this.fates[this.#next] = found === ABSENT ? FATE.wasted : FATE.touched
    if (found === ABSENT) {
      this.#inserted++
      this.#broughtBy[file] = this.#next
    } else this.#touched++
    this.#cache.put(file, found === ABSENT ? WARMED : found)
  }
}

/** The figures of a whole trace under recorded decisions. */
export function judge(
  trace: Trace,
  decisions: Decisions,
  bounds: { capacityFiles: number; latencyMs: number; policy?: CachePolicy },
): Verdict {
  const judging = new Judging(trace, decisions, bounds)
  for (let row = 0; row < trace.file.length; row++) judging.step(row)
  return judging.verdict()
}

/** By row, whether plain LRU without warming hits (1) or misses (0). */
export function hitsByRow(trace: Trace, capacityFiles: number): Uint8Array {
  const judging = new Judging(trace, NO_DECISIONS, { capacityFiles, latencyMs: 0 })
  return Uint8Array.from(trace.file, (_, row) => (judging.step(row) === 'miss' ? 0 : 1))
}
