/** The runs of the workspaces whose warm-requests this process reads. */
import type { WarmRequest } from '../../../warming/command.ts'
import { Slots } from '../../slots.ts'
import { type Enter, Run } from './run.ts'
import type { RunDeps, RunTimes } from './run-deps.ts'

export type CoordinatorOptions = {
  readonly times: RunTimes
  /** Runs that are planned and warmed at once; the others wait in order. */
  readonly runsAtOnce: number
  /** Runs that are known at once, waiting ones with them; beyond, the log keeps the requests. */
  readonly runsMax: number
}

const COORDINATOR_DEFAULTS: CoordinatorOptions = {
  times: { pollMs: 150, reissueMs: 60_000, unsureMs: 3_000, graceMs: 3_000, closingMs: 500 },
  runsAtOnce: 4,
  runsMax: 64,
}

/** Where a request stands in the log. */
export type RequestPlace = { readonly partition: number; readonly offset: number }

type Owned = RequestPlace & { readonly run: Run; readonly losing: AbortController; readonly course: Promise<void> }

/**
 * Carries runs out beside the partition handler, which only hands requests over. What was handed over stays uncommitted
 * until it has ended, so that whoever gets the partition next reads it again and goes on from the notes.
 */
export class RunCoordinator {
  /** Never resolves; rejects when a run met an error that nobody foresaw. */
  readonly failed: Promise<never>
  readonly #deps: RunDeps
  readonly #options: CoordinatorOptions
  readonly #turns: Slots
  readonly #failing = Promise.withResolvers<never>()
  readonly #owned = new Map<string, Owned>()

  constructor(deps: RunDeps, options: CoordinatorOptions = COORDINATOR_DEFAULTS) {
    this.#deps = deps
    this.#options = options
    this.#turns = new Slots(options.runsAtOnce)
    this.failed = this.#failing.promise
    this.failed.catch(() => {})
  }

  /** Takes a request; false when too many runs are open, so that it is to be handed over again later. */
  accept(request: WarmRequest, place: RequestPlace): boolean {
    const key = keyOf(request)
    const owned = this.#owned.get(key)
    if (request.action === 'cancel') owned?.run.cancel()
    if (request.action === 'cancel' || owned !== undefined) return true
    if (this.#owned.size >= this.#options.runsMax) return false
    const run = new Run(this.#deps, this.#options.times, request)
    const losing = new AbortController()
    const course = run.carryOut(this.#enter, losing.signal).then(
      () => this.#forget(key, run),
      (cause) => this.#broken(key, run, { cause, isLost: losing.signal.aborted }),
    )
    this.#owned.set(key, { ...place, run, losing, course })
    this.#measure()
    return true
  }

  /** The offset to commit of a partition that was handled up to `next`: the oldest request whose run has not ended. */
  resumeOffset(partition: number, next: number): number {
    const open = [...this.#owned.values()].filter((owned) => owned.partition === partition)
    return Math.min(next, ...open.map(({ offset }) => offset))
  }

  /** Gives up the runs of partitions that are no longer this process's; another one goes on with them. */
  async revoked(partitions: readonly number[]): Promise<void> {
    const lost = [...this.#owned].filter(([, { partition }]) => partitions.includes(partition))
    for (const [key, { losing }] of lost) {
      losing.abort(new Error("the run is no longer this process's"))
      this.#owned.delete(key)
    }
    this.#measure()
    await Promise.all(lost.map(([, { course }]) => course))
  }

  stop(): Promise<void> {
    return this.revoked([...this.#owned.values()].map(({ partition }) => partition))
  }

  readonly #enter: Enter = async (signal) => {
    await this.#turns.take(signal)
    return () => this.#turns.release()
  }

  /** A run of this name may have begun anew here after it was given up. */
  #forget(key: string, run: Run): void {
    if (this.#owned.get(key)?.run !== run) return
    this.#owned.delete(key)
    this.#measure()
  }

  #broken(key: string, run: Run, { cause, isLost }: { cause: unknown; isLost: boolean }): void {
    this.#forget(key, run)
    if (!isLost) this.#failing.reject(cause)
  }

  #measure(): void {
    this.#deps.telemetry.measure('forewarm.runs.open', this.#owned.size)
  }
}

const keyOf = ({ workspace, id }: WarmRequest): string => `${workspace}\n${id}`
