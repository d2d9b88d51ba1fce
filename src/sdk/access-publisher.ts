import type { Access } from '../model/access.ts'
import { shardKey, shardOf } from '../model/identity.ts'
import type { Clock } from '../ports/clock.ts'
import type { Codec } from '../ports/codec.ts'
import { ForewarmError, messageOf } from '../ports/errors.ts'
import type { EventLog, OutgoingRecord } from '../ports/event-log.ts'
import type { Log, Telemetry } from '../ports/telemetry.ts'
import { accessEventProblem, accessProblem } from '../wire/access-event.ts'
import { AccessBuffer } from './access-buffer.ts'
import { type Batch, cutBatches, type Entry, type SessionName, type SessionState } from './session-batches.ts'

/** What a publisher needs of the world. */
export type PublisherDependencies = {
  readonly log: Pick<EventLog, 'append'>
  readonly codec: Pick<Codec, 'encode'>
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  readonly telemetry: Telemetry
  readonly logger: Pick<Log, 'warn'>
  /** A fresh random id. */
  readonly newId: () => string
  /** From [0, 1); spreads retries. */
  readonly random: () => number
}

export type PublisherOptions = {
  readonly workspace: string
  /** Shards of one workspace, as the deployment has them; 1 unless told. */
  readonly shards?: number
  /** How long an access waits for others to travel with, milliseconds; 50 unless told. */
  readonly lingerMs?: number
  /** Accesses of one batch, 1 to 500; 500 unless told. */
  readonly accessesMax?: number
  /** Accesses that wait at the most; 20,000 unless told. Beyond it the oldest are dropped. */
  readonly bufferMax?: number
}

/** A read: its path, and what else is known. Without a time it was now, without a layer it was the content. */
export type NewAccess = Pick<Access, 'path'> & Partial<Access>

/** Why an access was not published: the buffer was full, it broke a limit, the log refused it, or time was over. */
export type DropCause = 'overflow' | 'invalid' | 'refused' | 'closed'

/** What became of the accesses that were recorded since the publisher was made. */
export type PublisherStats = {
  readonly recorded: number
  readonly published: number
  readonly dropped: Readonly<Record<DropCause, number>>
  /** Accesses that wait or are on their way. Recorded = published + dropped + pending. */
  readonly pending: number
}

/**
 * Publishes what analyzers read. It never throws into its caller and never makes it wait: `record` takes a constant
 * time, everything else happens later. A log that is away, from the start or later, costs at most the buffer.
 */
export interface AccessPublisher {
  /** Notes an access. The first access of a session settles its analyzer and revision. */
  record(session: SessionName, read: NewAccess): void
  /** Says that no more accesses of a session follow; the model learns from a session when it is over. */
  endSession(session: string): void
  /** Sends what waits. False when that took longer than `deadlineMs`. */
  flush(deadlineMs: number): Promise<boolean>
  /** Sends what waits and stops; what is not through after `deadlineMs` (5 s unless told) is dropped and counted. */
  close(deadlineMs?: number): Promise<void>
  stats(): PublisherStats
}

const LINGER_MS = 50
const ACCESSES_MAX = 500
const BUFFER_MAX = 20_000
const CLOSE_DEADLINE_MS = 5_000
/** Batches that one append carries. */
const BATCHES_PER_APPEND = 10
/** Sessions whose numbering is remembered; the least recently used leaves. */
const SESSIONS_MAX = 1_000
const RETRY_BASE_MS = 100
const RETRY_CAP_MS = 5_000
/** Links of one span. */
const LINKS_MAX = 128

/** A publisher of one workspace; what the log does not take waits, within `bufferMax`. */
export const createAccessPublisher = (deps: PublisherDependencies, options: PublisherOptions): AccessPublisher =>
  new BufferedPublisher(deps, options)

/**
 * Whether waiting may help. Also a missing topic, schema or permission is mended while analyzers run, and the buffer
 * bounds what it costs to wait; only a record that is itself at fault stays refused.
 */
const mayPass = (error: unknown): boolean => error instanceof ForewarmError && error.code !== 'FW_RECORD_INVALID'

