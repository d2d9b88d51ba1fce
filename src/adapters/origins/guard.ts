/** What stands between an origin and those who read from it: places, a time limit, a circuit breaker, a retry budget. */
import {
  BrokenCircuitError,
  bulkhead,
  CircuitState,
  CountBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  noJitterGenerator,
} from 'cockatiel'
import { ForewarmError } from '../../ports/errors.ts'
import type { Telemetry } from '../../ports/telemetry.ts'
import { RetryBudget } from './retry-budget.ts'
import { unavailable } from './unavailable.ts'

export type GuardOptions = {
  /** The workspace, as the origin's name in metrics and messages. */
  readonly workspace: string
  /** Requests in flight at the same time; one that nobody waits for any more counts until it ends. */
  readonly concurrency: number
  /** A request without an answer for so long has failed, milliseconds. */
  readonly timeoutMs: number
  /** Retries allowed for each request, 0..1. */
  readonly retryShare: number
  /** Share of failures among the last requests above which the origin is left alone, above 0 and below 1. */
  readonly failureShare: number
  /** How long it is left alone at first, milliseconds; doubled with every probe that fails, up to a minute. */
  readonly restMs: number
  readonly telemetry: Telemetry
}

export type GuardedCall = {
  readonly operation: string
  readonly signal: AbortSignal
  readonly timeoutMs: number
  /** Whether the caller tries again what is retriable: then each failure takes from the retry budget. */
  readonly isRetried: boolean
}

/** The last requests that the breaker looks at. */
const WINDOW_SIZE = 20

/** How many of them there must be before it opens; fewer where fewer can be in flight. */
const WINDOW_MIN = 5

const REST_MS_MAX = 60_000

const STATES: ReadonlyMap<CircuitState, number> = new Map([
  [CircuitState.Closed, 0],
  [CircuitState.HalfOpen, 1],
  [CircuitState.Open, 2],
])

/** A request that the origin is at work on. */
type Working = { isOver: boolean; over: Promise<void> }

const isFault = (error: unknown): boolean => error instanceof ForewarmError && error.code === 'FW_ORIGIN_UNAVAILABLE'

export class Guard {
  readonly #options: GuardOptions
  readonly #places
  readonly #breaker
  readonly #budget: RetryBudget
  /** Requests that the origin has not ended yet, and those of them that nobody waits for any more. */
  #working = 0
  #abandoned = 0
  /** Resolved when every place is held by a request without answer. */
  #stuck = Promise.withResolvers<void>()

