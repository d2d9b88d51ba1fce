/** The import graph of a workspace as the `incremental` layer needs it. */
import type { FileVersion, SourceNames } from '../dependencies/fingerprint.ts'

/** The files of a workspace and what they import, all as they were found by one look at the origin. */
export interface GraphSnapshot {
  /** When the look began. */
  readonly takenAtMs: number
  /** The commit that was looked at, where the origin has commits; else null: then files may have changed since. */
  readonly revision: string | null
  /** Digest of what decides where imports lead (treeDigest in src/dependencies/fingerprint.ts). */
  readonly tree: string
  /**
   * A file and all that it imports, directly or not, each in the version whose imports were followed; the file itself
   * first. Null when it was not there; `incomplete` when a file among them is too large or could not be read, so that
   * nobody knows what it imports.
   */
  closure(path: string, signal: AbortSignal): Promise<readonly [FileVersion, ...FileVersion[]] | null | 'incomplete'>
}

export type GraphWish = {
  readonly workspace: string
  readonly revision: string | null
  /** A snapshot of a tree that may have changed since must have been taken at this time or later. */
  readonly sinceMs: number
  /** Called as a look that takes long goes forward. */
  readonly onProgress?: () => void
}

export interface ImportGraphs {
  sources(): Promise<SourceNames>
  /** Rejects with FW_ORIGIN_UNAVAILABLE, FW_ORIGIN_UNLISTABLE or FW_STORE_UNAVAILABLE. */
  snapshot(wish: GraphWish, signal: AbortSignal): Promise<GraphSnapshot>
}
