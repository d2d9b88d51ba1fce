/**
 * What an analyzer did, as the model sees it: the decoded form of one record of the access-events topic.
 * Times are event times in milliseconds since the Unix epoch, as the reader's clock had them.
 */

/** What the read found in the cache; `unknown` when the observer does not see the cache (recorder, plain traces). */
export type AccessOutcome = 'unknown' | 'hit' | 'warmHit' | 'miss' | 'stale'

/** One read of one file in a session. */
export type Access = {
  /** Path inside the workspace, `/`-separated, never absolute, no `.` or `..` segments. */
  readonly path: string
  readonly timeMs: number
  /** Kind of cached value that was wanted: `content`, `ast`, `incremental` or a fleet's own. */
  readonly layer: string
  /** Content version the reader wanted (git blob id, else digest), or null when it knew none. */
  readonly version: string | null
  readonly outcome: AccessOutcome
  /** Id of the warm command that had put the entry there; only on a `warmHit`. */
  readonly warmedBy: string | null
}

/** A file, or with `path` null the workspace's current revision, moved to a new version. */
export type Change = {
  readonly path: string | null
  readonly timeMs: number
  /** The new version, or null when the file was deleted. */
  readonly version: string | null
}

/** A batch of accesses of one session, or changes of a workspace. */
export type AccessEvent = {
  readonly workspace: string
  /** One run of one analyzer over one revision of a workspace. */
  readonly session: string
  readonly analyzer: string
  readonly revision: string | null
  /** Random id of the publishing process; with `sequence` it makes a re-sent batch recognisable. */
  readonly publisher: string
  /** Number of this batch's first access among those that `publisher` has published for this session, from 0. */
  readonly sequence: number
  /** No more accesses of this session follow from this publisher. */
  readonly sessionEnded: boolean
  /** Everything learned of the workspace's shard until here is to be forgotten. */
  readonly forget: boolean
  readonly accesses: readonly Access[]
  readonly changes: readonly Change[]
}