  constructor(options: GuardOptions) {
    this.#options = options
    const { concurrency, retryShare, failureShare, restMs } = options
    this.#places = bulkhead(concurrency, Number.POSITIVE_INFINITY)
    this.#breaker = circuitBreaker(handleWhen(isFault), {
      breaker: new CountBreaker({
        threshold: failureShare,
        size: WINDOW_SIZE,
        minimumNumberOfCalls: Math.min(WINDOW_MIN, concurrency),
      }),
      halfOpenAfter: new ExponentialBackoff({
        initialDelay: restMs,
        maxDelay: Math.max(restMs, REST_MS_MAX),
        generator: noJitterGenerator,
      }),
    })
    this.#budget = new RetryBudget(retryShare)
    this.#breaker.onStateChange((state) => this.#tell(state))
    this.#tell(CircuitState.Closed)
  }

  get timeoutMs(): number {
    return this.#options.timeoutMs
  }

  /**
   * Runs `work` in a place, in time, and not at all while the origin is left alone. Rejects as `work` does, with the
   * signal's reason, and with FW_ORIGIN_UNAVAILABLE: not retriable where trying again at once would only add to the load.
   */
  async call<Result>(call: GuardedCall, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const startedMs = performance.now()
    const tell = (outcome: string): void => this.#measure(call.operation, outcome, performance.now() - startedMs)
    call.signal.throwIfAborted()
    try {
      const result = await this.#enter(call, work)
      tell(outcomeOf(result))
      return result
    } catch (error) {
      if (error instanceof BrokenCircuitError) {
        tell('refused')
        throw this.#resting(call)
      }
      tell(isFault(error) ? 'failed' : call.signal.aborted ? 'aborted' : 'error')
      throw call.isRetried && isFault(error) && !this.#budget.take() ? notAgain(error) : error
    }
  }

  /** The place is held until `work` itself has ended, also when nobody waits for it any more. */
  #enter<Result>(call: GuardedCall, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const { signal } = call
    if (this.#isShut()) return Promise.reject(new BrokenCircuitError())
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    const leave = (): void => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    const inPlace = async (): Promise<void> => {
      if (this.#isShut() || this.#working >= this.#options.concurrency) throw new BrokenCircuitError()
      this.#budget.request()
      let working: Working | null = null
      const tried = this.#breaker.execute(() => {
        const begun = this.#inTime(call, work)
        working = this.#counted(begun.working)
        return begun.result
      })
      tried.then(resolve, reject)
      await Promise.allSettled([tried])
      if (working !== null) await this.#letGo(working)
    }
    this.#places.execute(inPlace, signal).catch(reject)
    return promise.finally(() => signal.removeEventListener('abort', leave))
  }

  /** Whether a request would only wait: for a probe's result, or for places that are held by requests without answer. */
  #isShut(): boolean {
    return this.#breaker.state === CircuitState.HalfOpen || this.#abandoned >= this.#options.concurrency
  }

  #counted(work: Promise<unknown>): Working {
    this.#working += 1
    const working = { isOver: false, over: Promise.resolve() }
    working.over = Promise.allSettled([work]).then(() => {
      this.#working -= 1
      working.isOver = true
    })
    return working
  }

  /** Waits for what nobody else waits for any more, unless that is so in all places: who comes then is refused. */
  async #letGo(working: Working): Promise<void> {
    if (working.isOver) return
    const { promise } = this.#stuck
    this.#abandoned += 1
    const gone = working.over.then(() => {
      this.#abandoned -= 1
    })
    if (this.#abandoned >= this.#options.concurrency) {
      this.#stuck.resolve()
      this.#stuck = Promise.withResolvers()
    }
    await Promise.race([gone, promise])
  }

  #inTime<Result>({ signal, timeoutMs }: GuardedCall, work: (signal: AbortSignal) => Promise<Result>) {
    const isProbe = this.#breaker.state === CircuitState.HalfOpen
    const over = new AbortController()
    const { promise: ended, reject: end } = Promise.withResolvers<never>()
    const stop = (reason: unknown): void => {
      over.abort(reason)
      end(reason)
    }
    const late = setTimeout(() => stop(unavailable(`no answer within ${timeoutMs} ms`)), timeoutMs)
    // A probe that is given up has not shown that the origin is well.
    const leave = (): void => stop(isProbe ? unavailable('given up while the origin was probed') : signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    const working = work(over.signal)
    const result = Promise.race([working, ended]).finally(() => {
      clearTimeout(late)
      signal.removeEventListener('abort', leave)
    })
    return { working, result }
  }

  #resting({ isRetried }: GuardedCall): ForewarmError {
    const message = `the origin of ${this.#options.workspace} has failed too often and is left alone for a while`
    return new ForewarmError('FW_ORIGIN_UNAVAILABLE', message, { retriable: !isRetried })
  }

  #tell(state: CircuitState): void {
    const { telemetry, workspace } = this.#options
    telemetry.measure('forewarm.origin.breaker', STATES.get(state) ?? 0, { workspace })
  }

  #measure(operation: string, outcome: string, tookMs: number): void {
    const { telemetry, workspace } = this.#options
    telemetry.measure('forewarm.origin.requests', 1, { workspace, operation, outcome })
    telemetry.measure('forewarm.origin.duration', tookMs / 1_000, { workspace, operation })
  }
}

/** What a read came to; `done` for what has no outcomes. */
const outcomeOf = (result: unknown): string =>
  typeof result === 'object' && result !== null && 'outcome' in result ? String(result.outcome) : 'done'

const notAgain = (cause: unknown): ForewarmError =>
  new ForewarmError('FW_ORIGIN_UNAVAILABLE', 'the origin fails, and its retry budget is spent', { cause })
