/** Where a worker reads the true file. Adapters: a directory (git, HTTP and S3 follow). */

export type OriginFile = {
  readonly bytes: Uint8Array /** Content version: git blob id (SHA-1 of `blob <n>\0` + bytes). */
  readonly version: string
}

export type OriginRead =
  | { readonly outcome: 'read'; readonly file: OriginFile }
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'denied'; readonly detail: string }
  | { readonly outcome: 'tooLarge'; readonly bytes: number }

export interface Origin {
  /** Reads one file inside the workspace's jail. Rejects with FW_ORIGIN_UNAVAILABLE (retriable) on I/O faults. */
  read(path: string, limits: { readonly bytesMax: number; readonly signal: AbortSignal }): Promise<OriginRead>
  /**
   * The version that a read of this file would find now, if it is known without reading it; else null. Spares a worker
   * the reading of files that are in the cache already. Rejects as `read` does.
   */
  version(path: string, signal: AbortSignal): Promise<string | null>
  /** All files of the workspace, `/`-separated, without version-control folders. */
  list(signal: AbortSignal): AsyncIterable<string>
}

/** Finds the origin of a workspace; null when the workspace is not known here. */
export type Origins = (workspace: string) => Origin | null
