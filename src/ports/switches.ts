/** The kill switch: whether warming is paused, for a workspace or for all. Survives restarts; every role obeys it. */

export type Pause = {
  /** Null for all workspaces. */
  readonly workspace: string | null
  readonly sinceMs: number
  /** Who paused, for people. */
  readonly by: string
}

export interface Switches {
  /** Whether warming of a workspace is paused, as far as this process knows: at most a second old. */
  paused(workspace: string): boolean
  /** All pauses that hold now, read anew. */
  list(): Promise<readonly Pause[]>
  pause(workspace: string | null, by: string): Promise<void>
  resume(workspace: string | null): Promise<void>
}
