import type { AnswerChunk } from './fold/answers.ts'
import { type ReadGroups, SPAN_MS, type SpanTally, type WarmingEvidence } from './fold/evidence.ts'
import type { FileCounts } from './fold/file-counts.ts'
import { fadeFile } from './fold/file-counts.ts'
import type { FileRef, FileRow } from './fold/file-ref.ts'
import { countAt, type HourCounts, hourAt } from './fold/hours.ts'
import { MINUTE_MS } from './fold/minutes.ts'
import type { RankedList } from './fold/ranked-list.ts'
import { foldedFile, foldedRun, type Run } from './fold/run.ts'
import type { ShardState } from './fold/shard-state.ts'
import type { OutcomeTally, Tally } from './fold/tallies.ts'
import type { FoldedEnd, FoldedWord } from './folded-run.ts'
import type { ModelLimits } from './limits.ts'

/** What is counted of one file, for people and for comparison: one line of `forewarm model dump`. */
export type FileDump = {
  readonly path: string
  readonly frequency: number
  readonly lastAccess: number
  readonly accessTimes: readonly number[]
  readonly coAccess: Readonly<Record<string, number>>
  readonly successors: Readonly<Record<string, number>>
  readonly hoursOfDay: Readonly<Record<string, number>>
  readonly hoursOfWeek: Readonly<Record<string, number>>
}

export type SessionDump = {
  readonly session: string
  readonly analyzer: string
  readonly revision: string | null
  readonly first: number
  readonly last: number
  readonly accesses: number
  /** Entries of its sequence. */
  readonly length: number
}

export type PredictionDump = {
  readonly path: string
  readonly command: string
  readonly reason: string
  readonly disposition: string
  readonly issuedAt: number
  readonly finishedAt: number
  readonly horizonAt: number
  readonly bytes: number
}

/** All that a shard counts beside its files. */
export type ShardDump = {
  readonly accesses: number
  readonly watermark: number
  readonly outcomeWatermark: number
  readonly files: number
  readonly revision: { readonly version: string | null; readonly at: number } | null
  readonly accessOutcomes: { readonly treated: OutcomeTally; readonly control: OutcomeTally }
  readonly settlements: readonly ({ readonly reason: string; readonly disposition: string } & Tally)[]
  /** Reads and hits of the random groups of files that were read, by number of the group. */
  readonly readGroups: { readonly treated: GroupDump; readonly control: GroupDump }
  /** Settled warms by the start of the quarter of an hour, the earliest first. */
  readonly settledSpans: readonly ({ readonly from: number } & SpanTally)[]
  readonly wastedBytes: Readonly<Record<string, number>>
  /** Oldest touch first. */
  readonly openSessions: readonly (SessionDump & { readonly window: readonly string[] })[]
  /** Oldest first. */
  readonly closedSessions: readonly SessionDump[]
  readonly profiles: readonly {
    readonly analyzer: string
    readonly sessions: number
    readonly files: Readonly<Record<string, number>>
  }[]
  /** In the order in which they were opened. */
  readonly openPredictions: readonly PredictionDump[]
  /** In the order in which they began. */
  readonly runs: readonly RunDump[]
  /** Outcomes of reads of treated files by the start of the minute, in the order of the minutes' last count. */
  readonly minutes: readonly ({ readonly minute: number } & OutcomeTally)[]
}

/** `reads/hits` by number of the group. */
export type GroupDump = Readonly<Record<string, string>>

/** What is folded of a run. */
export type RunDump = {
  readonly run: string
  /** Whether its answers are still kept. */
  readonly kept: boolean
  /** Files by their warm answer and their check, as `warmed + present` or `skipped/pressure + -`. */
  readonly ends: Readonly<Record<string, number>>
  readonly bytes: number
  readonly firstAt: number
  readonly lastAt: number
  readonly pressure: { readonly last: number; readonly highest: number }
  /** By place in the plan: both answers, version, bytes. */
  readonly files: Readonly<Record<string, string>>
}

/** Dumps what a shard counts beside its files. */
export function dumpShard(state: ShardState): ShardDump {
  return {
    accesses: state.touch,
    watermark: state.watermarkMs,
    outcomeWatermark: state.outcomeWatermarkMs,
    files: state.fileCount,
    revision: state.revision === null ? null : { version: state.revision.version, at: state.revision.atMs },
    accessOutcomes: { treated: { ...state.outcomes.treated }, control: { ...state.outcomes.control } },
    settlements: dumpSettlements(state),
    ...dumpEvidence(state.evidence),
    ...dumpSessions(state),
    profiles: [...state.profiles.values()].map((profile) => ({
      analyzer: profile.analyzer,
      sessions: profile.sessions,
      files: neighbours([...profile.files]),
    })),
    openPredictions: dumpPredictions(state),
    runs: [...state.runs.values()].map(dumpRun),
    minutes: [...state.minutes.minutes].map(([minute, tally]) => ({ minute: minute * MINUTE_MS, ...tally })),
  }
}

/** Dumps all files of a shard, the ones touched longest ago first. */
export function* dumpFiles(state: ShardState): Iterable<FileDump> {
  for (let file = state.files.oldest; file !== null; file = file.newer) yield dumpFile(file)
}

