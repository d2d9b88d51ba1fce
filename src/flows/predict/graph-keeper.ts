import type { PredictorGraph } from '../../model/prediction/predictor.ts'
import type { Clock } from '../../ports/clock.ts'
import { ForewarmError } from '../../ports/errors.ts'
import type { Log } from '../../ports/telemetry.ts'

export type GraphKeeperDeps = {
  /**
   * A workspace's files and imports as they are now; null where there is no way to know them. Rejects as Origin.list and
   * the store do.
   */
  readonly load: (workspace: string, signal: AbortSignal) => Promise<PredictorGraph | null>
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly logger: Log
}

export type GraphKeeperOptions = {
  /** A workspace's graph is made anew at most once in this time, however often its files change, ms. */
  readonly pauseMs: number
  /** And once in this time where nobody tells of changes, ms. */
  readonly freshMs: number
}

type Kept = {
  readonly take: (graph: PredictorGraph) => void
  /** When the last look began; null before the first. */
  lookedAtMs: number | null
  isChanged: boolean
  /** Why there is no graph, told once. */
  told: string | null
  hasNone: boolean
}

/**
 * Gives each followed workspace its graph, in the background and one at a time: predictions never wait for it, and go
 * without where an origin has no listing. What was parsed is kept by whoever loads, so a look without changes is cheap.
 */
export class GraphKeeper {
  readonly #deps: GraphKeeperDeps
  readonly #options: GraphKeeperOptions
  readonly #kept = new Map<string, Kept>()
  readonly #stopping = new AbortController()
  #running: Promise<void> | null = null

  constructor(deps: GraphKeeperDeps, options: GraphKeeperOptions) {
    this.#deps = deps
    this.#options = options
  }

  /** From now on `take` gets the workspace's graph, now and when it has changed. */
  follow(workspace: string, take: (graph: PredictorGraph) => void): void {
    this.#kept.set(workspace, { take, lookedAtMs: null, isChanged: false, told: null, hasNone: false })
  }

  leave(workspace: string): void {
    this.#kept.delete(workspace)
  }

  /** A file of the workspace, or its revision, has changed. */
  changed(workspace: string): void {
    const kept = this.#kept.get(workspace)
    if (kept !== undefined) kept.isChanged = true
  }

  /** Looks at all workspaces that are due; resolves when that is done. A call while it runs waits for the same. */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  /** Ends what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopping'))
    await this.#running?.catch(() => {})
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    for (;;) {
      const due = [...this.#kept].find(([, kept]) => this.#isDue(kept))
      if (due === undefined || signal.aborted) return
      await this.#look(...due)
    }
  }

  #isDue({ lookedAtMs, isChanged, hasNone }: Kept): boolean {
    if (lookedAtMs === null) return true
    const ageMs = this.#deps.clock.monotonicMs() - lookedAtMs
    return !hasNone && ageMs >= (isChanged ? this.#options.pauseMs : this.#options.freshMs)
  }

  async #look(workspace: string, kept: Kept): Promise<void> {
    kept.lookedAtMs = this.#deps.clock.monotonicMs()
    kept.isChanged = false
    try {
      const graph = await this.#deps.load(workspace, this.#stopping.signal)
      kept.hasNone = graph === null
      if (graph === null) this.#tell(workspace, kept, 'its files are not listed, or too many')
      // It may have left meanwhile.
      else if (this.#kept.get(workspace) === kept) kept.take(graph)
    } catch (cause) {
      if (this.#stopping.signal.aborted) return
      if (!(cause instanceof ForewarmError)) throw cause
      kept.hasNone = cause.code === 'FW_ORIGIN_UNLISTABLE'
      this.#tell(workspace, kept, cause.message)
    }
  }

  /** Says once why a workspace is predicted without imports. */
  #tell(workspace: string, kept: Kept, why: string): void {
    if (kept.told === why) return
    kept.told = why
    this.#deps.logger.info({ workspace, why }, 'predictions go without the import graph of a workspace')
  }
}
