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
  readonly idleMs: number
}

/**
 * The sessions that a predictor follows on one partition. Bounded: the one least recently heard of leaves first, and
 * a session remembers at most `filesPerSessionMax` of the files that it read.
 */
export class OpenSessions {
  readonly #limits: OpenSessionLimits
  /** Least recently heard of first. */
  readonly #sessions = new Map<string, OpenSession>()

  constructor(limits: OpenSessionLimits) {
    this.#limits = limits
  }

  /** Takes one event's accesses in; returns the session as it is after them, or null when it has just ended. */
  observe(event: AccessEvent, offset: number): ObservedSession | null {
    const key = `${event.workspace}\u0000${event.session}`
    const first = event.accesses[0]
    const session = this.#sessions.get(key) ?? (first === undefined ? undefined : open(event, first.timeMs, offset))
    if (session === undefined) return null
    this.#sessions.delete(key)
    this.#takeIn(session, event)
    this.#closeIdle(session.lastAccessMs)
    if (event.sessionEnded) return null
    this.#sessions.set(key, session)
    if (this.#sessions.size > this.#limits.sessionsMax) this.#dropOldest()
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
    session.recent.splice(0, session.recent.length - RECENT_MAX)
  }

  #closeIdle(nowMs: number): void {
    for (const [key, session] of this.#sessions) {
      if (nowMs - session.lastAccessMs <= this.#limits.idleMs) break
      this.#sessions.delete(key)
    }
  }

  #dropOldest(): void {
    const oldest = this.#sessions.keys().next()
    if (oldest.done !== true) this.#sessions.delete(oldest.value)
  }
}

const open = (event: AccessEvent, startedAtMs: number, firstOffset: number): OpenSession => ({
  workspace: event.workspace,
  session: event.session,
  analyzer: event.analyzer,
  startedAtMs,
  firstOffset,
  lastAccessMs: startedAtMs,
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
