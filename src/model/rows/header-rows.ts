import type { ShardState } from '../fold/shard-state.ts'
import { newOutcomeTally, Tallies } from '../fold/tallies.ts'
import { readOutcomes, readTallies, writeOutcomes, writeTallies } from './prediction-rows.ts'
import { RowReader } from './row-reader.ts'
import type { RowWriter } from './row-writer.ts'

const VERSION = 1

/** Packs what a shard counts as a whole. */
export function encodeHeader(writer: RowWriter, state: ShardState): Uint8Array {
  writer.start(VERSION)
  writer.uint(state.touch)
  writer.uint(state.watermarkMs)
  writer.uint(state.outcomeWatermarkMs)
  writer.uint(state.fileCount)
  writer.uint(state.closings)
  writer.uint(state.serials)
  writer.uint(state.runsStarted)
  writer.uint(state.outcomesNoted)
  writeOutcomes(writer, state.outcomes.treated)
  writeOutcomes(writer, state.outcomes.control)
  writeTallies(writer, state.tallies)
  return writer.finish()
}

/** What a shard counts as a whole. */
export type Header = Pick<
  ShardState,
  | 'touch'
  | 'watermarkMs'
  | 'outcomeWatermarkMs'
  | 'fileCount'
  | 'closings'
  | 'serials'
  | 'runsStarted'
  | 'outcomesNoted'
  | 'outcomes'
  | 'tallies'
>

/** Sets all that a header row says but the file count, which the file rows give. */
export function decodeHeader(bytes: Uint8Array, state: ShardState): void {
  const { fileCount: _, outcomes, tallies, ...counts } = decodeHeaderRow(bytes)
  Object.assign(state, counts)
  Object.assign(state.outcomes.treated, outcomes.treated)
  Object.assign(state.outcomes.control, outcomes.control)
  for (const [reason, dispositions] of tallies.byReason) state.tallies.byReason.set(reason, dispositions)
}

/** Unpacks a header row, for readers of single rows. */
export function decodeHeaderRow(bytes: Uint8Array): Header {
  const reader = new RowReader(bytes, VERSION)
  const header: Header = {
    touch: reader.uint(),
    watermarkMs: reader.uint(),
    outcomeWatermarkMs: reader.uint(),
    fileCount: reader.uint(),
    closings: reader.uint(),
    serials: reader.uint(),
    runsStarted: reader.uint(),
    outcomesNoted: reader.uint(),
    outcomes: { treated: newOutcomeTally(), control: newOutcomeTally() },
    tallies: new Tallies(),
  }
  readOutcomes(reader, header.outcomes.treated)
  readOutcomes(reader, header.outcomes.control)
  readTallies(reader, header.tallies)
  return header
}

export type Revision = { readonly version: string | null; readonly atMs: number }

/** Packs the workspace's current revision. */
export function encodeRevision(writer: RowWriter, revision: Revision): Uint8Array {
  writer.start(VERSION)
  writer.maybeText(revision.version)
  writer.uint(revision.atMs)
  return writer.finish()
}

/** Reads what `encodeRevision` has packed. Throws RowFormatError. */
export function decodeRevision(bytes: Uint8Array): Revision {
  const reader = new RowReader(bytes, VERSION)
  return { version: reader.maybeText(), atMs: reader.uint() }
}

/** Packs the ids (16 hex digits each) of one chunk of the remembered outcome files. */
export function encodeRemembered(writer: RowWriter, ids: readonly string[]): Uint8Array {
  writer.start(VERSION)
  for (const id of ids) {
    writer.uint32(Number.parseInt(id.slice(0, 8), 16))
    writer.uint32(Number.parseInt(id.slice(8), 16))
  }
  return writer.finish()
}

/** Reads what `encodeRemembered` has packed. Throws RowFormatError. */
export function decodeRemembered(bytes: Uint8Array): string[] {
  const reader = new RowReader(bytes, VERSION)
  const ids: string[] = []
  while (!reader.done) ids.push(hex32(reader.uint32()) + hex32(reader.uint32()))
  return ids
}

const hex32 = (value: number): string => value.toString(16).padStart(8, '0')
