/** The decoded forms of the warm-requests and warm-commands topics. */
import type { RunSpec } from './strategy/run-spec.ts'

/** One file that a command asks a worker to warm. */
export type CommandFile = {
  readonly path: string
  readonly layer: string
  /** Content version to warm; null means what the origin holds at the command's revision. */
  readonly version: string | null
  /** The evidence of the prediction: correlation, succession, profile, seasonal, recurrence, manual, request... */
  readonly reason: string
  /** Calibrated probability of a read before the horizon, 0..1; 1 for requested files. */
  readonly probability: number
  /** When the read is expected. */
  readonly expectedAtMs: number
  /** Until when the prediction claims a read; then it is wasted. */
  readonly horizonAtMs: number
  /** In the control group: to be answered `control`, never warmed. */
  readonly control: boolean
}

export type CommandMode = 'warm' | 'check'

/** A batch of files to warm now, with why, until when, and within which bounds. */
export type WarmCommand = {
  readonly id: string
  readonly workspace: string
  /** Shard of the session or request that this command came from; its outcome goes to that shard. */
  readonly shard: number
  readonly runId: string | null
  /** Session whose accesses led to the command, null for requests and scheduled warms. */
  readonly session: string | null
  readonly revision: string | null
  readonly issuedAtMs: number
  /** `check` only looks which files are there; nothing is read from the origin that its version does not need. */
  readonly mode: CommandMode
  /** Place of the first file in the run's plan; the others follow it. 0 outside runs. */
  readonly firstFile: number
  /** Files of this command in flight at once; 0 leaves it to the worker. */
  readonly parallelMax: number
  /** Bytes a second that the command's run may bring in over all workers; 0 for no bound. */
  readonly bytesPerSecondMax: number
  /** A worker drops what it has not begun by then. */
  readonly deadlineMs: number
  /** Bytes that the command may bring in at most. */
  readonly bytesMax: number
  /** Cache pressure (0..1) at which the worker stops. */
  readonly pressureMax: number
  readonly files: readonly CommandFile[]
}

/** Whether somebody predicted its reads; else a person, CI, a schedule or start-up asked for a run. */
export const isPrediction = ({ runId }: Pick<WarmCommand, 'runId'>): boolean => runId === null

/** A wish: warm these files of this workspace (from a person, CI, a schedule, start-up), or end a run. */
export type WarmRequest = {
  /** Also the id of the run; the same id again is the same wish. */
  readonly id: string
  readonly workspace: string
  /** `cancel` ends the run of this id; all but id, workspace and requestedBy then counts for nothing. */
  readonly action: 'run' | 'cancel'
  readonly strategy: string
  readonly revision: string | null
  readonly paths: readonly string[]
  readonly layers: readonly string[]
  readonly requestedAtMs: number
  readonly requestedBy: string
  /** When the run must have ended. */
  readonly deadlineMs: number
  /** What the strategy means; null for the one of that name in the settings, else for the paths alone. */
  readonly spec: RunSpec | null
}
