import type { Trace } from './trace.ts'

/** Files that are ranked, and looked for. */
export const HORIZON = 20
const TOP = 10
const SKIPPED_SHARE = 0.2

/**
 * The next-20 measures: at each read after the first fifth of the trace, the ranked list against the next 20 distinct
 * files of the session. P@10 divides by 10 always; reads with no file after them in their session are left out.
 */
export class NextFiles {
  readonly #trace: Trace
  readonly #nextRow: Int32Array
  readonly #every: number
  #lists = 0
  #precision = 0
  #recall = 0

  /** `every`: only each so-manieth read is measured, for speed; 1 measures all. */
  constructor(trace: Trace, every = 1) {
    this.#trace = trace
    this.#every = every
    this.#nextRow = nextRowOfSession(trace)
  }

  /** Whether the list after `row` counts; then `count` is to be told the 20 that are ranked first. */
  counts(row: number): boolean {
    const isAsked = row >= this.#trace.file.length * SKIPPED_SHARE && row % this.#every === 0
    return isAsked && (this.#nextRow[row] ?? -1) >= 0
  }

  count(row: number, ranked: readonly string[]): void {
    const expected = this.#following(row)
    const listed = ranked.slice(0, HORIZON)
    this.#lists++
    this.#precision += listed.slice(0, TOP).filter((path) => expected.has(path)).length / TOP
    this.#recall += listed.filter((path) => expected.has(path)).length / expected.size
  }

  figures(): { precisionAt10: number; recallAt20: number; lists: number } {
    const lists = Math.max(1, this.#lists)
    return { precisionAt10: this.#precision / lists, recallAt20: this.#recall / lists, lists: this.#lists }
  }

  #following(row: number): Set<string> {
    const paths = new Set<string>()
    for (let at = this.#nextRow[row] ?? -1; at >= 0 && paths.size < HORIZON; at = this.#nextRow[at] ?? -1) {
      paths.add(this.#trace.files[this.#trace.file[at] ?? 0]?.path ?? '')
    }
    return paths
  }
}

function nextRowOfSession(trace: Trace): Int32Array {
  const next = new Int32Array(trace.file.length).fill(-1)
  const last = new Int32Array(trace.sessions.length).fill(-1)
  for (let row = trace.file.length - 1; row >= 0; row--) {
    const session = trace.session[row] ?? 0
    next[row] = last[session] ?? -1
    last[session] = row
  }
  return next
}
