import { createPredictor, createSharedState, type LearnedPredictor, type SharedState } from '../prediction/learned.ts'
import type { Prediction, PredictorAccess, PredictorGraph, PredictorOptions } from '../prediction/predictor.ts'
import type { Fleet, WorkspacePrediction } from './replay.ts'

/** One learned predictor a workspace, made at its first read; all share the view of the one cache, and the scorer. */
export class LearnedFleet implements Fleet {
  readonly #predictors = new Map<string, LearnedPredictor>()
  readonly #options: PredictorOptions
  readonly #graphs: ReadonlyMap<string, PredictorGraph>
  readonly #shared: SharedState

  constructor(options: PredictorOptions, graphs: ReadonlyMap<string, PredictorGraph> = new Map()) {
    this.#options = options
    this.#graphs = graphs
    this.#shared = createSharedState(options)
  }

  observe(access: PredictorAccess): readonly Prediction[] {
    let predictor = this.#predictors.get(access.workspace)
    if (predictor === undefined) {
      predictor = createPredictor(this.#options, this.#graphs.get(access.workspace), this.#shared)
      this.#predictors.set(access.workspace, predictor)
    }
    return predictor.observe(access)
  }

  tick(nowMs: number): readonly WorkspacePrediction[] {
    const all: WorkspacePrediction[] = []
    for (const [workspace, predictor] of this.#predictors) {
      for (const prediction of predictor.tick(nowMs)) all.push({ workspace, prediction })
    }
    return all
  }

  nextTickMs(): number {
    let next = Number.POSITIVE_INFINITY
    for (const predictor of this.#predictors.values()) next = Math.min(next, predictor.nextTickMs())
    return next
  }

  rank(workspace: string, session: string, count: number): readonly string[] {
    return this.#predictors.get(workspace)?.rank(session, count) ?? []
  }
}
