import type { Candidate } from '../model/candidates/candidate.ts'
import type { RecurringSequence } from '../model/patterns/recurring.ts'

/** What was learned of a workspace and of a file of it, as tools show it. Counts are faded, hours UTC. */

export type LatestSession = {
  readonly session: string
  readonly analyzer: string
  /** Null where its sequence is no longer kept. */
  readonly startedAtMs: number | null
  readonly endedAtMs: number | null
  readonly reads: number
  /** Its files, each once, in the order of their first read. */
  readonly paths: readonly string[]
}

/** A pair of files and how surely the second is read where the first is. */
export type Correlation = {
  readonly path: string
  readonly coFile: string
  /** Co-accesses, faded. */
  readonly count: number
  /** Co-accesses / accesses of `path`, 1 at the most: two files that alternate are counted in both orders. */
  readonly strength: number
}

export type AnalyzerSequence = RecurringSequence & { readonly analyzer: string }

export type Patterns = {
  readonly workspace: string
  /** The moment that `peakFiles` and `next` are of. */
  readonly atMs: number
  readonly accesses: number
  readonly files: number
  readonly closedSessions: number
  /** Pairs of at least five co-accesses, the strongest first, each in its stronger order. */
  readonly correlations: readonly Correlation[]
  /** What several of the latest sessions of an analyzer read in the same order, the most telling first. */
  readonly recurring: readonly AnalyzerSequence[]
  /** The latest closed sessions, the latest first. */
  readonly latest: readonly LatestSession[]
  /** Accesses of all files by hour of day: 24 counts. */
  readonly hoursOfDay: readonly number[]
  /** By hour of week: 168 counts, the first is Monday 00:00. */
  readonly hoursOfWeek: readonly number[]
  /** Files that are read most at this hour of the day. */
  readonly peakFiles: readonly { readonly path: string; readonly count: number }[]
  /** Files that the clock lets expect within a day, the soonest first. */
  readonly next: readonly Candidate[]
}

export type Related = { readonly path: string; readonly count: number; readonly strength: number }

export type FilePatterns = {
  readonly workspace: string
  readonly path: string
  readonly atMs: number
  readonly frequency: number
  readonly lastAccessMs: number
  /** Files read together with it. */
  readonly together: readonly Related[]
  /** Files read right after it. */
  readonly after: readonly Related[]
  readonly hoursOfDay: readonly number[]
  readonly hoursOfWeek: readonly number[]
  /** Last access plus the mean interval (the manual's rule); null before the second access. */
  readonly meanIntervalNextMs: number | null
  /** Its next read by the clock; null when the clock says nothing. */
  readonly next: Candidate | null
  /** Recurring sequences that it is part of. */
  readonly recurring: readonly AnalyzerSequence[]
}
