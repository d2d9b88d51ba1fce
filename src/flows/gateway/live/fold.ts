/** Folds the end of a workspace's log into what the live page shows. Everything is bounded; what leaves is forgotten. */
import type { Access, AccessEvent } from '../../../model/access.ts'
import { MINUTE_MS, minuteOf } from '../../../model/fold/minutes.ts'
import { inControlGroup, type Sha256Hex, shortId } from '../../../model/identity.ts'
import type { WarmOutcome } from '../../../model/outcome.ts'
import type { LiveMinute, LiveView, LiveWorker } from '../../../ports/live.ts'
import type { WarmCommand } from '../../../warming/command.ts'
import { Latencies } from './latencies.ts'
import { SessionView } from './session.ts'

const SESSIONS_MAX = 8
const MINUTES_MAX = 180
const COMMANDS_MAX = 5_000
const WORKERS_MAX = 32

type Minute = { reads: number; hits: number; warmHits: number; controlReads: number; controlHits: number }
type Issued = {
  readonly session: SessionView | undefined
  readonly isPredicted: boolean
  readonly observedAtMs: number
}

export class LiveFold {
  readonly #sha256Hex: Sha256Hex
  readonly #sessions = new Map<string, SessionView>()
  readonly #minutes = new Map<number, Minute>()
  readonly #commands = new Map<string, Issued>()
  readonly #workers = new Map<string, LiveWorker>()
  readonly #latencies = new Latencies()

  constructor(sha256Hex: Sha256Hex) {
    this.#sha256Hex = sha256Hex
  }

  accesses(event: AccessEvent): void {
    if (event.accesses.length === 0 && !event.sessionEnded) return
    const session = this.#session(event.session)
    session.tell(event)
    for (const access of event.accesses) {
      session.read(access)
      this.#count(access)
    }
  }

  /** `observedAtMs` is the time of the access that led to it, null when the command says none. */
  command(command: WarmCommand, observedAtMs: number | null): void {
    // A session that has left comes not back for its commands: it would put out one that reads now.
    const session = this.#sessions.get(command.session ?? '')
    session?.issued(command)
    this.#commands.set(command.id, {
      session,
      isPredicted: command.session !== null,
      observedAtMs: observedAtMs ?? command.issuedAtMs,
    })
    dropOldest(this.#commands, COMMANDS_MAX)
  }

  /** `governor` is the level that the worker told beside it, null when it told none. */
  outcome(outcome: WarmOutcome, governor: number | null): void {
    this.#hear(outcome, governor)
    const issued = this.#commands.get(outcome.commandId)
    if (issued === undefined) return
    issued.session?.answered(outcome)
    if (!issued.isPredicted) return
    for (const { outcome: kind, finishedAtMs } of outcome.files) {
      if (kind !== 'warmed' && kind !== 'refreshed') continue
      // Clocks of two machines differ; a duration below zero only says that it was short.
      this.#latencies.add(finishedAtMs, Math.max(0, finishedAtMs - issued.observedAtMs))
    }
  }

  view(): LiveView {
    const sessions = [...this.#sessions.values()]
      .map((session) => session.view())
      .sort((one, other) => other.lastMs - one.lastMs)
    const minutes = [...this.#minutes].sort(([one], [other]) => one - other).map(toMinute)
    const workers = [...this.#workers.values()].reverse()
    return { sessions, minutes, latency: this.#latencies.summary(), workers }
  }

  #hear({ worker, pressure, files }: WarmOutcome, governor: number | null): void {
    const atMs = Math.max(this.#workers.get(worker)?.atMs ?? 0, ...files.map(({ finishedAtMs }) => finishedAtMs))
    this.#workers.delete(worker)
    this.#workers.set(worker, { worker, atMs, governor, pressure })
    dropOldest(this.#workers, WORKERS_MAX)
  }

  #session(id: string): SessionView {
    const session = this.#sessions.get(id) ?? new SessionView(id)
    this.#sessions.delete(id)
    this.#sessions.set(id, session)
    dropOldest(this.#sessions, SESSIONS_MAX)
    return session
  }

  #count({ path, timeMs, outcome }: Access): void {
    if (outcome === 'unknown') return
    const at = minuteOf(timeMs)
    const minute = this.#minutes.get(at) ?? { reads: 0, hits: 0, warmHits: 0, controlReads: 0, controlHits: 0 }
    this.#minutes.set(at, minute)
    dropOldest(this.#minutes, MINUTES_MAX)
    const isHit = outcome === 'hit' || outcome === 'warmHit'
    if (inControlGroup(shortId(path, this.#sha256Hex))) {
      minute.controlReads += 1
      if (isHit) minute.controlHits += 1
      return
    }
    minute.reads += 1
    if (isHit) minute.hits += 1
    if (outcome === 'warmHit') minute.warmHits += 1
  }
}

function dropOldest(map: Map<unknown, unknown>, max: number): void {
  const [oldest] = map.keys()
  if (map.size > max) map.delete(oldest)
}

const toMinute = ([minute, { reads, hits, warmHits, controlReads, controlHits }]: readonly [
  number,
  Minute,
]): LiveMinute => ({
  minute: minute * MINUTE_MS,
  treated: { reads, hits, warmHits },
  control: { reads: controlReads, hits: controlHits },
})
