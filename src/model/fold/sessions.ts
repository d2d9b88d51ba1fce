import type { AccessEvent } from '../access.ts'
import { encodeSequenceChunk } from '../rows/sequence-row.ts'
import { epochOf, epochsKept } from './file-counts.ts'
import type { FileRef } from './file-ref.ts'
import { type ClosedSession, expectedNext, Profile, Session } from './session.ts'
import type { ShardState } from './shard-state.ts'

/** Idle sessions that one access closes at the most: it bounds the rows that a step dirties. */
export const IDLE_CLOSINGS_MAX = 4

/** Whether access `at` of the event was counted before, as its publisher's numbers say. */
export function repeats(state: ShardState, event: AccessEvent, at: number): boolean {
  if (event.publisher === '') return false
  const number = event.sequence + at
  const marks = state.sessions.get(event.session)?.publishers ?? closedPublishers(state, event.session)
  return number < expectedNext(marks, event.publisher)
}

/** The publishers of a session's last closing, so that its last batch sent twice does not open it again. */
function closedPublishers(state: ShardState, session: string): ClosedSession['publishers'] {
  return state.closed.findLast((closed) => closed.id === session)?.publishers ?? []
}

/** Opens the session of an event; one that was closed lately goes on with what its publishers are known to have sent. */
export function openSession(state: ShardState, event: AccessEvent, timeMs: number): Session {
  const oldest = state.sessionOrder.oldest
  if (oldest !== null && state.sessions.size >= state.limits.openSessionsMax) closeSession(state, oldest)
  const { analyzer, revision } = event
  const session = new Session({ id: event.session, analyzer, revision, opened: state.touch, firstMs: timeMs })
  session.publishers = closedPublishers(state, event.session).map((mark) => ({ ...mark }))
  state.sessions.set(session.id, session)
  state.sessionOrder.push(session)
  return session
}

/** Closes sessions that have been silent while the shard's time went on. */
export function closeIdleSessions(state: ShardState): void {
  const idleBeforeMs = state.watermarkMs - state.limits.sessionIdleMs
  for (let closed = 0; closed < IDLE_CLOSINGS_MAX; closed += 1) {
    const oldest = state.sessionOrder.oldest
    if (oldest === null || oldest.markMs >= idleBeforeMs) return
    closeSession(state, oldest)
  }
}

/** Appends to the session's sequence unless that is full. */
export function appendSequence(state: ShardState, session: Session, ref: FileRef, timeMs: number): void {
  const at = session.sequence.length
  if (at >= state.limits.sequenceMax) return
  session.sequence.push(ref)
  session.timesMs.push(timeMs)
  const { sequenceChunk } = state.limits
  if (session.dirtyChunk < 0) session.dirtyChunk = Math.floor(at / sequenceChunk)
  else if (at % sequenceChunk !== 0) return
  state.dirty.openChunks += 1
}

/** Name of a chunk of a session's sequence in the store. */
export const sequenceRow = (sessionId: string, opened: number, chunk: number): string =>
  `${sessionId}.${opened}.${chunk}`

/** Ends a session: its analyzer's profile counts it, and it moves to the closed ones. */
export function closeSession(state: ShardState, session: Session): void {
  state.sessions.delete(session.id)
  state.sessionOrder.remove(session)
  state.closings += 1
  state.dirty.sessions.add(session.id)
  state.dirty.header = true
  saveChunks(state, session)
  countProfile(state, session)
  keepClosed(state, session)
}

function saveChunks(state: ShardState, session: Session): void {
  if (session.dirtyChunk < 0) return
  const { sequenceChunk } = state.limits
  const id = state.shortId(session.id)
  const chunks = Math.ceil(session.sequence.length / sequenceChunk)
  for (let chunk = session.dirtyChunk; chunk < chunks; chunk += 1) {
    const bytes = encodeSequenceChunk(session, chunk, sequenceChunk)
    state.dirty.sequences.set(sequenceRow(id, session.opened, chunk), bytes)
    state.dirty.openChunks -= 1
  }
}

