import type { Access } from '../model/access.ts'
import { shardKey, shardOf } from '../model/identity.ts'
import type { Clock } from '../ports/clock.ts'
import type { Codec } from '../ports/codec.ts'
import type { EventLog, OutgoingRecord } from '../ports/event-log.ts'
import type { TraceRow } from '../ports/trace.ts'
import { accessEventProblem, accessProblem } from '../wire/access-event.ts'

export type ReplayDependencies = {
  readonly log: Pick<EventLog, 'append'>
  readonly codec: Pick<Codec, 'encode'>
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  readonly newId: () => string
}

export type ReplayOptions = {
  /** The trace, sorted by time; it is read twice. */
  readonly rows: () => AsyncIterable<TraceRow>
  /** 1 for the trace's own pace, 10 for ten times as fast, `max` for as fast as the log takes it. */
  readonly speed: number | 'max'
  /** Put in the place of the trace's own workspaces. */
  readonly workspace?: string | undefined
  /**
   * Keeps the trace's times. Else events get the times at which they are published; at full speed the times between
   * them are kept and the last one is now.
   */
  readonly keepTimes: boolean
  readonly shards: number
  readonly signal?: AbortSignal
  readonly progress?: (state: ReplayStats & { readonly rowsAll: number }) => void
}

export type ReplayStats = {
  readonly published: number
  readonly records: number
  readonly sessions: number
  /** Rows that no reader would take (a path that leaves the workspace, a name too long). */
  readonly skipped: number
}

/** Accesses of one record, as a publisher has them. */
const ACCESSES_MAX = 500
/** A batch is closed when a row comes so much later in the trace, as a publisher's linger does. */
const LINGER_MS = 50
/** Records of one append. */
const RECORDS_PER_APPEND = 200

type Survey = {
  readonly rows: number
  readonly firstMs: number
  readonly lastMs: number
  readonly rowsOf: ReadonlyMap<string, number>
}
type OpenBatch = { readonly row: TraceRow; readonly accesses: Access[]; ended: boolean }
type SessionState = { seen: number; published: number }

/** Publishes a trace into the log. Stops between appends when the signal is aborted. */
export async function replayTrace(deps: ReplayDependencies, options: ReplayOptions): Promise<ReplayStats> {
  const survey = await surveyOf(options.rows())
  const replay = new Replay(deps, options, survey)
  for await (const row of options.rows()) {
    if (options.signal?.aborted === true) break
    await replay.add(row)
  }
  return replay.finish()
}

/** Needed before the first row is sent: where the trace ends, and which row is a session's last. */
async function surveyOf(rows: AsyncIterable<TraceRow>): Promise<Survey> {
  const rowsOf = new Map<string, number>()
  let count = 0
  let firstMs = 0
  let lastMs = 0
  for await (const { timeMs, session } of rows) {
    if (count === 0) firstMs = timeMs
    lastMs = timeMs
    count += 1
    rowsOf.set(session, (rowsOf.get(session) ?? 0) + 1)
  }
  return { rows: count, firstMs, lastMs, rowsOf }
}

class Replay {
  readonly #deps: ReplayDependencies
  readonly #options: ReplayOptions
  readonly #survey: Survey
  readonly #publisher: string
  readonly #startMs: number
  readonly #open = new Map<string, OpenBatch>()
  readonly #sessions = new Map<string, SessionState>()
  #records: OutgoingRecord[] = []
  #appended = 0
  #published = 0
  #skipped = 0

  constructor(deps: ReplayDependencies, options: ReplayOptions, survey: Survey) {
    this.#deps = deps
    this.#options = options
    this.#survey = survey
    this.#publisher = deps.newId()
    this.#startMs = deps.clock.now()
  }

