import type { AccessEvent } from '../access.ts'
import type { ObservedAccess, ObservedSession } from './candidate.ts'

type OpenSession = {
  readonly workspace: string
  readonly session: string
  readonly analyzer: string
  readonly startedAtMs: number
  /** Offset of the session's first record: where to start again to have the session whole. */
  readonly firstOffset: number
  lastAccessMs: number
  /** When it was heard of last, by the clock of who follows. */
  heardMs: number
  position: number
  readonly read: Set<string>
  /** The latest accesses, oldest first. */
  readonly recent: ObservedAccess[]
}

/**
 * Pace of a session that has read one file only, ms. Nothing is known of it yet; a pace of 0 would make all that follows
 * due at once, and so too late to be warmed, at the very moment when most is still to come.
 */
const FIRST_PACE_MS = 100

/** Latest accesses that a session remembers in order. */
const RECENT_MAX = 32

export type OpenSessionLimits = {
  readonly sessionsMax: number
  readonly filesPerSessionMax: number
  /** Files that all sessions together remember. */
  readonly filesMax: number
  readonly idleMs: number
}

/**
 * The sessions that a predictor follows on one partition. Bounded: the one least recently heard of leaves first, and
 * a session remembers at most `filesPerSessionMax` of the files that it read. One is idle by the times of accesses, and,
 * since an analyzer's clock may be far ahead, when nothing was heard of it for as long.
 */
export class OpenSessions {
  readonly #limits: OpenSessionLimits
  /** Least recently heard of first. */
  readonly #sessions = new Map<string, OpenSession>()
  #files = 0

  constructor(limits: OpenSessionLimits) {
    this.#limits = limits
  }

  /**
   * Takes one event's accesses in; returns the session as it is after them, or null when it has just ended. `heardMs`
   * counts time that never goes back, milliseconds from any moment; always 0 where only the times of accesses count.
   */
  observe(event: AccessEvent, offset: number, heardMs = 0): ObservedSession | null {
    const key = `${event.workspace}\u0000${event.session}`
    const first = event.accesses[0]
    const session = this.#sessions.get(key) ?? (first === undefined ? undefined : open(event, first.timeMs, offset))
    if (session === undefined) return null
    this.#drop(key)
    session.heardMs = heardMs
    this.#takeIn(session, event)
    this.#closeIdle(session)
    if (event.sessionEnded) return null
    this.#sessions.set(key, session)
    this.#files += session.read.size
    const { sessionsMax, filesMax } = this.#limits
    while (this.#sessions.size > sessionsMax || (this.#files > filesMax && this.#sessions.size > 1)) this.#dropOldest()
    return view(session)
  }

  /** Lowest first offset of the open sessions, or `next` when none is open: where a successor has to begin. */
  resumeOffset(next: number): number {
    let lowest = next
    for (const session of this.#sessions.values()) lowest = Math.min(lowest, session.firstOffset)
    return lowest
  }

  get size(): number {
    return this.#sessions.size
  }

  /** The open session of that name in any workspace given, for tools that explain. */
  find(workspace: string, session: string): ObservedSession | null {
    const found = this.#sessions.get(`${workspace}\u0000${session}`)
    return found === undefined ? null : view(found)
  }

  /** All open sessions, the one least recently heard of first. */
  all(): readonly ObservedSession[] {
    return [...this.#sessions.values()].map(view)
  }

  #takeIn(session: OpenSession, event: AccessEvent): void {
    for (const access of event.accesses) {
      session.position += 1
      session.lastAccessMs = Math.max(session.lastAccessMs, access.timeMs)
      if (session.read.size < this.#limits.filesPerSessionMax) session.read.add(access.path)
      session.recent.push({ path: access.path, timeMs: access.timeMs })
    }
    while (session.recent.length > RECENT_MAX) session.recent.shift()
  }

  #closeIdle(now: OpenSession): void {
    const { idleMs } = this.#limits
    for (const [key, { lastAccessMs, heardMs }] of this.#sessions) {
      if (now.lastAccessMs - lastAccessMs > idleMs || now.heardMs - heardMs > idleMs) this.#drop(key)
      // One that is ahead says nothing of those behind it.
      else if (lastAccessMs <= now.lastAccessMs) break
    }
  }

  #dropOldest(): void {
    const oldest = this.#sessions.keys().next()
    if (oldest.done !== true) this.#drop(oldest.value)
  }

  #drop(key: string): void {
    this.#files -= this.#sessions.get(key)?.read.size ?? 0
    this.#sessions.delete(key)
  }
}

const open = (event: AccessEvent, startedAtMs: number, firstOffset: number): OpenSession => ({
  workspace: event.workspace,
  session: event.session,
  analyzer: event.analyzer,
  startedAtMs,
  firstOffset,
  lastAccessMs: startedAtMs,
  heardMs: 0,
  position: 0,
  read: new Set(),
  recent: [],
})

const view = (session: OpenSession): ObservedSession => ({
  workspace: session.workspace,
  session: session.session,
  analyzer: session.analyzer,
  startedAtMs: session.startedAtMs,
  lastAccessMs: session.lastAccessMs,
  position: session.position,
  paceMs: session.position < 2 ? FIRST_PACE_MS : (session.lastAccessMs - session.startedAtMs) / (session.position - 1),
  recent: session.recent,
  hasRead: (path) => session.read.has(path),
})
