/** What was learned of a workspace, as people ask for it. Reads stored rows only. */

import type { Candidate } from '../model/candidates/candidate.ts'
import { nextAccessMs } from '../model/candidates/manual.ts'
import { HOURS_OF_DAY, HOURS_OF_WEEK, hourOfDay } from '../model/fold/hours.ts'
import { expectedRead } from '../model/patterns/expected.ts'
import { COMPARED_MAX, type RecurringSequence, recurringSequences } from '../model/patterns/recurring.ts'
import type { ClockEvidence, ClosedSequence, FileEvidence, ModelReader } from '../ports/model-reader.ts'
import type { Correlation, FilePatterns, LatestSession, Patterns } from '../ports/patterns.ts'

type Models = Pick<ModelReader, 'file' | 'files' | 'learned' | 'closedSessions'>

/** Which workspace is asked about, at what time, and how much of each kind is told. */
export type PatternsQuery = { readonly workspace: string; readonly nowMs: number; readonly limit: number }

/** Files of one call to the model while all are read. */
const FILES_AT_ONCE = 64

/** Co-accesses from which on a pair counts as correlated (the manual's threshold). */
const CORRELATED_MIN = 5

/** Everything that is learned of every file, one after the other: a large workspace has many. */
export async function* allFiles(models: Pick<ModelReader, 'file' | 'files'>, workspace: string) {
  for await (const chunk of models.files(workspace)) {
    for (let at = 0; at < chunk.length; at += FILES_AT_ONCE) {
      const paths = chunk.slice(at, at + FILES_AT_ONCE).map(({ path }) => path)
      const found = await Promise.all(paths.map((path) => models.file(workspace, path)))
      yield* found.filter((file) => file !== null)
    }
  }
}

/** The pairs of a file with five co-accesses or more. */
export const correlationsOf = ({ path, frequency, coAccess }: FileEvidence): readonly Correlation[] =>
  coAccess
    .filter(({ count }) => count >= CORRELATED_MIN)
    .map(({ path: coFile, count }) => ({ path, coFile, count, strength: Math.min(1, count / Math.max(1, frequency)) }))

/**
 * The stronger pair first; of equally strong ones the one that was seen more often, then by name: stores list rows in
 * any order.
 */
export const byStrength = (one: Correlation, other: Correlation): number =>
  other.strength - one.strength ||
  other.count - one.count ||
  byName(one.path, other.path) ||
  byName(one.coFile, other.coFile)

const byName = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

/** Null for a workspace that nobody has read. */
export async function patternsOf(models: Models, query: PatternsQuery): Promise<Patterns | null> {
  const { workspace, nowMs, limit } = query
  const learned = await models.learned(workspace)
  if (learned === null) return null
  const gathered = new Gathered(query)
  for await (const file of allFiles(models, workspace)) gathered.add(file)
  const closed = (await models.closedSessions(workspace, COMPARED_MAX)).toReversed()
  const { accesses, files, closedSessions } = learned
  return {
    ...{ workspace, atMs: nowMs, accesses, files, closedSessions },
    ...gathered.told(),
    recurring: recurringIn(closed, limit),
    latest: closed.slice(0, limit).map(latestSession),
  }
}

/** What was learned of one file; null for one that nobody has read. */
export async function filePatterns(models: Models, path: string, query: PatternsQuery): Promise<FilePatterns | null> {
  const { workspace, nowMs, limit } = query
  const file = await models.file(workspace, path)
  if (file === null) return null
  const closed = (await models.closedSessions(workspace, COMPARED_MAX)).toReversed()
  const { frequency, lastAccessMs, coAccess, successors, hoursOfDay, hoursOfWeek } = file
  const share = (count: number) => Math.min(1, count / Math.max(1, frequency))
  const related = (neighbours: FileEvidence['coAccess']) =>
    [...neighbours]
      .sort((one, other) => other.count - one.count)
      .slice(0, limit)
      .map((one) => ({ ...one, strength: share(one.count) }))
  return {
    ...{ workspace, path, atMs: nowMs, frequency, lastAccessMs },
    together: related(coAccess),
    after: related(successors),
    hoursOfDay: filled(hoursOfDay, HOURS_OF_DAY),
    hoursOfWeek: filled(hoursOfWeek, HOURS_OF_WEEK),
    meanIntervalNextMs: nextAccessMs(file),
    next: expectedRead(file, nowMs),
    recurring: recurringIn(closed, Number.POSITIVE_INFINITY)
      .filter(({ paths }) => paths.includes(path))
      .slice(0, limit),
  }
}

