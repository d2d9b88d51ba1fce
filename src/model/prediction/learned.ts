import { LIMITS } from './limits.ts'
import type {
  Prediction,
  PredictorAccess,
  PredictorGraph,
  PredictorOptions,
  RankingPredictor,
  SessionSequence,
} from './predictor.ts'
import { createSharedState, type SharedState } from './shared-state.ts'
import { WorkspacePredictor } from './workspace-predictor.ts'

export { createSharedState, type SharedState }

/**
 * A predictor for one workspace. Predictors of one process should share their state (`createSharedState`); alone, one
 * has its own.
 */
export function createPredictor(
  options: PredictorOptions,
  graph?: PredictorGraph,
  shared: SharedState = createSharedState(options),
): LearnedPredictor {
  return new LearnedPredictor(options, graph, shared)
}

/**
 * Keeps a learned predictor within its files: when it knows too many paths, a new one takes over, which has read the
 * latest sessions that still fit in half of them. Paths that only old sessions read are forgotten that way, without a
 * sweep at every read.
 */
export class LearnedPredictor implements RankingPredictor {
  readonly #options: PredictorOptions
  readonly #graph: PredictorGraph | undefined
  readonly #shared: SharedState
  readonly #filesMax: number
  #current: WorkspacePredictor

  constructor(options: PredictorOptions, graph: PredictorGraph | undefined, shared: SharedState) {
    this.#options = options
    this.#graph = graph
    this.#shared = shared
    this.#current = new WorkspacePredictor(options, graph, this.#shared)
    // What the graph names stays known: the bound leaves as much room again for what is read.
    this.#filesMax = Math.max(options.filesMax ?? LIMITS.filesMax, 2 * this.#current.files)
  }

  /** Distinct paths known now. */
  get files(): number {
    return this.#current.files
  }

  observe(access: PredictorAccess): readonly Prediction[] {
    if (this.#current.files >= this.#filesMax) this.#renew()
    return this.#current.observe(access)
  }

  tick(nowMs: number): readonly Prediction[] {
    return this.#current.tick(nowMs)
  }

  nextTickMs(): number {
    return this.#current.nextTickMs()
  }

  rank(session: string, count: number): readonly string[] {
    return this.#current.rank(session, count)
  }

  learnSession(sequence: SessionSequence): void {
    if (this.#current.files >= this.#filesMax) this.#renew()
    this.#current.learnSession(sequence)
  }

  /** Gives the places in the shared view back: call it when the workspace is let go. */
  release(): void {
    this.#current.release()
  }

  #renew(): void {
    const kept = latestWithin([...this.#current.sequences()], this.#filesMax / 2)
    this.#current.release()
    this.#current = new WorkspacePredictor(this.#options, this.#graph, this.#shared)
    for (const sequence of kept) this.#current.learnSession(sequence)
  }
}

/** The latest sessions that name at most `pathsMax` paths together, oldest first. */
function latestWithin(sequences: readonly SessionSequence[], pathsMax: number): SessionSequence[] {
  const paths = new Set<string>()
  const kept: SessionSequence[] = []
  for (const sequence of sequences.toReversed()) {
    for (const { path } of sequence.reads) paths.add(path)
    if (paths.size > pathsMax) break
    kept.push(sequence)
  }
  return kept.reverse()
}
