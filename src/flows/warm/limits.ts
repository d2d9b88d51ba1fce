import { shortId } from '../../model/identity.ts'
import type { CacheKey } from '../../ports/cache.ts'
import type { WarmCommand } from '../../warming/command.ts'
import { SPEND_WAIT_MS_MAX } from '../../warming/spend.ts'
import type { WarmDependencies, WarmLimits } from './dependencies.ts'
import { Purse, type Taker } from './purse.ts'

export type LimitName = 'bytes' | 'files' | 'requests' | 'run'

/** A pause lets so much gather that is then spent at once, seconds of the rate. */
const BURST_SECONDS = 1

/** Taken ahead by one worker, seconds of the rate: ten calls a second keep a worker at any rate. */
const CHUNK_SECONDS = 0.1

export type LimitDeps = Pick<WarmDependencies, 'cache' | 'clock' | 'telemetry' | 'sha256Hex'> & {
  /** Asks the cache, and again if it is away for the moment. */
  readonly askCache: <Answer>(signal: AbortSignal, ask: () => Promise<Answer>) => Promise<Answer>
}

/** Budgets in the cache that hold over all workers together; one of these for each worker. */
export class SharedLimits {
  readonly #deps: LimitDeps
  readonly #purses: ReadonlyMap<LimitName, Purse>

  constructor(deps: LimitDeps, limits: WarmLimits) {
    this.#deps = deps
    const rates: readonly (readonly [LimitName, number])[] = [
      ['bytes', limits.bytesPerSecondMax],
      ['files', limits.filesPerSecondMax],
      ['requests', limits.originRequestsPerSecondMax],
    ]
    const bounded = rates.filter(([, perSecond]) => perSecond > 0)
    this.#purses = new Map(
      bounded.map(([name, perSecond]) => [
        name,
        this.#purse({ workspaceId: ALL, rest: name }, perSecond, perSecond * CHUNK_SECONDS),
      ]),
    )
  }

  /** The bound on the bytes of a command's run, or of the command alone outside runs; null when it has none. */
  ofRun({ bytesPerSecondMax, workspace, runId, id }: WarmCommand): Purse | null {
    if (bytesPerSecondMax === 0) return null
    const { sha256Hex } = this.#deps
    const rest = `r.${shortId(runId ?? id, sha256Hex)}`
    // Nothing is taken ahead: what a command had left at its end would be lost to its run.
    return this.#purse({ workspaceId: shortId(workspace, sha256Hex), rest }, bytesPerSecondMax, 0)
  }

  /** Waits until an amount of what is bounded may be used; false when the taker is not to wait for it. */
  take(name: Exclude<LimitName, 'run'>, amount: number, taker: Taker): Promise<boolean> {
    return this.takeFrom(this.#purses.get(name) ?? null, { name, amount }, taker)
  }

  /** The same from a purse of `ofRun`. */
  async takeFrom(purse: Purse | null, asked: { name: LimitName; amount: number }, taker: Taker): Promise<boolean> {
    if (purse === null) return true
    const { clock, telemetry } = this.#deps
    const startedMs = clock.monotonicMs()
    try {
      return await purse.take(asked.amount, taker)
    } finally {
      const seconds = (clock.monotonicMs() - startedMs) / 1_000
      telemetry.measure('forewarm.warm.throttled', seconds, { limit: asked.name })
    }
  }

  #purse(budget: CacheKey, perSecond: number, ahead: number): Purse {
    const { clock, cache, askCache } = this.#deps
    const burst = perSecond * BURST_SECONDS
    return new Purse({
      clock,
      chunk: Math.floor(ahead),
      spend: (amount, waitMsMax, signal) => {
        const limit = { perSecond, burst, waitMsMax: Math.min(waitMsMax, SPEND_WAIT_MS_MAX) }
        return askCache(signal, () => cache.spend(budget, amount, limit))
      },
    })
  }
}

/** In the place of a workspace's id, which has 16 hex digits: these budgets are of all workspaces. */
const ALL = 'all'
