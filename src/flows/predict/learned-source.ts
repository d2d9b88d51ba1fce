import type { AccessEvent } from '../../model/access.ts'
import type { Candidate } from '../../model/candidates/candidate.ts'
import { createPredictor, createSharedState, type LearnedPredictor } from '../../model/prediction/learned.ts'
import type { Prediction, PredictorGraph, PredictorOptions } from '../../model/prediction/predictor.ts'
import type { ModelReader } from '../../ports/model-reader.ts'
import type { ModelStore } from '../../ports/model-store.ts'
import type { CandidateSource } from './source.ts'

export type LearnedSourceOptions = PredictorOptions & {
  /** Workspaces that are followed; the least recently heard of leaves, and comes back from its stored sessions. */
  readonly workspacesMax: number
  /** Stored sessions that a workspace's predictor begins with. */
  readonly sessionsMax: number
  /** What is known of a workspace before anybody reads it; asked for once, when its first event comes. */
  readonly graphOf?: (workspace: string) => Promise<PredictorGraph | undefined>
}

export type LearnedSource = CandidateSource & {
  /** Stores the scorer's weights for the next process; call it every minute and at the end. */
  saveWeights(): Promise<void>
  /** Takes over the weights that a process before has stored, if any. */
  loadWeights(): Promise<void>
}

/** Name under which the scorer's weights are shared; the number changes with the scorer's features. */
const WEIGHTS = 'scorer-weights-1'

type Followed = { readonly predictor: LearnedPredictor; readonly known: ReadonlySet<string> }

/**
 * Candidates of the learned predictor: one a workspace, begun with the workspace's stored sessions, then fed with every
 * access of the log. The scorer and the belief about the cache are shared by all workspaces of the process.
 */
export function createLearnedSource(
  reader: ModelReader,
  store: Pick<ModelStore, 'shared' | 'share'>,
  options: LearnedSourceOptions,
): LearnedSource {
  return new Learned(reader, store, options)
}

class Learned implements LearnedSource {
  readonly #reader: ModelReader
  readonly #store: Pick<ModelStore, 'shared' | 'share'>
  readonly #options: LearnedSourceOptions
  readonly #shared: ReturnType<typeof createSharedState>
  readonly #workspaces = new Map<string, Promise<Followed>>()
  /** Predictions of the events followed since a session was last asked for. */
  readonly #pending = new Map<string, Candidate[]>()

  constructor(reader: ModelReader, store: Pick<ModelStore, 'shared' | 'share'>, options: LearnedSourceOptions) {
    this.#reader = reader
    this.#store = store
    this.#options = options
    this.#shared = createSharedState(options)
  }

  async follow(event: AccessEvent, silent: boolean): Promise<void> {
    const { predictor, known } = await this.#followed(event.workspace)
    // While catching up, sessions come by that the stored ones hold already.
    if (silent && known.has(event.session)) return
    const found: Candidate[] = []
    for (const { path, timeMs, outcome } of event.accesses) {
      const { workspace, session, analyzer } = event
      const seen = outcome === 'unknown' ? null : outcome
      const predictions = predictor.observe({ workspace, session, analyzer, path, timeMs, outcome: seen })
      if (!silent) found.push(...predictions.map(toCandidate))
    }
    // Nobody asks for the candidates of a session that has ended.
    if (found.length === 0 || event.sessionEnded) return
    const key = keyOf(event.workspace, event.session)
    this.#pending.set(key, [...(this.#pending.get(key) ?? []), ...found])
  }

  async observe({ workspace, session }: { readonly workspace: string; readonly session: string }) {
    const key = keyOf(workspace, session)
    const found = this.#pending.get(key) ?? []
    this.#pending.delete(key)
    return found
  }

  async tick(workspace: string, nowMs: number): Promise<readonly Candidate[]> {
    const { predictor } = await this.#followed(workspace)
    return predictor.tick(nowMs).map(toCandidate)
  }

  async nextTickMs(workspace: string): Promise<number> {
    return (await this.#followed(workspace)).predictor.nextTickMs()
  }

  async rank({ workspace, session }: { readonly workspace: string; readonly session: string }, count: number) {
    return (await this.#followed(workspace)).predictor.rank(session, count)
  }

  async loadWeights(): Promise<void> {
    const stored = await this.#store.shared(WEIGHTS)
    if (stored !== null) this.#shared.scorer.importWeights(stored.value)
  }

  async saveWeights(): Promise<void> {
    const stored = await this.#store.shared(WEIGHTS)
    await this.#store.share(WEIGHTS, this.#shared.scorer.exportWeights(), stored?.version ?? 0)
  }

  #followed(workspace: string): Promise<Followed> {
    const followed = this.#workspaces.get(workspace) ?? this.#begin(workspace)
    // A start that failed is tried again with the next event.
    followed.catch(() => this.#workspaces.delete(workspace))
    this.#workspaces.delete(workspace)
    this.#workspaces.set(workspace, followed)
    const oldest = this.#workspaces.keys().next()
    if (this.#workspaces.size > this.#options.workspacesMax && oldest.done !== true)
      this.#workspaces.delete(oldest.value)
    return followed
  }

  async #begin(workspace: string): Promise<Followed> {
    const predictor = createPredictor(this.#options, await this.#options.graphOf?.(workspace), this.#shared)
    const closed = await this.#reader.closedSessions(workspace, this.#options.sessionsMax)
    for (const session of closed) predictor.learnSession(session)
    return { predictor, known: new Set(closed.map(({ session }) => session)) }
  }
}

const keyOf = (workspace: string, session: string): string => `${workspace}\u0000${session}`

const toCandidate = ({ path, probability, reason, expectedAtMs }: Prediction): Candidate => ({
  path,
  probability,
  reason,
  expectedAtMs,
})
