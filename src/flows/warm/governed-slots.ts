import type { Clock } from '../../ports/clock.ts'
import { ForewarmError } from '../../ports/errors.ts'
import type { Attributes, Log, Telemetry } from '../../ports/telemetry.ts'
import { type GovernorOptions, LatencyGovernor } from '../../warming/governor.ts'
import { Slots } from '../slots.ts'

export type GovernedDeps = { readonly clock: Clock; readonly telemetry: Telemetry; readonly logger: Log }

export type GovernedOptions = GovernorOptions & {
  /** Places when nothing slows down; there is always one. */
  readonly max: number
  /** A call that failed counts as one that took so long, milliseconds. */
  readonly failedMs: number
  /** What is guarded, for metrics and logs. */
  readonly of: Attributes
}

/** Places for files in flight, fewer of them while calls to what they load take longer than they used to. */
export class GovernedSlots extends Slots {
  readonly #deps: GovernedDeps
  readonly #options: GovernedOptions
  readonly #governor: LatencyGovernor

  constructor(deps: GovernedDeps, options: GovernedOptions) {
    super(options.max)
    this.#deps = deps
    this.#options = options
    this.#governor = new LatencyGovernor(options)
  }

  /** Share of the places that there are now, 0..1. */
  get level(): number {
    return this.#governor.level
  }

  /** Runs a call whose time counts, unless `counts` says of its answer that it does not. */
  async timed<Answer>(call: () => Promise<Answer>, counts: (answer: Answer) => boolean = always): Promise<Answer> {
    const { clock } = this.#deps
    const startedMs = clock.monotonicMs()
    try {
      const answer = await call()
      if (counts(answer)) this.#observe(clock.monotonicMs() - startedMs)
      return answer
    } catch (error) {
      if (error instanceof ForewarmError && error.retriable) {
        this.#observe(Math.max(this.#options.failedMs, clock.monotonicMs() - startedMs))
      }
      throw error
    }
  }

  #observe(latencyMs: number): void {
    const { clock, telemetry, logger } = this.#deps
    const { max, of } = this.#options
    const before = this.#governor.level
    this.#governor.observe(latencyMs, clock.monotonicMs())
    const { level } = this.#governor
    telemetry.measure('forewarm.warm.governor', level, of)
    if (level === before) return
    this.resize(Math.max(1, Math.floor(level * max)))
    if (before === 1) {
      // The median that was judged: a single call may well be a quick one.
      const [baselineMs, medianMs] = [this.#governor.baselineMs ?? 0, this.#governor.judgedMs ?? 0]
      logger.warn({ ...of, baselineMs, medianMs }, 'calls take longer than they used to: warming slows down')
    } else if (level === 1) logger.info(of, 'calls are as fast as they used to be: warming goes on at full speed')
  }
}

const always = (): boolean => true
