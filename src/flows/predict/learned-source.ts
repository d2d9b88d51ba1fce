import type { AccessEvent } from '../../model/access.ts'
import type { Candidate } from '../../model/candidates/candidate.ts'
import { createPredictor, createSharedState, type LearnedPredictor } from '../../model/prediction/learned.ts'
import type { Prediction, PredictorGraph, PredictorOptions } from '../../model/prediction/predictor.ts'
import type { ModelReader } from '../../ports/model-reader.ts'
import type { NoteStore } from '../../ports/notes.ts'
import type { Log } from '../../ports/telemetry.ts'
import type { CandidateSource } from './source.ts'
import { WeightLog } from './weight-log.ts'

export type LearnedSourceOptions = PredictorOptions & {
  /** Workspaces that are followed; the least recently heard of leaves, and comes back from its stored sessions. */
  readonly workspacesMax: number
  /** Stored sessions that a workspace's predictor begins with. */
  readonly sessionsMax: number
  /** What is known of a workspace before anybody reads it; asked for once, when its first event comes. */
  readonly graphOf?: (workspace: string) => Promise<PredictorGraph | undefined>
}

export type LearnedSourceDeps = {
  readonly models: Pick<ModelReader, 'closedSessions'>
  /** Where the processes share what their scorers learn. */
  readonly notes: NoteStore
  readonly logger: Log
}

export type LearnedSource = CandidateSource & {
  /** Takes in what other processes have learned and tells them what was learned here: at the start, now and then, at the end. */
  syncWeights(): Promise<void>
}

type Followed = { readonly predictor: LearnedPredictor; readonly known: ReadonlySet<string> }

/**
 * Candidates of the learned predictor: one a workspace, begun with the workspace's stored sessions, then fed with every
 * access of the log. The scorer and the belief about the cache are shared by all workspaces of the process.
 */
export function createLearnedSource(deps: LearnedSourceDeps, options: LearnedSourceOptions): LearnedSource {
  return new Learned(deps, options)
}

class Learned implements LearnedSource {
  readonly #deps: LearnedSourceDeps
  readonly #options: LearnedSourceOptions
  readonly #shared: ReturnType<typeof createSharedState>
  readonly #weights: WeightLog
  readonly #workspaces = new Map<string, Promise<Followed>>()
  /** Predictions of the events followed since a session was last asked for. */
  readonly #pending = new Map<string, Candidate[]>()

  constructor(deps: LearnedSourceDeps, options: LearnedSourceOptions) {
    this.#deps = deps
    this.#options = options
    this.#shared = createSharedState(options)
    this.#weights = new WeightLog(deps, this.#shared.scorer.learned)
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

  async weigh({ workspace, session }: { readonly workspace: string; readonly session: string }) {
    return (await this.#followed(workspace)).predictor.weighed(session)
  }

  syncWeights(): Promise<void> {
    return this.#weights.sync()
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
    const closed = await this.#deps.models.closedSessions(workspace, this.#options.sessionsMax)
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
