import type { Decisions } from './judge.ts'
import type { Trace, TraceFile } from './trace.ts'

/** A warm that was decided on. */
export type Decided = { readonly path: string; readonly reason: string; readonly probability: number }

/** When: after which row had been seen, and at which event time. */
export type DecidedAt = { readonly workspace: string; readonly afterRow: number; readonly atMs: number }

/** The warms of a replay in order of issue, as columns. */
export class DecisionLog implements Decisions {
  readonly afterRow: number[] = []
  readonly atMs: number[] = []
  readonly file: number[] = []
  readonly reasons: string[] = []
  readonly probabilities: number[] = []
  /** Files that no row of the trace reads, by (file id - trace.files.length). */
  readonly extraFiles: TraceFile[] = []
  readonly #ids = new Map<string, Map<string, number>>()
  readonly #trace: Trace
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(trace: Trace) {
    this.#trace = trace
    trace.files.forEach((file, id) => {
      this.#of(file.workspace).set(file.path, id)
    })
  }

  /** Warms so far. */
  get size(): number {
    return this.file.length
  }

  /** The file that a warm is for. */
  fileOf(nth: number): TraceFile {
    const id = this.file[nth] ?? 0
    const file = this.#trace.files[id] ?? this.extraFiles[id - this.#trace.files.length]
    if (file === undefined) throw new RangeError(`there is no decision ${nth}`)
    return file
  }

  /** No decision lies before the last row seen, nor before an earlier decision. */
  add({ path, reason, probability }: Decided, at: DecidedAt): void {
    this.#lastMs = Math.max(this.#lastMs, at.atMs, this.#trace.timeMs[at.afterRow] ?? at.atMs)
    this.afterRow.push(at.afterRow)
    this.atMs.push(this.#lastMs)
    this.file.push(this.#idOf(at.workspace, path))
    this.reasons.push(reason)
    this.probabilities.push(probability)
  }

  #idOf(workspace: string, path: string): number {
    const ids = this.#of(workspace)
    const known = ids.get(path)
    if (known !== undefined) return known
    const id = this.#trace.files.length + this.extraFiles.push({ workspace, path }) - 1
    ids.set(path, id)
    return id
  }

  #of(workspace: string): Map<string, number> {
    let ids = this.#ids.get(workspace)
    if (ids === undefined) {
      ids = new Map()
      this.#ids.set(workspace, ids)
    }
    return ids
  }
}