/** What is kept while all files go by; no more than a few times of what is told. */
class Gathered {
  readonly #query: PatternsQuery
  #correlations: Correlation[] = []
  #next: Candidate[] = []
  #peak: { readonly path: string; readonly count: number }[] = []
  readonly #day = new Array<number>(HOURS_OF_DAY).fill(0)
  readonly #week = new Array<number>(HOURS_OF_WEEK).fill(0)

  constructor(query: PatternsQuery) {
    this.#query = query
  }

  add(file: FileEvidence): void {
    const { nowMs, limit } = this.#query
    const next = expectedRead(file, nowMs)
    const count = file.hoursOfDay.get(hourOfDay(nowMs)) ?? 0
    this.#correlations.push(...correlationsOf(file))
    if (next !== null) this.#next.push(next)
    if (count > 0) this.#peak.push({ path: file.path, count })
    addHours(this.#day, file.hoursOfDay)
    addHours(this.#week, file.hoursOfWeek)
    if (this.#correlations.length > 16 * limit + 10_000) this.#correlations = eachPairOnce(this.#correlations, limit)
    if (this.#next.length > 16 * limit + 10_000) this.#next = likeliest(this.#next, limit)
    if (this.#peak.length > 16 * limit + 10_000) this.#peak = busiest(this.#peak, limit)
  }

  told(): Pick<Patterns, 'correlations' | 'next' | 'peakFiles' | 'hoursOfDay' | 'hoursOfWeek'> {
    const { limit } = this.#query
    return {
      correlations: eachPairOnce(this.#correlations, limit),
      next: likeliest(this.#next, limit).sort((one, other) => one.expectedAtMs - other.expectedAtMs),
      peakFiles: busiest(this.#peak, limit),
      hoursOfDay: this.#day,
      hoursOfWeek: this.#week,
    }
  }
}

/** The strongest pairs, each in its stronger order alone. */
function eachPairOnce(correlations: readonly Correlation[], max: number): Correlation[] {
  const seen = new Set<string>()
  return correlations
    .toSorted(byStrength)
    .filter(({ path, coFile }) => {
      const pair = path < coFile ? `${path}\u0000${coFile}` : `${coFile}\u0000${path}`
      if (seen.has(pair)) return false
      seen.add(pair)
      return true
    })
    .slice(0, max)
}

const likeliest = (candidates: readonly Candidate[], max: number): Candidate[] =>
  candidates.toSorted((one, other) => other.probability - one.probability || byName(one.path, other.path)).slice(0, max)

const busiest = <File extends { readonly path: string; readonly count: number }>(files: readonly File[], max: number) =>
  files.toSorted((one, other) => other.count - one.count || byName(one.path, other.path)).slice(0, max)

function addHours(sums: number[], hours: ClockEvidence['hoursOfDay']): void {
  for (const [hour, count] of hours) sums[hour] = (sums[hour] ?? 0) + count
}

function filled(hours: ClockEvidence['hoursOfDay'], size: number): readonly number[] {
  const sums = new Array<number>(size).fill(0)
  addHours(sums, hours)
  return sums
}

/** Of the sessions of each analyzer by itself: two tools that walk the same folder have no habit in common. */
function recurringIn(closed: readonly ClosedSequence[], limit: number) {
  const analyzers = [...new Set(closed.map(({ analyzer }) => analyzer))]
  const found = analyzers.flatMap((analyzer) => {
    const own = closed.filter((one) => one.analyzer === analyzer)
    const sessions = own.map(({ session, reads }) => ({ session, paths: reads.map(({ path }) => path) }))
    return recurringSequences(sessions, limit).map((one: RecurringSequence) => ({ analyzer, ...one }))
  })
  return found
    .sort((one, other) => other.sessions * other.paths.length - one.sessions * one.paths.length)
    .slice(0, limit)
}

const latestSession = ({ session, analyzer, reads }: ClosedSequence): LatestSession => ({
  session,
  analyzer,
  startedAtMs: reads[0]?.timeMs ?? null,
  endedAtMs: reads.at(-1)?.timeMs ?? null,
  reads: reads.length,
  paths: [...new Set(reads.map(({ path }) => path))],
})
