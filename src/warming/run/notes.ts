/**
 * Where the notes of a run are, and how they are packed. Names of workspaces and runs hold no control characters, so a
 * line feed keeps them apart whatever slashes they hold.
 */
import { RowFormatError, RowReader } from '../../model/rows/row-reader.ts'
import { RowWriter } from '../../model/rows/row-writer.ts'
import { PLAN_CHUNK, type PlanEntry, type Planned, type RunHeader } from './plan.ts'
import type { RunProgress } from './progress.ts'

/**
 * Group with the headers of the runs that a workspace keeps: one named by the run's id, written again as the run goes on,
 * and one named by `endNote`, written once.
 */
export const runsGroup = (workspace: string): string => `runs\n${workspace}`

/** A run ends once, whoever says it first: this header holds, whatever the other one says. */
export const endNote = (id: string): string => `${id}\nend`

/** Group with the plan of a run and its progress. */
export const runGroup = (workspace: string, id: string): string => `run\n${workspace}\n${id}`

/** Note of a run's group with what was planned, written once. */
export const PLANNED_NOTE = 'planned'

/** Note of a run's group that says which commands are open. */
export const PROGRESS_NOTE = 'progress'

/** Note of a run's group with entries `chunk * PLAN_CHUNK` and on of the plan of this name. */
export const planNote = (plan: string, chunk: number): string => `plan/${plan}/${chunk}`

/** The note that holds a place of the plan. */
export const chunkOf = (place: number): number => Math.floor(place / PLAN_CHUNK)

/** The headers of runs from the notes of `runsGroup`, the latest requested first. */
export function headersOf(notes: Iterable<readonly [name: string, value: Uint8Array]>): RunHeader[] {
  const headers = new Map<string, RunHeader>()
  for (const [, value] of notes) {
    const header = decodeHeader(value)
    const known = headers.get(header.id)
    if (known === undefined || known.endedAtMs === null) headers.set(header.id, header)
  }
  return [...headers.values()].sort((one, other) => other.requestedAtMs - one.requestedAtMs)
}

/** Raised when a field of a note changes its meaning. */
const TEXT_VERSION = 1
const CHUNK_VERSION = 1

export const encodeHeader = (header: RunHeader): Uint8Array => encodeText(header)
export const encodePlanned = (planned: Planned): Uint8Array => encodeText(planned)
export const encodeProgress = (progress: RunProgress): Uint8Array => encodeText(progress)

/** Throws RowFormatError for bytes of another build, as the others do. */
export const decodeHeader = (bytes: Uint8Array): RunHeader => parsed(bytes)
export const decodePlanned = (bytes: Uint8Array): Planned => parsed(bytes)
export const decodeProgress = (bytes: Uint8Array): RunProgress => parsed(bytes)

function encodeText(value: RunHeader | Planned | RunProgress): Uint8Array {
  const writer = new RowWriter().start(TEXT_VERSION)
  writer.text(JSON.stringify(value))
  return Uint8Array.from(writer.finish())
}

function parsed<Value>(bytes: Uint8Array): Value {
  const text = new RowReader(bytes, TEXT_VERSION).text()
  try {
    return JSON.parse(text)
  } catch {
    throw new RowFormatError('a note of a run is no JSON: it was damaged, or another build wrote it')
  }
}

/** Packs up to PLAN_CHUNK entries; layers and reasons repeat, so each stands once. */
export function encodeChunk(entries: readonly PlanEntry[]): Uint8Array {
  const words = [...new Set(entries.flatMap(({ layer, reason }) => [layer, reason]))]
  const placeOf = new Map(words.map((word, place) => [word, place]))
  const writer = new RowWriter().start(CHUNK_VERSION)
  writer.uint(words.length)
  for (const word of words) writer.text(word)
  writer.uint(entries.length)
  for (const entry of entries) {
    writer.text(entry.path)
    writer.uint(placeOf.get(entry.layer) ?? 0)
    writer.uint(placeOf.get(entry.reason) ?? 0)
    writer.uint(entry.depth)
    writer.uint(Math.round(entry.probability * PROBABILITY_SCALE))
    writer.uint(entry.expectedAtMs)
    writer.uint(entry.horizonAtMs)
  }
  return Uint8Array.from(writer.finish())
}

/** Throws RowFormatError for bytes of another build. */
export function decodeChunk(bytes: Uint8Array): PlanEntry[] {
  const reader = new RowReader(bytes, CHUNK_VERSION)
  const words = Array.from({ length: reader.count() }, () => reader.text())
  return Array.from({ length: reader.count() }, () => ({
    path: reader.text(),
    layer: words[reader.uint()] ?? '',
    reason: words[reader.uint()] ?? '',
    depth: reader.uint(),
    probability: reader.uint() / PROBABILITY_SCALE,
    expectedAtMs: reader.uint(),
    horizonAtMs: reader.uint(),
  }))
}

/** A probability is kept to a millionth. */
const PROBABILITY_SCALE = 1_000_000
