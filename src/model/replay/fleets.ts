import { createPredictor, createSharedState, type LearnedPredictor } from '../prediction/learned.ts'
import { ManualPredictor } from '../prediction/manual.ts'
import type {
  Prediction,
  Predictor,
  PredictorAccess,
  PredictorGraph,
  PredictorOptions,
} from '../prediction/predictor.ts'
import type { Fleet, WorkspacePrediction } from './replay.ts'

/** One predictor a workspace, made at its first read. */
export class PredictorFleet<P extends Predictor> implements Fleet {
  readonly #predictors = new Map<string, P>()
  readonly #create: (workspace: string) => P

  constructor(create: (workspace: string) => P) {
    this.#create = create
  }

  /** The workspace's predictor, once it has read. */
  get(workspace: string): P | undefined {
    return this.#predictors.get(workspace)
  }

  observe(access: PredictorAccess): readonly Prediction[] {
    let predictor = this.#predictors.get(access.workspace)
    if (predictor === undefined) {
      predictor = this.#create(access.workspace)
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
}

/** Learned predictors that share the view of the one cache, and the scorer, as those of one process do. */
export function learnedFleet(
  options: PredictorOptions,
  graphs: ReadonlyMap<string, PredictorGraph> = new Map(),
): PredictorFleet<LearnedPredictor> {
  const shared = createSharedState(options)
  return new PredictorFleet((workspace) => createPredictor(options, graphs.get(workspace), shared))
}

/** The manual's rules for every workspace. */
export function manualFleet(): PredictorFleet<ManualPredictor> {
  return new PredictorFleet(() => new ManualPredictor())
}

/** Nobody predicts anything: plain LRU. */
export const NO_FLEET: Fleet = { observe: () => [], tick: () => [], nextTickMs: () => Number.POSITIVE_INFINITY }
