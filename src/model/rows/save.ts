import type { FileRef } from '../fold/file-ref.ts'
import { REMEMBERED_CHUNK } from '../fold/fold-outcome.ts'
import type { Session } from '../fold/session.ts'
import { sequenceRow, sequenceRowsOf } from '../fold/sessions.ts'
import type { ShardState } from '../fold/shard-state.ts'
import { encodeEvidence } from './evidence-row.ts'
import { encodeFile } from './file-row.ts'
import { encodeHeader, encodeRemembered, encodeRevision } from './header-rows.ts'
import { encodePredictions } from './prediction-rows.ts'
import { RowWriter } from './row-writer.ts'
import { answersRow, encodeAnswers, encodeMinutes, encodeRun } from './run-rows.ts'
import { encodeSequenceChunk } from './sequence-row.ts'
import { encodeClosed, encodeProfile, encodeSession } from './session-rows.ts'

/** One row of a shard; `value` null deletes it. */
export type ModelRow = {
  readonly space: 'model' | 'sequences'
  readonly row: string
  readonly value: Uint8Array | null
}

const WRITER = new RowWriter()

/** Packs all rows that changed since the last call and takes them as saved. */
export function takeDirtyRows(state: ShardState): ModelRow[] {
  const rows: ModelRow[] = []
  const model = (row: string, value: Uint8Array | null): void => {
    rows.push({ space: 'model', row, value })
  }
  saveFiles(state, model)
  saveSessions(state, rows)
  saveProfilesAndRuns(state, model)
  saveSingles(state, model)
  state.dirty.clear()
  return rows
}

type Put = (row: string, value: Uint8Array | null) => void

function saveFiles(state: ShardState, put: Put): void {
  for (const ref of state.dirty.files) put(`f${ref.id}`, ref.row === null ? null : encodeFile(WRITER, ref.row))
  for (const ref of state.dirty.predictions) put(`p${ref.id}`, predictionsRow(ref))
}

function predictionsRow(ref: FileRef): Uint8Array | null {
  if (ref.predictions.length === 0 || ref.path === null) return null
  return encodePredictions(WRITER, ref.path, ref.predictions)
}

function saveSessions(state: ShardState, rows: ModelRow[]): void {
  for (const [row, value] of state.dirty.sequences) rows.push({ space: 'sequences', row, value })
  for (const name of state.dirty.sessions) {
    const id = state.shortId(name)
    const session = state.sessions.get(name)
    if (session === undefined) rows.push({ space: 'model', row: `s${id}`, value: null })
    else saveSession(state, { session, id }, rows)
  }
}

function saveSession(state: ShardState, { session, id }: { session: Session; id: string }, rows: ModelRow[]): void {
  rows.push({ space: 'model', row: `s${id}`, value: encodeSession(WRITER, session) })
  session.dirty = false
  if (session.dirtyChunk < 0) return
  const { sequenceChunk } = state.limits
  const chunks = Math.ceil(session.sequence.length / sequenceChunk)
  for (let chunk = session.dirtyChunk; chunk < chunks; chunk += 1) {
    const value = encodeSequenceChunk(session, chunk, sequenceChunk)
    rows.push({ space: 'sequences', row: sequenceRow(id, session.opened, chunk), value })
  }
  session.dirtyChunk = -1
  const timesFrom = Math.floor(session.sequence.length / sequenceChunk) * sequenceChunk
  session.timesMs.splice(0, timesFrom - session.timesFrom)
  session.timesFrom = timesFrom
}

function saveProfilesAndRuns(state: ShardState, put: Put): void {
  for (const analyzer of state.dirty.profiles) {
    const profile = state.profiles.get(analyzer)
    put(`a${state.shortId(analyzer)}`, profile === undefined ? null : encodeProfile(WRITER, profile))
  }
  for (const id of state.dirty.runs) {
    const run = state.runs.get(id)
    put(`r${state.shortId(id)}`, run === undefined ? null : encodeRun(WRITER, run))
  }
  for (const [id, numbers] of state.dirty.answers) {
    const chunks = state.runs.get(id)?.chunks
    for (const number of numbers) {
      const chunk = chunks?.get(number)
      put(answersRow(state.shortId(id), number), chunk === undefined ? null : encodeAnswers(WRITER, chunk))
    }
  }
}

function saveSingles(state: ShardState, put: Put): void {
  for (const chunk of state.dirty.rememberedChunks) {
    const from = chunk * REMEMBERED_CHUNK
    put(`d${chunk}`, encodeRemembered(WRITER, state.rememberedSlots.slice(from, from + REMEMBERED_CHUNK)))
  }
  if (state.dirty.closed) put('c', encodeClosed(WRITER, state.closed))
  if (state.dirty.revision && state.revision !== null) put('v', encodeRevision(WRITER, state.revision))
  if (state.dirty.minutes) put('m', encodeMinutes(WRITER, state.minutes))
  if (state.dirty.evidence) put('e', encodeEvidence(WRITER, state.evidence))
  if (state.dirty.header) put('h', encodeHeader(WRITER, state))
}

/**
 * Deletions of all rows of a shard whose changes are saved, in groups that must be written whole and in this order: an
 * open session goes with its sequence, the list that names other sequences after those, the header last. What an
 * interrupted deletion leaves is a shard that loads, and that the next attempt deletes to its end.
 */
export function deletionOf(state: ShardState): ModelRow[][] {
  const groups: ModelRow[][] = []
  for (const session of state.sessions.values()) {
    const { id, opened } = session
    const sequence = sequenceRowsOf(state, { id, opened, length: session.sequence.length })
    groups.push([...sequence.map(deleted('sequences')), deleted('model')(`s${state.shortId(id)}`)])
  }
  for (const session of state.closed) groups.push(sequenceRowsOf(state, session).map(deleted('sequences')))
  for (const row of modelRowNames(state)) groups.push([deleted('model')(row)])
  return groups
}

const deleted =
  (space: ModelRow['space']) =>
  (row: string): ModelRow => ({ space, row, value: null })

function* modelRowNames(state: ShardState): Iterable<string> {
  for (let file = state.files.oldest; file !== null; file = file.newer) yield `f${file.ref.id}`
  const predicted = new Set([...state.predictions.values()].map((prediction) => prediction.ref.id))
  for (const id of predicted) yield `p${id}`
  for (const analyzer of state.profiles.keys()) yield `a${state.shortId(analyzer)}`
  for (const { id, chunks } of state.runs.values()) {
    for (const number of chunks.keys()) yield answersRow(state.shortId(id), number)
    yield `r${state.shortId(id)}`
  }
  for (let from = 0; from < state.rememberedSlots.length; from += REMEMBERED_CHUNK) yield `d${from / REMEMBERED_CHUNK}`
  yield* ['c', 'v', 'm', 'e', 'h']
}
