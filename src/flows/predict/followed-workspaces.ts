import { createPredictor, type LearnedPredictor, type SharedState } from '../../model/prediction/learned.ts'
import type { PredictorGraph, PredictorOptions } from '../../model/prediction/predictor.ts'
import type { ModelReader } from '../../ports/model-reader.ts'
import type { GraphKeeper } from './graph-keeper.ts'
import { KnownSessions } from './known-sessions.ts'

export type FollowedOptions = PredictorOptions & {
  /** Workspaces that are followed; the least recently heard of leaves, and comes back from its stored sessions. */
  readonly workspacesMax: number
  /** Stored sessions that a workspace's predictor begins with. */
  readonly sessionsMax: number
  /** What is known of a workspace before anybody reads it; asked for once, when its first event comes. */
  readonly graphOf?: (workspace: string) => Promise<PredictorGraph | undefined>
}

export type FollowedDeps = {
  readonly models: Pick<ModelReader, 'closedSessions'>
  /** Brings the graphs of workspaces in the background; without it they have the one that `graphOf` gives, if any. */
  readonly graphs?: Pick<GraphKeeper, 'follow' | 'leave'>
}

export type Followed = { readonly predictor: LearnedPredictor; readonly sessions: KnownSessions }

/** The predictors of a process, one a workspace. */
export class FollowedWorkspaces {
  readonly #deps: FollowedDeps
  readonly #options: FollowedOptions
  readonly #shared: SharedState
  /** The least recently heard of first. */
  readonly #followed = new Map<string, Promise<Followed>>()

  constructor(deps: FollowedDeps, options: FollowedOptions, shared: SharedState) {
    this.#deps = deps
    this.#options = options
    this.#shared = shared
  }

  /** The workspace's predictor, begun from its stored sessions when there is none. */
  get(workspace: string): Promise<Followed> {
    return this.#follow(workspace, this.#followed.get(workspace) ?? this.#begin(workspace))
  }

  /**
   * As `get`, for what may be put off: null where another workspace would have to leave for it. Its place in line
   * stays.
   */
  getIfRoom(workspace: string): Promise<Followed> | null {
    const hasRoom = this.#followed.size < this.#options.workspacesMax
    return this.#followed.get(workspace) ?? (hasRoom ? this.get(workspace) : null)
  }

  /** The workspace's predictor, if it is followed already; its place in line stays. */
  find(workspace: string): Promise<Followed> | undefined {
    return this.#followed.get(workspace)
  }

  /** Begins the workspace anew, with nothing of what was stored. */
  async forget(workspace: string): Promise<void> {
    this.#leave(workspace)
    await this.#follow(workspace, this.#make(workspace))
  }

  #follow(workspace: string, followed: Promise<Followed>): Promise<Followed> {
    // A start that failed is tried again with the next event.
    followed.catch(() => this.#followed.delete(workspace))
    this.#followed.delete(workspace)
    this.#followed.set(workspace, followed)
    const oldest = this.#followed.keys().next()
    if (this.#followed.size > this.#options.workspacesMax && oldest.done !== true) this.#leave(oldest.value)
    return followed
  }

  #leave(workspace: string): void {
    const followed = this.#followed.get(workspace)
    this.#followed.delete(workspace)
    this.#deps.graphs?.leave(workspace)
    followed?.then(({ predictor }) => predictor.release()).catch(() => {})
  }

  async #begin(workspace: string): Promise<Followed> {
    const followed = await this.#make(workspace)
    await followed.sessions.learn(followed.predictor)
    return followed
  }

  async #make(workspace: string): Promise<Followed> {
    const predictor = createPredictor(this.#options, await this.#options.graphOf?.(workspace), this.#shared)
    this.#deps.graphs?.follow(workspace, (graph) => predictor.setGraph(graph))
    return { predictor, sessions: new KnownSessions(this.#deps.models, workspace, this.#options.sessionsMax) }
  }
}
