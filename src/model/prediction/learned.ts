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
import type { WeighedSession } from './weighed.ts'
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
  #graph: PredictorGraph | undefined
  readonly #shared: SharedState
  #filesMax: number
  #current: WorkspacePredictor

  constructor(options: PredictorOptions, graph: PredictorGraph | undefined, shared: SharedState) {
    this.#options = options
    this.#graph = graph
    this.#shared = shared
    this.#current = new WorkspacePredictor(options, graph, this.#shared)
    this.#filesMax = this.#filesMaxWith(graph)
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

  /** The candidates of an open session now, with what comes of them; changes nothing. Null when it is not open. */
  weighed(session: string): WeighedSession | null {
    return this.#current.weighed(session)
  }

  learnSession(sequence: SessionSequence): void {
    if (this.#current.files >= this.#filesMax) this.#renew()
    this.#current.learnSession(sequence)
  }

  /** The file was brought into the cache though nobody here asked for it. */
  cameIn(path: string): void {
    this.#current.fates.cameIn(path)
  }

  /** What was asked for does not come: `never` until somebody reads it, else not now. */
  notWarmed(path: string, fate: 'never' | 'later'): void {
    this.#current.fates.notWarmed(path, fate)
  }

  /** The file has another version now, or was deleted. */
  changed(path: string, isDeleted: boolean): void {
    this.#current.fates.changed(path, isDeleted)
  }

  /** Takes the place of what was known of the workspace's files and imports before. */
  setGraph(graph: PredictorGraph): void {
    this.#graph = graph
    this.#filesMax = this.#filesMaxWith(graph)
    this.#current.setGraph(graph)
  }

  /** What the graph names stays known: the bound leaves as much room again for what is read. */
  #filesMaxWith(graph: PredictorGraph | undefined): number {
    return Math.max(this.#options.filesMax ?? LIMITS.filesMax, 2 * (graph?.files.length ?? 0))
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