/** What is undefined counts as not said, as it is for callers without `exactOptionalPropertyTypes`. */
const accessOf = ({ path, timeMs, layer, version, outcome, warmedBy }: NewAccess, nowMs: number): Access => ({
  path,
  timeMs: timeMs ?? nowMs,
  layer: layer ?? 'content',
  version: version ?? null,
  outcome: outcome ?? 'unknown',
  warmedBy: warmedBy ?? null,
})

class BufferedPublisher implements AccessPublisher {
  readonly #deps: PublisherDependencies
  readonly #options: Required<PublisherOptions>
  readonly #buffer: AccessBuffer<Entry>
  readonly #sessions = new Map<string, SessionState>()
  readonly #dropped: Record<DropCause, number> = { overflow: 0, invalid: 0, refused: 0, closed: 0 }
  readonly #stop = new AbortController()
  /** Ends the present wait for more accesses. */
  #linger = new AbortController()
  #running: Promise<void> | null = null
  #hurries = 0
  #closed = false
  #complained = false
  #recorded = 0
  #published = 0

  constructor(deps: PublisherDependencies, options: PublisherOptions) {
    this.#deps = deps
    const { shards = 1, lingerMs = LINGER_MS, bufferMax = BUFFER_MAX } = options
    const accessesMax = Math.min(Math.max(options.accessesMax ?? ACCESSES_MAX, 1), ACCESSES_MAX)
    this.#options = { workspace: options.workspace, shards, lingerMs, accessesMax, bufferMax }
    this.#buffer = new AccessBuffer(bufferMax)
  }

  record(session: SessionName, read: NewAccess): void {
    this.#recorded += 1
    if (this.#closed) {
      this.#drop('closed', 1)
      return
    }
    const entry = this.#entryOf(session, read)
    if (entry === null) this.#drop('invalid', 1)
    else this.#push(entry)
  }

  endSession(session: string): void {
    const state = this.#sessions.get(session)
    if (state === undefined || this.#closed) return
    this.#sessions.delete(session)
    this.#push({ state, access: null, traceparent: null })
  }

  async flush(deadlineMs: number): Promise<boolean> {
    this.#hurries += 1
    this.#hurry()
    const expired = new AbortController()
    const late = this.#deps.clock.sleep(deadlineMs, expired.signal).then(
      () => false,
      () => false,
    )
    const done = this.#idle().then(() => true)
    const inTime = await Promise.race([done, late])
    expired.abort()
    this.#hurries -= 1
    return inTime
  }

