import type { Prediction, PredictorAccess } from '../prediction/predictor.ts'
import { type Decisions, Judging, type Verdict } from './judge.ts'
import type { Trace } from './trace.ts'

/** What replay drives: the predictors of a process, whichever workspace a read belongs to. */
export interface Fleet {
  observe(access: PredictorAccess): readonly Prediction[]
  tick(nowMs: number): readonly WorkspacePrediction[]
  nextTickMs(): number
}

export type WorkspacePrediction = { readonly workspace: string; readonly prediction: Prediction }

export type ReplayBounds = { readonly capacityFiles: number; readonly latencyMs: number }

export type ReplayRun = {
  readonly decisions: Decisions
  readonly reasons: readonly string[]
  readonly probabilities: readonly number[]
  readonly verdict: Verdict
  /** By decision, one of `FATE`; missing where the trace ended before the warm arrived. */
  readonly fates: readonly number[]
  /** One byte a row: 0 miss, 1 hit, 2 first hit of a warmed entry. */
  readonly outcomes: Uint8Array
  /** Paths of warms that no row of the trace reads, by (file id - trace.files.length). */
  readonly extraFiles: readonly { workspace: string; path: string }[]
}

/** Called with each row before the predictor has seen it, then after. */
export type ReplayHooks = { readonly afterRow?: (row: number) => void }

/** Plays a trace through predictors, strictly in order: they see a row, and what the cache made of it, and no later one. */
export function replay(trace: Trace, fleet: Fleet, bounds: ReplayBounds, hooks: ReplayHooks = {}): ReplayRun {
  const log = new DecisionLog(trace)
  const judging = new Judging(trace, log, bounds)
  const outcomes = new Uint8Array(trace.file.length)
  for (let row = 0; row < trace.file.length; row++) {
    const timeMs = trace.timeMs[row] ?? 0
    if (row > 0) runTicks(fleet, log, { untilMs: timeMs, afterRow: row - 1 })
    const outcome = judging.step(row)
    outcomes[row] = OUTCOME_CODE[outcome]
    const session = trace.sessions[trace.session[row] ?? 0]
    const file = trace.files[trace.file[row] ?? 0]
    if (session === undefined || file === undefined) throw new RangeError(`row ${row} names no session or file`)
    const { workspace, id, analyzer } = session
    const access = { workspace, session: id, analyzer, path: file.path, timeMs, outcome }
    for (const prediction of fleet.observe(access)) log.add(prediction, { workspace, afterRow: row, atMs: timeMs })
    hooks.afterRow?.(row)
  }
  const { reasons, probabilities, extraFiles } = log
  return {
    decisions: log,
    reasons,
    probabilities,
    verdict: judging.verdict(),
    fates: judging.fates,
    outcomes,
    extraFiles,
  }
}

const OUTCOME_CODE = { miss: 0, hit: 1, warmHit: 2 } as const

function runTicks(fleet: Fleet, log: DecisionLog, span: { untilMs: number; afterRow: number }): void {
  for (let atMs = fleet.nextTickMs(); atMs <= span.untilMs; atMs = fleet.nextTickMs()) {
    // A plan may lie before the row that made it; its warm is issued at once then.
    const issuedMs = Math.max(atMs, log.lastAtMs)
    for (const { workspace, prediction } of fleet.tick(atMs)) {
      log.add(prediction, { workspace, afterRow: span.afterRow, atMs: issuedMs })
    }
  }
}

class DecisionLog implements Decisions {
  readonly afterRow: number[] = []
  readonly atMs: number[] = []
  readonly file: number[] = []
  readonly reasons: string[] = []
  readonly probabilities: number[] = []
  readonly extraFiles: { workspace: string; path: string }[] = []
  readonly #ids = new Map<string, Map<string, number>>()
  readonly #traceFiles: number
  readonly #trace: Trace

  constructor(trace: Trace) {
    this.#traceFiles = trace.files.length
    this.#trace = trace
    trace.files.forEach((file, id) => {
      this.#of(file.workspace).set(file.path, id)
    })
  }

  /** No decision may lie before the last row seen, nor before an earlier decision. */
  get lastAtMs(): number {
    return this.#lastMs
  }

  #lastMs = Number.NEGATIVE_INFINITY

  add(prediction: Prediction, at: { workspace: string; afterRow: number; atMs: number }): void {
    this.#lastMs = Math.max(this.#lastMs, at.atMs, this.#trace.timeMs[at.afterRow] ?? at.atMs)
    this.afterRow.push(at.afterRow)
    this.atMs.push(this.#lastMs)
    this.file.push(this.#idOf(at.workspace, prediction.path))
    this.reasons.push(prediction.reason)
    this.probabilities.push(prediction.probability)
  }

  #idOf(workspace: string, path: string): number {
    const ids = this.#of(workspace)
    const known = ids.get(path)
    if (known !== undefined) return known
    const id = this.#traceFiles + this.extraFiles.push({ workspace, path }) - 1
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
