/** The kill switch: whether warming is paused, for a workspace or for all. Survives restarts; every role obeys it. */

export type Pause = {
  /** Null for all workspaces. */
  readonly workspace: string | null
  readonly sinceMs: number
  /** Who paused, for people. */
  readonly by: string
}

/** The answer that whatever warms asks for before it begins a file. */
export type IsPaused = (workspace: string) => boolean

export interface Switches {
  /** Whether warming of a workspace is paused, as far as this process knows: at most a second old. */
  readonly paused: IsPaused
  /** The pause that a workspace is under, its own before that of all, read anew; while the store is away the last known. */
  pauseOf(workspace: string): Promise<Pause | null>
  /** All pauses that hold now, read anew. Rejects with FW_STORE_UNAVAILABLE. */
  list(): Promise<readonly Pause[]>
  /** Pauses a workspace, or with null all; one that is paused already stays as it is. */
  pause(workspace: string | null, by: string): Promise<void>
  /** Takes back the pause of a workspace, or with null that of all; those of single workspaces stay then. */
  resume(workspace: string | null): Promise<void>
}
