import type { AccessEvent } from '../../model/access.ts'
import type { Candidate, ObservedSession } from '../../model/candidates/candidate.ts'
import { type OpenSessionLimits, OpenSessions } from '../../model/candidates/open-sessions.ts'
import { partitionOf, shardKey, shardOf } from '../../model/identity.ts'
import type { Clock } from '../../ports/clock.ts'
import type {
  BatchVerdict,
  LogBatch,
  LogHandler,
  LogRecord,
  StartPosition,
  TopicPartition,
} from '../../ports/event-log.ts'
import { deadLetterOf } from '../dead-letter.ts'
import { isTransient, pauseAfter } from '../transient.ts'
import { Issuer, type IssuerDeps, type IssuerOptions } from './issuer.ts'
import { type Explained, explainSession } from './outlook.ts'
import type { RunCoordinator } from './runs/coordinator.ts'
import type { CandidateSource } from './source.ts'

export type PredictDeps = IssuerDeps & {
  readonly source: CandidateSource
  readonly clock: Clock
  /** Keys (`workspace#shard`) of all shards learned so far, for predictions by the clock. */
  readonly shardKeys: () => Promise<readonly string[]>
  /** Carries out what the requests ask for, beside this handler. */
  readonly runs: Pick<RunCoordinator, 'accept' | 'resumeOffset' | 'revoked'>
}

export type PredictOptions = IssuerOptions & {
  readonly shards: number
  readonly sessions: OpenSessionLimits
}

type PartitionState = {
  readonly sessions: OpenSessions
  /** Below this offset the predictor only catches up: another one has predicted there already. */
  readonly silentBelow: number
}

/** How long a partition waits while the schema registry is away. */
const RETRY_MS = 1_000

/** How long requests wait while as many runs are open as this process takes. */
const FULL_MS = 500

/** A session to predict for, with the record that moved it last. */
type Moved = { session: ObservedSession; event: AccessEvent; record: LogRecord }

/**
 * The predict flow. It owns nothing that must be exact: on assignment it reads again from its oldest open session and
 * stays silent until it has caught up, then turns each session's accesses into candidates and those into commands.
 */
export class PredictHandler implements LogHandler {
  readonly #deps: PredictDeps
  readonly #options: PredictOptions
  readonly #issuer: Issuer
  readonly #partitions = new Map<number, PartitionState>()
  /** Event time of the latest access followed on any partition, ms. */
  #observedToMs: number | null = null

  constructor(deps: PredictDeps, options: PredictOptions) {
    this.#deps = deps
    this.#options = options
    this.#issuer = new Issuer(deps, options)
  }

  async assigned(partitions: readonly TopicPartition[]): Promise<readonly StartPosition[]> {
    for (const partition of partitions) {
      if (partition.topic !== 'access-events') continue
      const { end } = await this.#whenAnswered(() => this.#deps.log.bounds(partition))
      const sessions = new OpenSessions(this.#options.sessions)
      this.#partitions.set(partition.partition, { sessions, silentBelow: end })
    }
    return partitions.map(() => 'committed')
  }

  async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    for (const { topic, partition } of partitions) if (topic === 'access-events') this.#partitions.delete(partition)
    const requests = partitions.filter(({ topic }) => topic === 'warm-requests')
    await this.#deps.runs.revoked(requests.map(({ partition }) => partition))
  }

