import { OUTCOME_KINDS, type Prediction, VERDICTS } from '../fold/prediction.ts'
import { type OutcomeTally, SEEN_OUTCOMES, type Tallies } from '../fold/tallies.ts'
import type { WarmOutcomeKind } from '../outcome.ts'
import { RowFormatError, RowReader } from './row-reader.ts'
import type { RowWriter } from './row-writer.ts'

const VERSION = 2

/** Packs the open predictions of one file. */
export function encodePredictions(
  writer: RowWriter,
  path: string,
  predictions: readonly Omit<Prediction, 'ref' | 'open'>[],
): Uint8Array {
  writer.start(VERSION)
  writer.text(path)
  writer.uint(predictions.length)
  for (const prediction of predictions) {
    writer.uint(prediction.serial)
    writer.text(prediction.commandId)
    writer.text(prediction.reason)
    writeKind(writer, prediction.disposition)
    writer.uint(prediction.issuedAtMs)
    writer.int(prediction.finishedAtMs - prediction.issuedAtMs)
    writer.int(prediction.horizonAtMs - prediction.issuedAtMs)
    writer.uint(prediction.bytes)
  }
  return writer.finish()
}

export type StoredPredictions = { path: string; predictions: Omit<Prediction, 'ref' | 'open'>[] }

/** Reads what `encodePredictions` has packed. Throws RowFormatError. */
export function decodePredictions(bytes: Uint8Array): StoredPredictions {
  const reader = new RowReader(bytes, VERSION)
  const path = reader.text()
  const predictions = Array.from({ length: reader.count() }, () => {
    const [serial, commandId, reason, disposition] = [reader.uint(), reader.text(), reader.text(), readKind(reader)]
    const issuedAtMs = reader.uint()
    const finishedAtMs = issuedAtMs + reader.int()
    const horizonAtMs = issuedAtMs + reader.int()
    const bytes = reader.uint()
    return { serial, commandId, reason, disposition, issuedAtMs, finishedAtMs, horizonAtMs, bytes }
  })
  return { path, predictions }
}

export function writeTallies(writer: RowWriter, tallies: Tallies): void {
  writer.uint(tallies.byReason.size)
  for (const [reason, dispositions] of tallies.byReason) {
    writer.text(reason)
    writer.uint(dispositions.size)
    for (const [disposition, tally] of dispositions) {
      writeKind(writer, disposition)
      for (const verdict of VERDICTS) writer.uint(tally[verdict])
    }
  }
}

export function readTallies(reader: RowReader, tallies: Tallies): void {
  for (let reasons = reader.uint(); reasons > 0; reasons -= 1) {
    const reason = reader.text()
    for (let dispositions = reader.uint(); dispositions > 0; dispositions -= 1) {
      const tally = tallies.tally(reason, readKind(reader))
      for (const verdict of VERDICTS) tally[verdict] = reader.uint()
    }
  }
}

export function writeOutcomes(writer: RowWriter, tally: OutcomeTally): void {
  for (const outcome of SEEN_OUTCOMES) writer.uint(tally[outcome])
}

export function readOutcomes(reader: RowReader, tally: OutcomeTally): void {
  for (const outcome of SEEN_OUTCOMES) tally[outcome] = reader.uint()
}

function writeKind(writer: RowWriter, kind: WarmOutcomeKind): void {
  writer.byte(OUTCOME_KINDS.indexOf(kind))
}

function readKind(reader: RowReader): WarmOutcomeKind {
  const kind = OUTCOME_KINDS[reader.byte()]
  if (kind === undefined) throw new RowFormatError('outcome kind of another build: rebuild the model from the log')
  return kind
}