  async add(row: TraceRow): Promise<void> {
    await this.#closeBefore(row.timeMs - LINGER_MS)
    await this.#keepPace(row.timeMs)
    const state = this.#sessions.get(row.session) ?? { seen: 0, published: 0 }
    this.#sessions.set(row.session, state)
    state.seen += 1
    const batch = this.#open.get(row.session) ?? { row, accesses: [], ended: false }
    batch.ended = state.seen === this.#survey.rowsOf.get(row.session)
    const access = this.#accessOf(row)
    if (access === null) this.#skipped += 1
    else batch.accesses.push(access)
    if (batch.accesses.length > 0 || batch.ended) this.#open.set(row.session, batch)
    if (batch.accesses.length === ACCESSES_MAX || batch.ended) await this.#close(batch)
  }

  async finish(): Promise<ReplayStats> {
    await this.#closeBefore(Number.POSITIVE_INFINITY)
    await this.#append()
    return this.#stats()
  }

  /** Waits until a row is due; what is ready goes out first. */
  async #keepPace(timeMs: number): Promise<void> {
    const { speed, signal } = this.#options
    if (speed === 'max') return
    const waitMs = this.#startMs + (timeMs - this.#survey.firstMs) / speed - this.#deps.clock.now()
    if (waitMs < 1) return
    await this.#closeBefore(timeMs)
    await this.#append()
    // The signal ends the replay at the next row.
    await this.#deps.clock.sleep(waitMs, signal).catch(() => {})
  }

  /** Closes the batches that began before a time of the trace, the oldest first. */
  async #closeBefore(timeMs: number): Promise<void> {
    for (const batch of this.#open.values()) {
      if (batch.row.timeMs >= timeMs) break
      await this.#close(batch)
    }
  }

  async #close(batch: OpenBatch): Promise<void> {
    const { session } = batch.row
    this.#open.delete(session)
    const workspace = this.#options.workspace ?? batch.row.workspace
    const sequence = this.#sessions.get(session)?.published ?? 0
    const name = { workspace, session, analyzer: analyzerOf(session), revision: null, publisher: this.#publisher }
    const flags = { sequence, sessionEnded: batch.ended, forget: false, changes: [] }
    const event = { ...name, ...flags, accesses: batch.accesses }
    if (accessEventProblem(event) !== null) {
      this.#skipped += batch.accesses.length
      return
    }
    const key = shardKey(workspace, shardOf(session, this.#options.shards))
    this.#records.push({ key, value: await this.#deps.codec.encode('access-events', event), headers: new Map() })
    this.#published += batch.accesses.length
    const state = this.#sessions.get(session)
    if (state !== undefined) state.published += batch.accesses.length
    if (this.#records.length >= RECORDS_PER_APPEND) await this.#append()
  }

  async #append(): Promise<void> {
    if (this.#records.length === 0) return
    const records = this.#records
    this.#records = []
    await this.#deps.log.append('access-events', records)
    this.#appended += records.length
    this.#options.progress?.({ ...this.#stats(), rowsAll: this.#survey.rows })
  }

  #accessOf(row: TraceRow): Access | null {
    const timeMs = this.#timeOf(row.timeMs)
    const access = {
      path: row.path,
      timeMs,
      layer: 'content',
      version: null,
      outcome: 'unknown',
      warmedBy: null,
    } as const
    return accessProblem(access) === null ? access : null
  }

  #timeOf(timeMs: number): number {
    const { keepTimes, speed } = this.#options
    if (keepTimes) return timeMs
    if (speed === 'max') return timeMs - this.#survey.lastMs + this.#startMs
    return Math.round(this.#startMs + (timeMs - this.#survey.firstMs) / speed)
  }

  #stats(): ReplayStats {
    const { size: sessions } = this.#sessions
    return { published: this.#published, records: this.#appended, sessions, skipped: this.#skipped }
  }
}

/** A trace names sessions `workspace:revision:analyzer`; a last part without a letter is no analyzer. */
export function analyzerOf(session: string): string {
  const last = session.slice(session.lastIndexOf(':') + 1)
  return session.includes(':') && /^\p{L}/u.test(last) ? last : 'unknown'
}
