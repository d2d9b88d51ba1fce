import type { AccessEvent, Change } from '../../model/access.ts'
import type { Candidate } from '../../model/candidates/candidate.ts'
import type { WarmedFile, WarmOutcome } from '../../model/outcome.ts'
import { createSharedState, type LearnedPredictor, type SharedState } from '../../model/prediction/learned.ts'
import type { Prediction } from '../../model/prediction/predictor.ts'
import { SharedWeights } from '../../model/prediction/shared-weights.ts'
import type { Clock } from '../../ports/clock.ts'
import type { DecisionJournal } from '../../ports/decision-journal.ts'
import { ForewarmError } from '../../ports/errors.ts'
import type { ModelReader } from '../../ports/model-reader.ts'
import type { NoteStore } from '../../ports/notes.ts'
import type { Log } from '../../ports/telemetry.ts'
import { type Followed, type FollowedOptions, FollowedWorkspaces } from './followed-workspaces.ts'
import type { GraphKeeper } from './graph-keeper.ts'
import { MovementExchange } from './movement-exchange.ts'
import { SharedLog } from './shared-log.ts'
import type { CandidateSource } from './source.ts'
import { WarmLatency } from './warm-latency.ts'

export type LearnedSourceOptions = FollowedOptions & {
  /** `latencyMs` holds whatever is measured. */
  readonly isLatencyPinned?: boolean
}

export type LearnedSourceDeps = {
  readonly models: Pick<ModelReader, 'closedSessions'>
  /** Where the processes share what they learn. */
  readonly notes: NoteStore
  readonly logger: Log
  /** Tells when to look what other processes have learned, and what a warm takes here unless that `isLatencyPinned`. */
  readonly clock?: Pick<Clock, 'now' | 'monotonicMs'>
  readonly graphs?: Pick<GraphKeeper, 'follow' | 'leave' | 'changed' | 'run'>
  /** Name of this process where several use one cache, unlike all others'; needs `clock`. */
  readonly process?: string
  /** Hears of every decision as it is made, but while catching up. */
  readonly journal?: Pick<DecisionJournal, 'note'>
}

export type LearnedSource = CandidateSource & {
  /** Takes in what other processes have learned and tells them what was learned here: at the start, now and then, at the end. */
  syncWeights(): Promise<void>
  /** The same for what sessions read next, which is of use at once: best ten times a second where there are others. */
  syncPrecedents(): Promise<void>
  /** The same for what moves in the cache that they share: best every `movementsPauseMs`, which changes. */
  exchangeMovements(): Promise<void>
  readonly movementsPauseMs: number
  /** Takes this process off the roll of those that exchange movements. */
  signOff(): Promise<void>
}

/** Weights are few and small; of precedents there are many changes, and all together they are megabytes. */
const WEIGHTS_LOG = { name: 'scorer-weights', wholeEvery: 32 }
const PRECEDENTS_LOG = { name: 'precedents', wholeEvery: 256 }

/** Between two exchanges of precedents while nothing is read here, ms. */
const IDLE_MS = 1_000

/** By path, predictions of the events followed since a session was last asked for; the latest of each, likeliest last. */
type Pending = { readonly candidates: Map<string, Candidate>; lastReadMs: number }

/**
 * Candidates of the learned predictor: one a workspace, begun with the workspace's stored sessions, then fed with every
 * access of the log. The scorer and the belief about the cache are shared by all workspaces of the process.
 */
export function createLearnedSource(deps: LearnedSourceDeps, options: LearnedSourceOptions): LearnedSource {
  return new Learned(deps, options)
}

class Learned implements LearnedSource {
  readonly #deps: LearnedSourceDeps
  readonly #shared: SharedState
  readonly #weights: SharedLog
  /** Null where workspaces keep what they read to themselves. */
  readonly #precedents: SharedLog | null
  /** Null where this process is the only one. */
  readonly #movements: MovementExchange | null
  readonly #workspaces: FollowedWorkspaces
  readonly #latency: WarmLatency | null
  readonly #pending = new Map<string, Pending>()
  /** Something was read since the latest exchange of precedents. */
  #hasRead = true
  #precedentsMs = Number.NEGATIVE_INFINITY
  /** What has failed in the background and is no engine that is away: the next call rejects with it. */
  #failure: { readonly cause: unknown } | null = null