  async batch(batch: LogBatch, signal: AbortSignal): Promise<BatchVerdict> {
    if (batch.topic === 'access-events') return this.#accesses(batch, signal)
    if (batch.topic === 'warm-requests') return this.#requests(batch, signal)
    let next = batch.records[0]?.offset ?? batch.endOffset
    for (const record of batch.records) {
      if (signal.aborted) break
      if (!(await this.#outcome(record))) return { next, commit: next, pauseMs: RETRY_MS }
      next = record.offset + 1
    }
    return { next, commit: next }
  }

  /** Issues what the clock calls for in the workspaces whose first shard is on a partition of this predictor. */
  async tick(): Promise<void> {
    const partitions = await this.#deps.log.partitions('access-events')
    for (const key of await this.#deps.shardKeys()) {
      if (!key.endsWith('#0') || !this.#partitions.has(partitionOf(key, partitions))) continue
      const workspace = key.slice(0, -2)
      const issuedAtMs = this.#deps.clock.now()
      const candidates = await this.#deps.source.tick(workspace, issuedAtMs)
      const origin = { workspace, shard: 0, session: null, revision: null, issuedAtMs }
      const cause = `tick/${workspace}/${issuedAtMs}`
      await this.#issuer.issue(candidates, { ...origin, cause, observedAtMs: null, observedToMs: this.#observedToMs })
    }
  }

  /** What is made of a session that is open here; null when it is not. Changes nothing. */
  async explain(workspace: string, session: string): Promise<Explained | null> {
    for (const { sessions } of this.#partitions.values()) {
      const found = sessions.find(workspace, session)
      if (found !== null) return explainSession(this.#deps, found, this.#options.gate.cutOff)
    }
    return null
  }

  async #accesses(batch: LogBatch, signal: AbortSignal): Promise<BatchVerdict> {
    const state = this.#partitions.get(batch.partition)
    let next = batch.records[0]?.offset ?? batch.endOffset
    if (state === undefined) return { next }
    const moved = new Map<string, Moved>()
    let unreadableNow = false
    for (const record of batch.records) {
      unreadableNow = !(await this.#follow(record, state, moved))
      if (signal.aborted || unreadableNow) break
      next = record.offset + 1
    }
    // Their commands go out together: one after the other, each would wait for the log.
    await Promise.all([...moved.values()].map(({ session, event, record }) => this.#predict(session, event, record)))
    return { next, commit: state.sessions.resumeOffset(next), ...(unreadableNow && { pauseMs: RETRY_MS }) }
  }

  /** False when the record cannot be read now. One that can never be read is passed over: ingest parks it. */
  async #follow(record: LogRecord, state: PartitionState, moved: Map<string, Moved>): Promise<boolean> {
    const decoded = await this.#deps.codec.decode('access-events', record.value)
    if (!decoded.ok) return !decoded.retriable
    const event = decoded.value
    const gate = this.#issuer.gate(event.workspace)
    for (const { path, timeMs } of event.accesses) {
      gate.wasRead(path)
      this.#observedToMs = Math.max(timeMs, this.#observedToMs ?? timeMs)
    }
    const silent = record.offset < state.silentBelow
    if (!(await unlessAway(async () => this.#deps.source.follow?.(event, silent)))) return false
    const session = state.sessions.observe(event, record.offset, this.#deps.clock.monotonicMs())
    const key = `${event.workspace}\u0000${event.session}`
    moved.delete(key)
    if (session !== null && event.accesses.length > 0 && !silent) moved.set(key, { session, event, record })
    return true
  }

  async #predict(session: ObservedSession, event: AccessEvent, record: LogRecord): Promise<void> {
    const { telemetry, clock, source } = this.#deps
    const startedMs = clock.monotonicMs()
    const links = [record.headers.get('traceparent')].filter((link) => link !== undefined)
    await telemetry.span('predict', { kind: 'internal', links }, async (span) => {
      const candidates = await candidatesUnlessAway(() => source.observe(session))
      const commands = await this.#issuer.issue(candidates, {
        workspace: session.workspace,
        shard: shardOf(session.session, this.#options.shards),
        session: session.session,
        revision: event.revision,
        issuedAtMs: clock.now(),
        cause: `${record.partition}/${record.offset}/${shardKey(session.workspace, 0)}/${session.session}`,
        observedAtMs: event.accesses[0]?.timeMs ?? null,
        observedToMs: this.#observedToMs,
      })
      span.set({ 'forewarm.candidates': candidates.length, 'forewarm.commands': commands.length })
    })
    telemetry.measure('forewarm.predict.duration', (clock.monotonicMs() - startedMs) / 1_000)
  }

  /** Waits for an engine that is away as long as it takes. */
  async #whenAnswered<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await ask()
      } catch (error) {
        if (!isTransient(error)) throw error
        await this.#deps.clock.sleep(pauseAfter(failures))
      }
    }
  }

  /** Hands requests over; the offset that is committed stays at the oldest one whose run has not ended. */
  async #requests(batch: LogBatch, signal: AbortSignal): Promise<BatchVerdict> {
    const { runs } = this.#deps
    let next = batch.records[0]?.offset ?? batch.endOffset
    let pauseMs = 0
    for (const record of batch.records) {
      if (signal.aborted) break
      pauseMs = await this.#request(record)
      if (pauseMs > 0) break
      next = record.offset + 1
    }
    return { next, commit: runs.resumeOffset(batch.partition, next), ...(pauseMs > 0 && { pauseMs }) }
  }

  /**
   * How long the record has to wait; 0 once it is handled. One that can never be read is parked: nobody else reads
   * requests.
   */
  async #request(record: LogRecord): Promise<number> {
    const { codec, log, runs, telemetry } = this.#deps
    const decoded = await codec.decode('warm-requests', record.value)
    if (decoded.ok) return runs.accept(decoded.value, record) ? 0 : FULL_MS
    if (decoded.retriable) return RETRY_MS
    const letter = deadLetterOf(record, { stage: 'predict', reason: decoded.reason })
    if (!(await unlessAway(async () => void (await log.append('dead-letters', [letter]))))) return RETRY_MS
    telemetry.measure('forewarm.dead_letters', 1, { topic: record.topic, reason: 'undecodable' })
    return 0
  }

  /** False when the record cannot be read now; ingest parks one that can never be read. */
  async #outcome(record: LogRecord): Promise<boolean> {
    const decoded = await this.#deps.codec.decode('warm-outcomes', record.value)
    if (!decoded.ok) return !decoded.retriable
    if (!(await unlessAway(async () => this.#deps.source.warmed?.(decoded.value)))) return false
    if (decoded.value.runId !== null) return true
    const gate = this.#issuer.gate(decoded.value.workspace)
    for (const file of decoded.value.files)
      if (file.outcome === 'warmed') gate.tookMs(file.finishedAtMs - decoded.value.issuedAtMs)
    return true
  }
}

/** False when an engine was away: the same is to be tried again later. */
async function unlessAway(work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (!isTransient(error)) throw error
    return false
  }
}

/** None while the models cannot be read: later, what is read now would be predicted too late. */
async function candidatesUnlessAway(ask: () => Promise<readonly Candidate[]>): Promise<readonly Candidate[]> {
  try {
    return await ask()
  } catch (error) {
    if (!isTransient(error)) throw error
    return []
  }
}
