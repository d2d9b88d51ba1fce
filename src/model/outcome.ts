/** What a worker did with the files of one warm command: the decoded form of one record of the warm-outcomes topic. */

/** How a file of a command ended. Every file of every command ends in exactly one of these. */
export type WarmOutcomeKind =
  /** Read from the origin and put into the cache. */
  | 'warmed'
  /** The version was there already; its recency was renewed. */
  | 'present'
  /** In the control group: predicted and settled, never warmed. */
  | 'control'
  /**
   * Not done on purpose; `detail` says why: pressure, deadline, limit, size, held, layer, workspace, paused, language,
   * closure.
   */
  | 'skipped'
  /** The origin has no such file. */
  | 'missing'
  /** The path leaves the workspace or is no regular file. */
  | 'denied'
  /** The origin or the cache failed after all retries. */
  | 'failed'
  /** As warmed, while the cache held an earlier version of the path. */
  | 'refreshed'
  /** Of a check: not in the cache. */
  | 'cold'

export type WarmedFile = {
  readonly path: string
  readonly layer: string
  /** Version that was warmed or found, null when none was reached. */
  readonly version: string | null
  readonly outcome: WarmOutcomeKind
  /** One word that narrows the outcome, e.g. `pressure`; empty when there is nothing to add. */
  readonly detail: string
  /** Size of the value put into the cache in bytes; 0 when nothing was put. */
  readonly bytes: number
  /** When the file reached its outcome; for `warmed`, when the value could be read from the cache. */
  readonly finishedAtMs: number
  /** The evidence that the prediction rests on, as the command said it. */
  readonly reason: string
  /** Probability of a read before the horizon, as the command said it, 0..1. */
  readonly probability: number
  /** Until when the prediction claims a read; 0 for a file that claims none. */
  readonly horizonAtMs: number
}

/** Reason of files that are named in a request. */
const REQUESTED = 'request'

/**
 * Whether the file was warmed because a read was expected, so that the next read, or none, settles it. A file that was
 * asked for claims nothing: its horizon is 0, or its reason says so.
 */
export const claimsRead = ({ reason, horizonAtMs }: Pick<WarmedFile, 'reason' | 'horizonAtMs'>): boolean =>
  horizonAtMs > 0 && reason !== REQUESTED

export type WarmOutcome = {
  readonly commandId: string
  readonly workspace: string
  /** Shard of the session or request that the command came from. */
  readonly shard: number
  readonly runId: string | null
  readonly worker: string
  /** When predict issued the command. */
  readonly issuedAtMs: number
  /** As the command said. A check's files end `present`, `cold`, or as what keeps them from ever being there. */
  readonly mode: 'warm' | 'check'
  /** Place of the first file in the run's plan, as the command said. */
  readonly firstFile: number
  /** The highest memory pressure that the worker met, 0..1. */
  readonly pressure: number
  readonly files: readonly WarmedFile[]
}
