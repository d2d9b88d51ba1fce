/**
 * What the fold counts and keeps, with its bounds. Every number here is part of the model's meaning: two models with
 * different limits are different models, so the digest of these numbers is stored beside them and a process that was
 * given others refuses to write. docs/model.md says what each one does.
 */
export type ModelLimits = {
  /** Shards of one workspace. */
  readonly shards: number
  /** A session with no access for so long, by event time of its shard, is over. */
  readonly sessionIdleMs: number
  /** Distinct files before an access that count as read together with it. */
  readonly coAccessWindow: number
  readonly coAccessMax: number
  readonly successorsMax: number
  readonly accessTimesMax: number
  readonly filesMax: number
  readonly openSessionsMax: number
  readonly closedSessionsMax: number
  readonly sequenceMax: number
  readonly sequenceChunk: number
  readonly analyzersMax: number
  readonly profileFilesMax: number
  readonly openPredictionsPerFileMax: number
  readonly openPredictionsMax: number
  /** Last outcome files of a shard that are recognised when they arrive again. */
  readonly outcomesRememberedMax: number
  readonly runsMax: number
  /** Runs of which the answers of single places are kept. */
  readonly runDetailsMax: number
  /** Places of a run's plan in one row. */
  readonly runChunk: number
  /** Such rows of all runs together; times `runChunk` also the places of one run. */
  readonly runChunksMax: number
  /** Minutes of which the outcomes of reads are kept apart. */
  readonly minutesMax: number
  /** Counts are halved once in each such period. */
  readonly halfLifeMs: number
  /** Evidence older than this weighs nothing; the log is kept at least as long. */
  readonly memoryMs: number
}

const DAY_MS = 86_400_000

/** The limits of a deployment that sets none. */
export const DEFAULT_LIMITS: ModelLimits = {
  shards: 1,
  sessionIdleMs: 30 * 60_000,
  coAccessWindow: 12,
  coAccessMax: 16,
  successorsMax: 8,
  accessTimesMax: 50,
  filesMax: 100_000,
  openSessionsMax: 256,
  closedSessionsMax: 128,
  sequenceMax: 8_192,
  sequenceChunk: 256,
  analyzersMax: 64,
  profileFilesMax: 2_048,
  openPredictionsPerFileMax: 4,
  openPredictionsMax: 65_536,
  outcomesRememberedMax: 4_096,
  runsMax: 128,
  runDetailsMax: 16,
  runChunk: 256,
  runChunksMax: 4_096,
  minutesMax: 64,
  halfLifeMs: 28 * DAY_MS,
  memoryMs: 168 * DAY_MS,
}