  async close(deadlineMs = CLOSE_DEADLINE_MS): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const inTime = await this.flush(deadlineMs)
    this.#stop.abort()
    if (!inTime) this.#drop('closed', this.stats().pending)
  }

  stats(): PublisherStats {
    const dropped = { ...this.#dropped }
    const gone = dropped.overflow + dropped.invalid + dropped.refused + dropped.closed
    return {
      recorded: this.#recorded,
      published: this.#published,
      dropped,
      pending: this.#recorded - this.#published - gone,
    }
  }

  /** Null for what no reader of the log would take. */
  #entryOf(session: SessionName, read: NewAccess): Entry | null {
    try {
      const access = accessOf(read, this.#deps.clock.now())
      const problem = accessProblem(access) ?? this.#nameProblem(session)
      if (problem !== null) return this.#complain(problem)
      return { state: this.#stateOf(session), access, traceparent: this.#deps.telemetry.current() }
    } catch (error) {
      // A caller without types may hand in anything; it is still not to be disturbed.
      return this.#complain(messageOf(error))
    }
  }

  /** Says once why nothing is learned: who hands in one bad name hands in a thousand. */
  #complain(problem: string): null {
    if (!this.#complained) this.#warn('accesses dropped: no reader of the log would take them', new Error(problem))
    this.#complained = true
    return null
  }

  #push(entry: Entry): void {
    const dropped = this.#buffer.push(entry)
    if (dropped !== undefined && dropped.access !== null) this.#drop('overflow', 1)
    if (this.#buffer.size >= this.#options.accessesMax) this.#hurry()
    this.#running ??= this.#run()
  }

  /** Asks first: aborting again and again would make an error object each time. */
  #hurry(): void {
    if (!this.#linger.signal.aborted) this.#linger.abort()
  }

  /** Works until nothing waits any more. */
  async #run(): Promise<void> {
    // Not in the caller's time.
    await Promise.resolve()
    while (this.#buffer.size > 0 && !this.#stop.signal.aborted) {
      await this.#gather()
      const { workspace, accessesMax } = this.#options
      const entriesMax = accessesMax * BATCHES_PER_APPEND
      await this.#send(cutBatches(this.#buffer, { workspace, accessesMax, entriesMax }))
    }
    this.#running = null
  }

  async #idle(): Promise<void> {
    while (this.#running !== null) await this.#running
  }

  async #gather(): Promise<void> {
    if (this.#hurries > 0 || this.#buffer.size >= this.#options.accessesMax) return
    this.#linger = new AbortController()
    await this.#deps.clock.sleep(this.#options.lingerMs, this.#linger.signal).catch(() => {})
  }

  async #send(batches: readonly Batch[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#append(batches)
        return
      } catch (error) {
        if (this.#stop.signal.aborted) return
        if (!mayPass(error)) return this.#refuse(batches, error)
        if (attempt === 1) this.#warn('accesses wait: the log does not take them', error)
        const waitMs = this.#deps.random() * Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** attempt)
        await this.#deps.clock.sleep(waitMs, this.#stop.signal).catch(() => {})
        if (this.#stop.signal.aborted) return
      }
    }
  }

  async #append(batches: readonly Batch[]): Promise<void> {
    const links = batches.flatMap(({ traceparents }) => traceparents).slice(0, LINKS_MAX)
    const count = batches.reduce((sum, { event }) => sum + event.accesses.length, 0)
    const attributes = { 'forewarm.accesses': count }
    await this.#deps.telemetry.span('publish accesses', { kind: 'internal', attributes, links }, async (span) => {
      const headers = new Map(span.traceparent === null ? [] : [['traceparent', span.traceparent]])
      const records = await Promise.all(batches.map((batch) => this.#encoded(batch, headers)))
      await this.#deps.log.append('access-events', records)
    })
    if (!this.#stop.signal.aborted) this.#published += count
  }

  async #encoded({ event }: Batch, headers: ReadonlyMap<string, string>): Promise<OutgoingRecord> {
    const key = shardKey(event.workspace, shardOf(event.session, this.#options.shards))
    return { key, value: await this.#deps.codec.encode('access-events', event), headers }
  }

  #refuse(batches: readonly Batch[], error: unknown): void {
    this.#warn('accesses dropped: the log refuses them', error)
    const count = batches.reduce((sum, { event }) => sum + event.accesses.length, 0)
    this.#drop('refused', count)
  }

  #warn(message: string, error: unknown): void {
    const cause = messageOf(error)
    this.#deps.logger.warn({ cause, workspace: this.#options.workspace }, message)
  }

  #drop(cause: DropCause, count: number): void {
    this.#dropped[cause] += count
    this.#deps.telemetry.measure('forewarm.publisher.dropped', count, { cause })
  }

  #stateOf(name: SessionName): SessionState {
    const known = this.#sessions.get(name.session)
    const state = known ?? { ...name, publisher: this.#deps.newId(), nextSequence: 0 }
    this.#sessions.delete(name.session)
    this.#sessions.set(name.session, state)
    const oldest = this.#sessions.keys().next()
    if (this.#sessions.size > SESSIONS_MAX && oldest.done !== true) this.#sessions.delete(oldest.value)
    return state
  }

  #nameProblem({ session, analyzer, revision }: SessionName): string | null {
    if (this.#sessions.has(session)) return null
    const name = { workspace: this.#options.workspace, session, analyzer, revision, publisher: '', sequence: 0 }
    return accessEventProblem({ ...name, sessionEnded: false, forget: false, accesses: [], changes: [] })
  }
}