/** Dumps one file of several shards as if they were one: rows are faded to the newest of them, then added up. */
export function dumpMerged(files: readonly FileRow[], limits: ModelLimits): FileDump {
  const epoch = Math.max(...files.map((file) => file.epoch))
  for (const file of files) fadeFile(file, epoch, limits)
  const dumps = files.map(dumpFile)
  return {
    path: dumps[0]?.path ?? '',
    frequency: dumps.reduce((sum, file) => sum + file.frequency, 0),
    lastAccess: Math.max(...dumps.map((file) => file.lastAccess)),
    accessTimes: dumps
      .flatMap((file) => file.accessTimes)
      .sort((one, other) => one - other)
      .slice(-limits.accessTimesMax),
    coAccess: addUp(dumps.map((file) => file.coAccess)),
    successors: addUp(dumps.map((file) => file.successors)),
    hoursOfDay: addUp(dumps.map((file) => file.hoursOfDay)),
    hoursOfWeek: addUp(dumps.map((file) => file.hoursOfWeek)),
  }
}

function dumpFile(file: FileCounts<FileRef>): FileDump {
  return {
    path: file.path,
    frequency: file.frequency,
    lastAccess: file.lastAccessMs,
    accessTimes: [...file.timesMs],
    coAccess: listed(file.coAccess),
    successors: listed(file.successors),
    hoursOfDay: hours(file.dayHours),
    hoursOfWeek: hours(file.weekHours),
  }
}

function dumpSettlements(state: ShardState): ShardDump['settlements'] {
  return [...state.tallies.byReason].flatMap(([reason, dispositions]) =>
    [...dispositions].map(([disposition, tally]) => ({ reason, disposition, ...tally })),
  )
}

function dumpEvidence({ groups, spans, wastedBytes }: WarmingEvidence) {
  const group = ({ reads, hits }: ReadGroups): GroupDump =>
    Object.fromEntries(reads.flatMap((count, at) => (count === 0 ? [] : [[String(at), `${count}/${hits[at]}`]])))
  return {
    readGroups: { treated: group(groups.treated), control: group(groups.control) },
    settledSpans: [...spans]
      .sort(([one], [other]) => one - other)
      .map(([span, tally]) => ({ from: span * SPAN_MS, ...tally })),
    wastedBytes: Object.fromEntries(wastedBytes),
  }
}

function dumpSessions(state: ShardState): Pick<ShardDump, 'openSessions' | 'closedSessions'> {
  const openSessions: (SessionDump & { window: string[] })[] = []
  for (let open = state.sessionOrder.oldest; open !== null; open = open.newer) {
    const length = open.sequence.length
    openSessions.push({ ...dumpSession({ ...open, length }), window: open.window.filter(shown).map(pathOf) })
  }
  return { openSessions, closedSessions: state.closed.map(dumpSession) }
}

type AnySession = Pick<ShardState['closed'][number], 'id' | 'analyzer' | 'revision' | 'firstMs' | 'lastMs' | 'position'>

function dumpSession(session: AnySession & { readonly length: number }): SessionDump {
  const { id, analyzer, revision, firstMs, lastMs, position, length } = session
  return { session: id, analyzer, revision, first: firstMs, last: lastMs, accesses: position, length }
}

function dumpPredictions(state: ShardState): PredictionDump[] {
  const open = [...state.predictions.values()].sort((one, other) => one.serial - other.serial)
  return open.map((prediction) => ({
    path: pathOf(prediction.ref),
    command: prediction.commandId,
    reason: prediction.reason,
    disposition: prediction.disposition,
    issuedAt: prediction.issuedAtMs,
    finishedAt: prediction.finishedAtMs,
    horizonAt: prediction.horizonAtMs,
    bytes: prediction.bytes,
  }))
}

function dumpRun(run: Run): RunDump {
  const { ends, kept, bytes, firstAtMs, lastAtMs, pressure } = foldedRun(run)
  return {
    run: run.id,
    kept,
    ends: Object.fromEntries(ends.map((end) => [endText(end), end.files])),
    ...{ bytes, firstAt: firstAtMs, lastAt: lastAtMs, pressure },
    files: Object.fromEntries([...run.chunks].flatMap(([number, chunk]) => dumpAnswers(run, number, chunk))),
  }
}

function dumpAnswers(run: Run, number: number, chunk: AnswerChunk): [string, string][] {
  const lines: [string, string][] = []
  for (let at = 0; at < chunk.places; at += 1) {
    const file = foldedFile(run, chunk, at)
    if (file === null) continue
    const place = String(number * chunk.places + at)
    lines.push([place, `${endText(file)} ${chunk.version(at) ?? '-'} ${chunk.bytes(at)}`])
  }
  return lines
}

const endText = ({ warm, check }: Pick<FoldedEnd, 'warm' | 'check'>): string => `${wordText(warm)} + ${wordText(check)}`

function wordText(word: FoldedWord | null): string {
  if (word === null) return '-'
  return word.detail === '' ? word.outcome : `${word.outcome}/${word.detail}`
}

const shown = (ref: FileRef): boolean => ref.row !== null
const pathOf = (ref: FileRef): string => ref.path ?? ''

const listed = (list: RankedList<FileRef>): Record<string, number> =>
  neighbours(list.refs.map((ref, at) => [ref, list.counts[at] ?? 0]))

/** Neighbours that have a row; the others come back with their file. */
function neighbours(list: readonly (readonly [FileRef, number])[]): Record<string, number> {
  return Object.fromEntries(list.filter(([ref]) => shown(ref)).map(([ref, count]) => [pathOf(ref), count]))
}

const hours = (counts: HourCounts): Record<string, number> =>
  Object.fromEntries(counts.map((entry) => [String(hourAt(entry)), countAt(entry)]))

function addUp(records: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums = new Map<string, number>()
  for (const record of records) {
    for (const [key, count] of Object.entries(record)) sums.set(key, (sums.get(key) ?? 0) + count)
  }
  return Object.fromEntries(sums)
}
