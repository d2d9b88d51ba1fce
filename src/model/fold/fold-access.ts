import type { Access, AccessEvent } from '../access.ts'
import { CONTROL_GROUP_DIVISOR } from '../identity.ts'
import { epochOf, fadeFile, keepTime } from './file-counts.ts'
import { type FileRef, FileRow } from './file-ref.ts'
import { hourOfDay, hourOfWeek, increaseHour } from './hours.ts'
import { notePublisher, type Session } from './session.ts'
import { appendSequence, closeIdleSessions, openSession, repeats } from './sessions.ts'
import { expirePredictions, settleAccess } from './settlement.ts'
import type { ShardState } from './shard-state.ts'

/** Folds access number `at` of an event: docs/model.md, "File rows". */
export function foldAccess(state: ShardState, event: AccessEvent, at: number): void {
  const access = event.accesses[at]
  if (access === undefined) throw new RangeError(`no access ${at} in a record of ${event.accesses.length}`)
  if (repeats(state, event, at)) {
    state.report.repeated += 1
    return
  }
  state.report.accesses += 1
  state.dirty.header = true
  state.touch += 1
  if (access.timeMs > state.watermarkMs) state.watermarkMs = access.timeMs
  closeIdleSessions(state)
  const session = touchedSession(state, event, access.timeMs)
  if (event.publisher !== '') notePublisher(session.publishers, event.publisher, event.sequence + at + 1)
  countFile(state, session, access)
  expirePredictions(state)
}

function touchedSession(state: ShardState, event: AccessEvent, timeMs: number): Session {
  const session = state.sessions.get(event.session) ?? openSession(state, event, timeMs)
  state.sessionOrder.touch(session)
  state.dirty.session(session)
  session.touch = state.touch
  session.markMs = state.watermarkMs
  session.position += 1
  if (timeMs > session.lastMs) session.lastMs = timeMs
  return session
}

function countFile(state: ShardState, session: Session, access: Access): void {
  const { timeMs } = access
  const { limits } = state
  const ref = state.refs.ofPath(access.path)
  const file = touchedFile(state, ref, access)
  const epoch = epochOf(timeMs, limits)
  if (timeMs > file.lastAccessMs) file.lastAccessMs = timeMs
  keepTime(file.timesMs, timeMs, limits.accessTimesMax)
  if (file.epoch === epoch) {
    file.frequency += 1
    increaseHour(file.dayHours, hourOfDay(timeMs))
    increaseHour(file.weekHours, hourOfWeek(timeMs))
  }
  countCoAccess(state, session, file, epoch)
  countSuccession(state, session, ref, epoch)
  appendSequence(state, session, ref, timeMs)
  countOutcome(state, ref, access)
  if (ref.predictions.length > 0) settleAccess(state, ref, timeMs)
}

/** The row of the file, made if need be, first in touch order and faded to the access. */
function touchedFile(state: ShardState, ref: FileRef, access: Access): FileRow {
  const epoch = epochOf(access.timeMs, state.limits)
  let file = ref.row
  if (file === null) {
    file = new FileRow(ref, access.path)
    file.epoch = epoch
    ref.row = file
    state.files.push(file)
    state.fileCount += 1
    if (state.fileCount > state.limits.filesMax) removeOldestFile(state)
  } else {
    state.files.touch(file)
    fadeFile(file, epoch, state.limits)
  }
  file.touch = state.touch
  state.dirty.file(ref)
  return file
}

function removeOldestFile(state: ShardState): void {
  const file = state.files.oldest
  if (file === null) return
  state.files.remove(file)
  file.ref.row = null
  state.fileCount -= 1
  state.dirty.file(file.ref)
  state.sweepRefs()
}

/** Counts the file and each other one of the session's window as read together, then moves it to the window's front. */
function countCoAccess(state: ShardState, session: Session, file: FileRow, epoch: number): void {
  const { limits } = state
  const { window } = session
  let position = window.length
  for (let at = 0; at < window.length; at += 1) {
    const other = window[at] as FileRef
    if (other === file.ref) {
      position = at
      continue
    }
    const row = other.row
    if (row === null) continue
    if (fadeFile(row, epoch, limits)) state.dirty.file(other)
    if (file.epoch === epoch) file.coAccess.increase(other, limits.coAccessMax)
    if (row.epoch !== epoch) continue
    row.coAccess.increase(file.ref, limits.coAccessMax)
    state.dirty.file(other)
  }
  if (position === window.length && position >= limits.coAccessWindow) position -= 1
  for (let at = position; at > 0; at -= 1) window[at] = window[at - 1] as FileRef
  window[0] = file.ref
}

function countSuccession(state: ShardState, session: Session, ref: FileRef, epoch: number): void {
  const { previous } = session
  session.previous = ref
  if (previous === null || previous === ref || previous.row === null) return
  const row = previous.row
  if (fadeFile(row, epoch, state.limits)) state.dirty.file(previous)
  if (row.epoch !== epoch) return
  row.successors.increase(ref, state.limits.successorsMax)
  state.dirty.file(previous)
}

function countOutcome(state: ShardState, ref: FileRef, access: Access): void {
  if (access.outcome === 'unknown') return
  const group = ref.low % CONTROL_GROUP_DIVISOR === 0 ? 'control' : 'treated'
  state.outcomes[group][access.outcome] += 1
  state.report.outcomes[group][access.outcome] += 1
  state.evidence.read(group, ref.high, access.outcome === 'hit' || access.outcome === 'warmHit')
  state.dirty.evidence = true
  if (group === 'control') return
  state.minutes.count(access.timeMs, access.outcome, state.limits.minutesMax)
  state.dirty.minutes = true
}
