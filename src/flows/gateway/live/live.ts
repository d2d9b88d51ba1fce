/** The followed workspaces of a gateway: all who look at one share what was read for it. */
import type { Clock } from '../../../ports/clock.ts'
import type { LiveView } from '../../../ports/live.ts'
import { type FollowDeps, FollowedWorkspace } from './follow.ts'

/** How old a view may be, milliseconds. */
const FRESH_MS = 900

/** Workspaces that are followed; for one more the one asked for longest ago is let go. */
const WORKSPACES_MAX = 16

/** A workspace that nobody asked for so long is begun anew. */
const IDLE_MS = 120_000

type Followed = { readonly workspace: FollowedWorkspace; atMs: number; view: Promise<LiveView> }

export class LiveWorkspaces {
  readonly #deps: FollowDeps & { readonly clock: Clock }
  readonly #followed = new Map<string, Followed>()

  constructor(deps: FollowDeps & { readonly clock: Clock }) {
    this.#deps = deps
  }

  /** The view of a workspace, at most a second old. Rejects when the log is away. */
  view(workspace: string): Promise<LiveView> {
    const nowMs = this.#deps.clock.monotonicMs()
    const known = this.#followed.get(workspace)
    const isKept = known !== undefined && nowMs - known.atMs < IDLE_MS
    const followed = isKept ? known : this.#follow(workspace, nowMs)
    if (isKept && nowMs - known.atMs >= FRESH_MS) {
      known.atMs = nowMs
      known.view = known.view.catch(() => null).then(() => known.workspace.advance())
    }
    this.#followed.delete(workspace)
    this.#followed.set(workspace, followed)
    const [oldest] = this.#followed.keys()
    if (this.#followed.size > WORKSPACES_MAX && oldest !== undefined) this.#followed.delete(oldest)
    return followed.view
  }

  #follow(name: string, atMs: number): Followed {
    const workspace = new FollowedWorkspace(this.#deps, name)
    return { workspace, atMs, view: workspace.advance() }
  }
}
