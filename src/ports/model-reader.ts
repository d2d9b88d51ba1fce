import type { OutcomeTally } from '../model/fold/tallies.ts'
import type { FoldedFile, FoldedRun } from '../model/folded-run.ts'
import type { Proof } from '../model/proof.ts'

/** What predictors and tools read of a workspace's model: the rows of all its shards, merged, faded to now, bounded. */

/** When a file is read. Counts are whole numbers >= 0. */
export type ClockEvidence = {
  readonly path: string
  readonly frequency: number
  readonly lastAccessMs: number
  /** The latest access times, ascending; at most 50. */
  readonly accessTimes: readonly number[]
  /** Accesses by hour of day, UTC. */
  readonly hoursOfDay: ReadonlyMap<number, number>
  /** Accesses by hour of week, UTC, 0 is Monday 00:00. */
  readonly hoursOfWeek: ReadonlyMap<number, number>
}

/** Everything learned of one file. */
export type FileEvidence = ClockEvidence & {
  readonly coAccess: readonly Neighbour[]
  readonly successors: readonly Neighbour[]
}

export type Neighbour = { readonly path: string; readonly count: number }

export type ProfileEvidence = {
  readonly sessions: number
  /** Files with the number of the analyzer's sessions that read them. */
  readonly files: readonly Neighbour[]
}

/** Files of one closed session in the order in which they were read, with the times. */
export type Sequence = readonly { readonly path: string; readonly timeMs: number }[]

export type ClosedSequence = { readonly session: string; readonly analyzer: string; readonly reads: Sequence }

/** What a workspace's model holds as a whole. */
export type Learned = {
  readonly accesses: number
  readonly files: number
  readonly closedSessions: number
  readonly proof: Proof
}

export interface ModelReader {
  file(workspace: string, path: string): Promise<FileEvidence | null>
  profile(workspace: string, analyzer: string): Promise<ProfileEvidence | null>
  /** Sequences of the analyzer's latest closed sessions, the latest first. */
  sequences(workspace: string, analyzer: string, countMax: number): Promise<readonly Sequence[]>
  /**
   * The latest closed sessions of all analyzers with their sequences, the oldest first; of them only those that
   * `isWanted`, when that is given: the others' sequences are not read.
   */
  closedSessions(
    workspace: string,
    countMax: number,
    isWanted?: (session: string) => boolean,
  ): Promise<readonly ClosedSequence[]>
  /** All files of the workspace with their times, in chunks. */
  files(workspace: string): AsyncIterable<readonly ClockEvidence[]>
  /** What was learned in all and whether warming was right; null for a workspace that nobody has read. */
  learned(workspace: string): Promise<Learned | null>
  /** Keys (`workspace#shard`) of all shards that have been learned. */
  shardKeys(): Promise<readonly string[]>
}

/**
 * What ingest has folded of runs and around them; read anew at each call, for whoever waits for a run looks every
 * moment.
 */
export interface FoldedRuns {
  /** A run as a whole; null as long as no outcome of it is folded. Cheap, whatever the size of the run. */
  run(workspace: string, id: string): Promise<FoldedRun | null>
  /**
   * Places `from` up to, but not with, `from + count` of a run's plan; null where nothing is folded yet, and everywhere
   * once the run's answers are no longer kept.
   */
  runFiles(
    run: { readonly workspace: string; readonly id: string },
    from: number,
    count: number,
  ): Promise<readonly (FoldedFile | null)[]>
  /** What reads of treated files found in the cache, by minute since the epoch (event time); the latest minutes. */
  minutes(workspace: string): Promise<ReadonlyMap<number, OutcomeTally>>
}