  constructor(deps: LearnedSourceDeps, options: LearnedSourceOptions) {
    this.#deps = deps
    this.#shared = createSharedState({ ...options, isOneOfMany: deps.process !== undefined })
    const { scorer, precedents, movements } = this.#shared
    this.#weights = new SharedLog(deps, WEIGHTS_LOG, new SharedWeights(scorer.learned))
    const isAlone = options.without?.includes('precedent') === true
    this.#precedents = isAlone ? null : new SharedLog(deps, PRECEDENTS_LOG, precedents)
    const { process, clock } = deps
    const isOneOfMany = process !== undefined && clock !== undefined && movements !== undefined
    this.#movements = isOneOfMany ? new MovementExchange({ ...deps, process, clock, movements }) : null
    this.#workspaces = new FollowedWorkspaces(deps, options, this.#shared)
    const isMeasured = deps.clock !== undefined && options.isLatencyPinned !== true
    this.#latency = isMeasured ? new WarmLatency(options.latencyMs) : null
  }

  async follow(event: AccessEvent, silent: boolean): Promise<void> {
    this.#throwFailure()
    const { workspace, session } = event
    // Nobody asks for the candidates of a session that has ended.
    if (event.sessionEnded) this.#pending.delete(keyOf(workspace, session))
    if (event.forget) await this.#workspaces.forget(workspace)
    const followed = await this.#workspaces.get(workspace)
    for (const change of event.changes) this.#change(workspace, followed.predictor, change)
    // While catching up, sessions come by that the stored ones hold already.
    if (event.accesses.length === 0 || (silent && followed.sessions.isStored(session))) return
    if (followed.sessions.follow(session)) this.#begins(followed)
    this.#hasRead = true
    const key = keyOf(workspace, session)
    const pending = this.#pending.get(key) ?? { candidates: new Map(), lastReadMs: 0 }
    const { movements } = this.#shared
    if (movements !== undefined) movements.isSilent = silent
    observe(followed.predictor, event, pending.candidates, silent ? undefined : this.#deps.journal)
    if (movements !== undefined) movements.isSilent = false
    if (silent || event.sessionEnded) return
    pending.lastReadMs = event.accesses.at(-1)?.timeMs ?? 0
    if (pending.candidates.size > 0) this.#pending.set(key, pending)
    else this.#pending.delete(key)
    // While a batch is followed no round comes through, and it can take longer than others' movements may wait.
    if (this.#movements?.isDue === true) await unlessAway(this.#movements.exchange())
  }

  async observe({ workspace, session }: { readonly workspace: string; readonly session: string }) {
    const key = keyOf(workspace, session)
    const pending = this.#pending.get(key)
    if (pending === undefined) return []
    this.#pending.delete(key)
    const { clock } = this.#deps
    if (clock !== undefined) this.#latency?.decidedAfter(clock.now() - pending.lastReadMs)
    return [...pending.candidates.values()]
  }

  async tick(workspace: string, nowMs: number): Promise<readonly Candidate[]> {
    this.#throwFailure()
    const followed = await this.#workspaces.getIfRoom(workspace)
    if (followed === null) return []
    if (this.#deps.clock !== undefined)
      await followed.sessions.learnIfDue(followed.predictor, this.#deps.clock.monotonicMs())
    if (this.#deps.graphs !== undefined) this.#inBackground(this.#deps.graphs.run())
    const predictions = followed.predictor.tick(nowMs)
    for (const prediction of predictions)
      this.#deps.journal?.note({ ...noted(prediction), atMs: nowMs, workspace, session: null })
    return predictions.map(toCandidate)
  }

  async nextTickMs(workspace: string): Promise<number> {
    return (await this.#workspaces.get(workspace)).predictor.nextTickMs()
  }

  async rank({ workspace, session }: { readonly workspace: string; readonly session: string }, count: number) {
    return (await this.#workspaces.get(workspace)).predictor.rank(session, count)
  }

  async warmed(outcome: WarmOutcome): Promise<void> {
    if (outcome.mode === 'check') return
    const followed = await this.#workspaces.find(outcome.workspace)
    for (const file of outcome.files) {
      if (outcome.runId === null && file.outcome === 'warmed')
        this.#latency?.warmedAfter(file.finishedAtMs - outcome.issuedAtMs)
      if (followed !== undefined && file.layer === LAYER) tell(followed.predictor, file, outcome.runId !== null)
    }
    if (this.#latency !== null) this.#shared.view.latencyMs = this.#latency.ms
  }

  notIssued(workspace: string, paths: readonly string[]): void {
    const followed = this.#workspaces.find(workspace)
    followed?.then(({ predictor }) => {
      for (const path of paths) predictor.notWarmed(path, 'later')
    }, noFollower)
  }

  async weigh({ workspace, session }: { readonly workspace: string; readonly session: string }) {
    return (await this.#workspaces.get(workspace)).predictor.weighed(session)
  }

  syncWeights(): Promise<void> {
    return this.#weights.sync()
  }

  async syncPrecedents(): Promise<void> {
    const nowMs = this.#deps.clock?.now() ?? Number.POSITIVE_INFINITY
    if (!this.#hasRead && nowMs - this.#precedentsMs < IDLE_MS) return
    this.#hasRead = false
    try {
      await this.#precedents?.sync()
      this.#precedentsMs = nowMs
    } catch (cause) {
      this.#hasRead = true
      throw cause
    }
  }

  async exchangeMovements(): Promise<void> {
    await this.#movements?.exchange()
  }

  get movementsPauseMs(): number {
    return this.#movements?.pauseMs ?? Number.POSITIVE_INFINITY
  }

  async signOff(): Promise<void> {
    await this.#movements?.signOff()
  }

  #change(workspace: string, predictor: LearnedPredictor, { path, version }: Change): void {
    if (path !== null) predictor.changed(path, version === null)
    this.#deps.graphs?.changed(workspace)
  }

  /** A session begins: what others have learned meanwhile may be of use to it. */
  #begins({ predictor, sessions }: Followed): void {
    const { clock, graphs } = this.#deps
    if (clock !== undefined) this.#inBackground(sessions.learnIfDue(predictor, clock.monotonicMs()))
    if (graphs !== undefined) this.#inBackground(graphs.run())
  }

  /** What an engine that is away leaves undone is tried again with the next session. */
  #inBackground(work: Promise<void>): void {
    unlessAway(work).catch((cause: unknown) => {
      this.#failure = { cause }
    })
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.cause
  }
}

/** An engine that is away costs what was asked of it, and no more. */
async function unlessAway(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (cause) {
    if (!(cause instanceof ForewarmError && cause.retriable)) throw cause
  }
}

/** The layer that commands of predictions warm. */
const LAYER = 'content'

/** Puts what each read predicts into `found`, once a path; what is read meanwhile needs no warm any more. */
function observe(
  predictor: LearnedPredictor,
  event: AccessEvent,
  found: Map<string, Candidate>,
  journal: LearnedSourceDeps['journal'],
): void {
  const { workspace, session, analyzer } = event
  for (const { path, timeMs, layer, outcome } of event.accesses) {
    // A value of another layer lives and leaves by itself.
    const seen = outcome === 'unknown' || layer !== LAYER ? null : outcome
    const predictions = predictor.observe({ workspace, session, analyzer, path, timeMs, outcome: seen })
    found.delete(path)
    for (const prediction of predictions) {
      found.delete(prediction.path)
      found.set(prediction.path, toCandidate(prediction))
      journal?.note({ ...noted(prediction), atMs: timeMs, workspace, session })
    }
  }
}

/**
 * Files of the control group stay believed in, as if they were there: else they would be asked for again and again until
 * they are read, and stand for other predictions than those that are warmed.
 */
function tell(predictor: LearnedPredictor, { path, outcome }: WarmedFile, isOfRun: boolean): void {
  if (outcome === 'missing' || outcome === 'denied') predictor.notWarmed(path, 'never')
  else if (outcome === 'skipped' || outcome === 'failed') predictor.notWarmed(path, 'later')
  else if (isOfRun && outcome !== 'control') predictor.cameIn(path)
}

/** A workspace whose start failed has nobody to tell. */
const noFollower = (): void => {}

const keyOf = (workspace: string, session: string): string => `${workspace}\u0000${session}`

const noted = ({ path, probability, reason }: Prediction) => ({ path, probability, reason })

const toCandidate = ({ path, probability, reason, expectedAtMs }: Prediction): Candidate => ({
  path,
  probability,
  reason,
  expectedAtMs,
})
