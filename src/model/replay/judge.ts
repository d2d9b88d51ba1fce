import { ABSENT, LruCache, READ, type ReplayCache, WARMED } from './lru.ts'
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
  /** Warms that the cache did not take; plain LRU takes all. */
  readonly refused: number
}

/** What became of a warm: on its way still, a renewal, inserted (and wasted so far), inserted and read, not taken. */
export const FATE = { pending: 0, touched: 1, wasted: 2, used: 3, refused: 4 } as const

export const NO_DECISIONS: Decisions = { afterRow: [], atMs: [], file: [] }

/**
 * Plays decisions against a cache row by row: a warm issued after row k serves row k + 1 at the earliest, and only
 * `latencyMs` after its time. The replay loop steps it with decisions as they come; `judge` with recorded ones.
 */
export class Judging {
  readonly #cache: ReplayCache
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
  #refused = 0
  #next = 0
  readonly #trace: Trace
  readonly #decisions: Decisions
  readonly #latencyMs: number

  constructor(trace: Trace, decisions: Decisions, by: { cache: ReplayCache; latencyMs: number }) {
    this.#trace = trace
    this.#decisions = decisions
    this.#latencyMs = by.latencyMs
    this.#cache = by.cache
    this.#lastMissRow = new Int32Array(trace.files.length).fill(-1)
  }

  /** Applies the warms that have arrived, then the read of `row`; says what the read found. */
  step(row: number): 'hit' | 'warmHit' | 'miss' {
    const nowMs = this.#trace.timeMs[row] ?? 0
    this.arrive(row, nowMs)
    this.#reads++
    const file = this.#trace.file[row] ?? 0
    const found = this.#cache.state(file, nowMs)
    this.#cache.put(file, READ, nowMs)
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

  /** Applies the warms that have arrived by `nowMs`, before `row` is read; returns how many have arrived in all. */
  arrive(row: number, nowMs: number): number {
    const { afterRow, atMs, file } = this.#decisions
    for (; this.#next < file.length; this.#next++) {
      const after = afterRow[this.#next] ?? 0
      const arrivesMs = (atMs[this.#next] ?? 0) + this.#latencyMs
      if (after >= row || arrivesMs > nowMs) break
      this.#warm(file[this.#next] ?? 0, { after, nowMs: arrivesMs })
    }
    return this.#next
  }

  /** Number of the decision that brought a file in last, if one did. */
  broughtBy(file: number): number | undefined {
    return this.#broughtBy[file]
  }

  verdict(): Verdict {
    const { reads, hits } = { reads: this.#reads, hits: this.#hits }
    const [inserted, used, late] = [this.#inserted, this.#used, this.#late]
    const [touched, refused] = [this.#touched, this.#refused]
    return { reads, hits, misses: reads - hits, inserted, used, late, touched, refused }
  }

  #warm(file: number, when: { after: number; nowMs: number }): void {
    if ((this.#lastMissRow[file] ?? -1) > when.after) this.#late++
    this.fates[this.#next] = this.#place(file, when.nowMs)
  }

  #place(file: number, nowMs: number): number {
    const found = this.#cache.state(file, nowMs)
    if (found !== ABSENT) {
      this.#touched++
      this.#cache.put(file, found, nowMs)
      return FATE.touched
    }
    if (!this.#cache.put(file, WARMED, nowMs)) {
      this.#refused++
      return FATE.refused
    }
    this.#inserted++
    this.#broughtBy[file] = this.#next
    return FATE.wasted
  }
}

/** What a trace is played against: a cache, plain LRU unless one is given, and the delay of warms. */
export type JudgeBounds = {
  readonly capacityFiles: number
  readonly latencyMs: number
  readonly cache?: ReplayCache
}

/** The figures of a whole trace under recorded decisions. */
export function judge(trace: Trace, decisions: Decisions, bounds: JudgeBounds): Verdict {
  const cache = bounds.cache ?? new LruCache(bounds.capacityFiles, trace.files.length)
  const judging = new Judging(trace, decisions, { cache, latencyMs: bounds.latencyMs })
  for (let row = 0; row < trace.file.length; row++) judging.step(row)
  return judging.verdict()
}

/** By row, whether plain LRU without warming hits (1) or misses (0). */
export function hitsByRow(trace: Trace, capacityFiles: number): Uint8Array {
  const cache = new LruCache(capacityFiles, trace.files.length)
  const judging = new Judging(trace, NO_DECISIONS, { cache, latencyMs: 0 })
  return Uint8Array.from(trace.file, (_, row) => (judging.step(row) === 'miss' ? 0 : 1))
}
