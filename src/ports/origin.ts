/** Where a worker reads the true file. Adapters: a directory, a git repository, HTTP, S3. */

export type OriginFile = {
  readonly bytes: Uint8Array
  /** Content version: git blob id (SHA-1 of `blob <n>\0` + bytes). */
  readonly version: string
}

/** What a read of one file found. */
export type OriginRead =
  | { readonly outcome: 'read'; readonly file: OriginFile }
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'denied'; readonly detail: string }
  | { readonly outcome: 'tooLarge'; readonly bytes: number }

/** One file of a listing. */
export type OriginEntry = {
  /** `/`-separated, relative to the workspace. */
  readonly path: string
  /** Its version where the listing itself tells it (a git tree), else null. */
  readonly version: string | null
  /**
   * Changes whenever the content does, and is known without reading the file (size and time stamps, an ETag); null
   * where nothing such is to be had or where it cannot be trusted yet. Only ever compared with another one of this origin.
   */
  readonly signature: string | null
  /** Size in bytes, where the listing tells it. */
  readonly bytes: number | null
}

/** Where the true files of one workspace are. */
export interface Origin {
  /** Reads one file inside the workspace's jail. Rejects with FW_ORIGIN_UNAVAILABLE (retriable) on I/O faults. */
  read(path: string, limits: { readonly bytesMax: number; readonly signal: AbortSignal }): Promise<OriginRead>
  /**
   * The version that a read of this file would find now, if it is known without reading it; else null. Spares a worker
   * the reading of files that are in the cache already. Rejects as `read` does.
   */
  version(path: string, signal: AbortSignal): Promise<string | null>
  /**
   * All files of the workspace, without version-control folders. Rejects with FW_ORIGIN_UNAVAILABLE on I/O faults and
   * with FW_ORIGIN_UNLISTABLE where an origin has no listing.
   */
  list(signal: AbortSignal): AsyncIterable<OriginEntry>
  /**
   * Files that differ from what `ref` names (a branch, a tag, a commit): changed and added ones, not those deleted.
   * Rejects with FW_ORIGIN_NO_HISTORY where the origin is no git repository or does not know the ref.
   */
  changedSince(ref: string, signal: AbortSignal): Promise<readonly string[]>
  /**
   * Files and folders (with a slash at their end) that the workspace's own rules leave out (`.gitignore`): a listing has
   * them, since analyzers read them, and globs pass them over. Absent where an origin knows no such rules.
   */
  ignored?(signal: AbortSignal): Promise<readonly string[]>
  /** The revision that reads come from (a commit id), where the origin has revisions; else null. */
  revision(signal: AbortSignal): Promise<string | null>
  /** The same origin at another revision; itself where it has none, or for null. */
  at(revision: string | null): Origin
  /** Ends what it keeps open (a git process, connections). */
  close(): Promise<void>
}

/** Finds the origin of a workspace; null when the workspace is not known here. */
export type Origins = (workspace: string) => Origin | null
