import { ANSWER_MODES, AnswerChunk } from '../fold/answers.ts'
import { MinuteOutcomes } from '../fold/minutes.ts'
import { Run } from '../fold/run.ts'
import { newOutcomeTally } from '../fold/tallies.ts'
import { readOutcomes, writeOutcomes } from './prediction-rows.ts'
import { RowFormatError, RowReader } from './row-reader.ts'
import type { RowWriter } from './row-writer.ts'

const RUN_VERSION = 2
const ANSWERS_VERSION = 1
const MINUTES_VERSION = 1

/** Packs what is counted of a run as a whole. */
export function encodeRun(writer: RowWriter, run: Run): Uint8Array {
  writer.start(RUN_VERSION)
  writer.text(run.id)
  writer.uint(run.started)
  writer.byte(Number(run.leaving))
  writer.uint(run.bytes)
  writer.uint(run.firstAtMs)
  writer.uint(run.lastAtMs)
  writer.uint(run.pressureLast)
  writer.uint(run.pressureHighest)
  writer.uint(run.words.length)
  for (const word of run.words) writer.text(word)
  writer.uint(run.counts.size)
  for (const [pair, files] of run.counts) {
    writer.uint(pair)
    writer.uint(files)
  }
  return writer.finish()
}

/** The run without its answers. */
export function decodeRun(bytes: Uint8Array): Run {
  const reader = new RowReader(bytes, RUN_VERSION)
  const run = new Run(reader.text(), reader.uint())
  run.leaving = reader.byte() === 1
  run.bytes = reader.uint()
  run.firstAtMs = reader.uint()
  run.lastAtMs = reader.uint()
  run.pressureLast = reader.uint()
  run.pressureHighest = reader.uint()
  run.words = Array.from({ length: reader.count() }, () => reader.text())
  for (let pairs = reader.uint(); pairs > 0; pairs -= 1) run.counts.set(reader.uint(), reader.uint())
  return run
}

/** Name of the row with a chunk of a run's answers; `id` is the run's short id. */
export const answersRow = (id: string, chunk: number): string => `o${id}.${chunk}`

/** The run's short id and the chunk that a row of answers is for. */
export function answersOfRow(row: string): { readonly id: string; readonly chunk: number } {
  const [id, chunk] = row.slice(1).split('.')
  if (id === undefined || !/^\d+$/.test(chunk ?? '')) {
    throw new RowFormatError(`row ${row} is of another build: rebuild the model from the log`)
  }
  return { id, chunk: Number(chunk) }
}

export function encodeAnswers(writer: RowWriter, chunk: AnswerChunk): Uint8Array {
  writer.start(ANSWERS_VERSION)
  for (let at = 0; at < chunk.places; at += 1) {
    const isThere = ANSWER_MODES.some((mode) => chunk.has(at, mode))
    writer.byte(Number(isThere))
    if (isThere) writeFile(writer, chunk, at)
  }
  return writer.finish()
}

function writeFile(writer: RowWriter, chunk: AnswerChunk, at: number): void {
  for (const mode of ANSWER_MODES) {
    const { kind, word } = chunk.answer(at, mode)
    writer.byte(kind)
    writer.byte(word)
  }
  writer.uint(chunk.bytes(at))
  const hash = chunk.hash(at)
  writer.byte(Number(hash !== null))
  if (hash === null) writer.maybeText(chunk.version(at))
  else for (const byte of hash) writer.byte(byte)
}

/** Reads what `encodeAnswers` has packed of a chunk of so many places. Throws RowFormatError. */
export function decodeAnswers(bytes: Uint8Array, places: number): AnswerChunk {
  const reader = new RowReader(bytes, ANSWERS_VERSION)
  const chunk = new AnswerChunk(places)
  for (let at = 0; at < places; at += 1) if (reader.byte() === 1) readFile(reader, chunk, at)
  return chunk
}

function readFile(reader: RowReader, chunk: AnswerChunk, at: number): void {
  for (const mode of ANSWER_MODES) chunk.setAnswer(at, mode, { kind: reader.byte(), word: reader.byte() })
  chunk.setBytes(at, reader.uint())
  if (reader.byte() === 0) chunk.setVersion(at, reader.maybeText())
  else chunk.setHash(at, () => reader.byte())
}

/** Packs the outcomes of reads by minute, in the order of their last count. */
export function encodeMinutes(writer: RowWriter, { minutes }: MinuteOutcomes): Uint8Array {
  writer.start(MINUTES_VERSION)
  writer.uint(minutes.size)
  for (const [minute, tally] of minutes) {
    writer.uint(minute)
    writeOutcomes(writer, tally)
  }
  return writer.finish()
}

/** Reads what `encodeMinutes` has packed. Throws RowFormatError. */
export function decodeMinutes(bytes: Uint8Array): MinuteOutcomes {
  const reader = new RowReader(bytes, MINUTES_VERSION)
  const outcomes = new MinuteOutcomes()
  for (let count = reader.uint(); count > 0; count -= 1) {
    const [minute, tally] = [reader.uint(), newOutcomeTally()]
    readOutcomes(reader, tally)
    outcomes.minutes.set(minute, tally)
  }
  return outcomes
}
