import type { AnswerChunk } from '../fold/answers.ts'
import { type FileRef, FileRow } from '../fold/file-ref.ts'
import { REMEMBERED_CHUNK } from '../fold/fold-outcome.ts'
import type { Prediction } from '../fold/prediction.ts'
import type { Run } from '../fold/run.ts'
import type { Session } from '../fold/session.ts'
import { sequenceRowsOf } from '../fold/sessions.ts'
import { ShardState } from '../fold/shard-state.ts'
import type { Sha256Hex } from '../identity.ts'
import type { ModelLimits } from '../limits.ts'
import { decodeEvidence } from './evidence-row.ts'
import { decodeFile } from './file-row.ts'
import { decodeHeader, decodeRemembered, decodeRevision } from './header-rows.ts'
import { decodePredictions } from './prediction-rows.ts'
import { RowFormatError } from './row-reader.ts'
import { answersOfRow, decodeAnswers, decodeMinutes, decodeRun } from './run-rows.ts'
import { decodeSequenceChunk } from './sequence-row.ts'
import { decodeClosed, decodeProfile, decodeSession, profileOf } from './session-rows.ts'

/**
 * Puts a shard together from its rows: first all rows of the `model` space in any order (`add`), then the rows of the
 * `sequences` space that `sequenceRows` names (`addSequence`), then `finish`.
 */
export class ShardLoader {
  readonly #state: ShardState
  readonly #files: FileRow[] = []
  readonly #sessions: { session: Session; length: number }[] = []
  readonly #predictions: Prediction[] = []
  readonly #runs: Run[] = []
  /** By short id of the run. */
  readonly #answers = new Map<string, { readonly chunk: number; readonly answers: AnswerChunk }[]>()
  readonly #refOf: (high: number, low: number) => FileRef

  constructor(limits: ModelLimits, sha256Hex: Sha256Hex) {
    this.#state = new ShardState(limits, sha256Hex)
    this.#refOf = (high, low) => this.#state.refs.ofId(high, low)
  }

  add(row: string, bytes: Uint8Array): void {
    const state = this.#state
    switch (row[0]) {
      case 'f':
        this.#addFile(row, bytes)
        return
      case 'p':
        this.#addPredictions(bytes)
        return
      case 's':
        this.#addSession(bytes)
        return
      case 'a': {
        const profile = profileOf(decodeProfile(bytes, this.#refOf))
        state.profiles.set(profile.analyzer, profile)
        return
      }
      case 'r':
        this.#runs.push(decodeRun(bytes))
        return
      case 'o':
        this.#addAnswers(row, bytes)
        return
      case 'd':
        this.#addRemembered(Number(row.slice(1)), bytes)
        return
      default:
        this.#addSingle(row, bytes)
    }
  }

  /** Rows of the `sequences` space that the open sessions need. */
  sequenceRows(): string[] {
    return this.#sessions.flatMap((open) => sequenceRowsOf(this.#state, rowOf(open)))
  }

  /** `rows` in the order of `sequenceRows`. */
  addSequences(rows: readonly (Uint8Array | null)[]): void {
    let next = 0
    for (const open of this.#sessions) {
      const { session } = open
      const { sequenceChunk } = this.#state.limits
      session.timesFrom = Math.floor(open.length / sequenceChunk) * sequenceChunk
      for (let from = 0; from < open.length; from += sequenceChunk) {
        const bytes = rows[next++] ?? null
        if (bytes === null) throw new RowFormatError('a row of a sequence is missing: rebuild the model from the log')
        for (const { ref, timeMs } of decodeSequenceChunk(bytes, this.#refOf)) {
          session.sequence.push(ref)
          if (from >= session.timesFrom) session.timesMs.push(timeMs)
        }
      }
    }
  }

  finish(): ShardState {
    const state = this.#state
    for (const file of this.#files.sort((one, other) => one.touch - other.touch)) state.files.push(file)
    state.fileCount = this.#files.length
    for (const { session } of this.#sessions.sort((one, other) => one.session.touch - other.session.touch)) {
      state.sessions.set(session.id, session)
      state.sessionOrder.push(session)
    }
    for (const run of this.#runs.sort((one, other) => one.started - other.started)) this.#finishRun(run)
    for (const prediction of this.#predictions) state.predictions.push(prediction)
    return state
  }

  #finishRun(run: Run): void {
    const state = this.#state
    for (const { chunk, answers } of this.#answers.get(state.shortId(run.id)) ?? []) run.chunks.set(chunk, answers)
    state.answerChunks += run.chunks.size
    if (run.leaving) state.leavingChunks += run.chunks.size
    state.runs.set(run.id, run)
  }

  #addAnswers(row: string, bytes: Uint8Array): void {
    const { id, chunk } = answersOfRow(row)
    const answers = decodeAnswers(bytes, this.#state.limits.runChunk)
    const known = this.#answers.get(id)
    if (known === undefined) this.#answers.set(id, [{ chunk, answers }])
    else known.push({ chunk, answers })
  }

  #addFile(row: string, bytes: Uint8Array): void {
    const ref = this.#state.refs.ofHex(row.slice(1))
    const file = decodeFile<FileRef, FileRow>(bytes, this.#refOf, (path) => new FileRow(ref, path))
    this.#state.refs.name(ref, file.path)
    ref.row = file
    this.#files.push(file)
  }

  #addSession(bytes: Uint8Array): void {
    const open = decodeSession(bytes, this.#refOf)
    this.#assertBounded(open.length)
    this.#sessions.push(open)
  }

  #addClosed(bytes: Uint8Array): void {
    const closed = decodeClosed(bytes)
    for (const { length } of closed) this.#assertBounded(length)
    this.#state.closed = closed
  }

  /** A length that no sequence has would be as many names of rows in memory, all at once. */
  #assertBounded(length: number): void {
    if (length <= this.#state.limits.sequenceMax) return
    throw new RowFormatError('a session claims more files than any can have: rebuild the model from the log')
  }

  #addPredictions(bytes: Uint8Array): void {
    const { path, predictions } = decodePredictions(bytes)
    const ref = this.#state.refs.ofPath(path)
    ref.predictions = predictions.map((stored) => ({ ...stored, ref, open: true }))
    this.#predictions.push(...ref.predictions)
  }

  #addRemembered(chunk: number, bytes: Uint8Array): void {
    const state = this.#state
    for (const [at, id] of decodeRemembered(bytes).entries()) {
      state.rememberedSlots[chunk * REMEMBERED_CHUNK + at] = id
      state.remembered.add(id)
    }
  }

  #addSingle(row: string, bytes: Uint8Array): void {
    const state = this.#state
    if (row === 'h') decodeHeader(bytes, state)
    else if (row === 'c') this.#addClosed(bytes)
    else if (row === 'v') state.revision = decodeRevision(bytes)
    else if (row === 'e') state.evidence = decodeEvidence(bytes)
    else if (row === 'm') state.minutes = decodeMinutes(bytes)
    else throw new RowFormatError(`row ${row} is of another build: rebuild the model from the log`)
  }
}

const rowOf = ({
  session,
  length,
}: {
  session: Session
  length: number
}): { id: string; opened: number; length: number } => ({
  id: session.id,
  opened: session.opened,
  length,
})
