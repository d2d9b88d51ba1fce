import type { FollowedImports } from './follow.ts'
import {
  type FollowWish,
  type GraphDeps,
  type GraphWish,
  type RefreshedGraph,
  WorkspaceGraph,
} from './workspace-graph.ts'

/** Workspaces whose graph a process remembers; the least recently used leaves. */
const WORKSPACES_MAX = 8

/** Graphs of workspaces. Several processes may keep the same notes: what is written is a function of the files alone. */
export class ImportGraphs {
  readonly #deps: GraphDeps
  readonly #workspaces = new Map<string, WorkspaceGraph>()

  constructor(deps: GraphDeps) {
    this.#deps = deps
  }

  /**
   * The graph as the origin's files are now. Files that cannot be read, are too large or broken are counted and never
   * stop it. Rejects as Origin.list does, and with FW_STORE_UNAVAILABLE.
   */
  async refresh(wish: GraphWish): Promise<RefreshedGraph> {
    return this.#of(wish.workspace).refresh(wish)
  }

  /** The imports of some files as they are now, followed without a look at the others. Rejects as `refresh` does. */
  async follow(wish: FollowWish): Promise<FollowedImports> {
    return this.#of(wish.workspace).follow(wish)
  }

  #of(workspace: string): WorkspaceGraph {
    const known = this.#workspaces.get(workspace) ?? new WorkspaceGraph(this.#deps)
    this.#workspaces.delete(workspace)
    this.#workspaces.set(workspace, known)
    for (const name of this.#workspaces.keys())
      if (this.#workspaces.size > WORKSPACES_MAX) this.#workspaces.delete(name)
    return known
  }
}