function keepClosed(state: ShardState, session: Session): void {
  const { id, analyzer, revision, firstMs, lastMs, opened, position, publishers } = session
  const length = session.sequence.length
  state.closed.push({ id, analyzer, revision, firstMs, lastMs, opened, position, length, publishers })
  state.dirty.closed = true
  if (state.closed.length <= state.limits.closedSessionsMax) return
  const oldest = state.closed.shift()
  if (oldest !== undefined) for (const row of sequenceRowsOf(state, oldest)) state.dirty.sequences.set(row, null)
}

/** Names of all rows of a session's sequence. */
export function sequenceRowsOf(state: ShardState, session: { id: string; opened: number; length: number }): string[] {
  const id = state.shortId(session.id)
  const chunks = Math.ceil(session.length / state.limits.sequenceChunk)
  return Array.from({ length: chunks }, (_, chunk) => sequenceRow(id, session.opened, chunk))
}

function countProfile(state: ShardState, session: Session): void {
  const profile = profileOf(state, session.analyzer)
  profile.closing = state.closings
  state.dirty.profiles.add(profile.analyzer)
  const epoch = epochOf(session.lastMs, state.limits)
  fadeProfile(state, profile, epoch)
  if (profile.epoch !== epoch) return
  profile.sessions += 1
  const weakest = new WeakestFirst(profile.files)
  for (const ref of new Set(session.sequence)) {
    const count = profile.files.get(ref)
    if (count !== undefined) profile.files.delete(ref)
    else if (profile.files.size >= state.limits.profileFilesMax) weakest.drop()
    profile.files.set(ref, (count ?? 0) + 1)
  }
}

function profileOf(state: ShardState, analyzer: string): Profile {
  const known = state.profiles.get(analyzer)
  if (known !== undefined) return known
  if (state.profiles.size >= state.limits.analyzersMax) removeStalestProfile(state)
  const profile = new Profile(analyzer)
  state.profiles.set(analyzer, profile)
  return profile
}

function removeStalestProfile(state: ShardState): void {
  let stalest: Profile | null = null
  for (const profile of state.profiles.values()) {
    if (stalest === null || profile.closing < stalest.closing) stalest = profile
  }
  if (stalest === null) return
  state.profiles.delete(stalest.analyzer)
  state.dirty.profiles.add(stalest.analyzer)
}

function fadeProfile(state: ShardState, profile: Profile, epoch: number): void {
  const passed = epoch - profile.epoch
  if (passed <= 0) return
  profile.epoch = epoch
  const divisor = passed >= epochsKept(state.limits) ? Number.POSITIVE_INFINITY : 2 ** passed
  profile.sessions = Math.floor(profile.sessions / divisor)
  for (const [ref, count] of profile.files) {
    const faded = Math.floor(count / divisor)
    if (faded === 0) profile.files.delete(ref)
    else profile.files.set(ref, faded)
  }
}

/**
 * Removes the smallest counts of a profile, of equal ones the one whose last increase is longest ago. During one
 * closing a file that was passed over never becomes the weakest again, so the search for ones goes on where it was.
 */
class WeakestFirst {
  readonly #files: Map<FileRef, number>
  #rest: Iterator<[FileRef, number]>

  constructor(files: Map<FileRef, number>) {
    this.#files = files
    this.#rest = files.entries()
  }

  drop(): void {
    for (let next = this.#rest.next(); next.done !== true; next = this.#rest.next()) {
      const [ref, count] = next.value
      if (count > 1) continue
      this.#files.delete(ref)
      return
    }
    this.#dropLeast()
    this.#rest = this.#files.entries()
  }

  /** For when every count is above one. */
  #dropLeast(): void {
    let weakest: FileRef | null = null
    let least = Number.POSITIVE_INFINITY
    for (const [ref, count] of this.#files) {
      if (count >= least) continue
      weakest = ref
      least = count
    }
    if (weakest !== null) this.#files.delete(weakest)
  }
}
