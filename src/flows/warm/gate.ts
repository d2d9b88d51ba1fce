import type { CacheKey } from '../../ports/cache.ts'
import type { ByteBudget } from '../../warming/byte-budget.ts'
import { isPrediction, type WarmCommand } from '../../warming/command.ts'
import { reasonToSkip, type SkipReason } from '../../warming/decide.ts'
import type { Claim } from '../slots.ts'
import type { WarmDependencies } from './dependencies.ts'
import type { SharedLimits } from './limits.ts'
import type { PressureGauge } from './pressure-gauge.ts'
import type { Purse, Taker } from './purse.ts'
import { Refused } from './refused.ts'

export type GateDeps = Pick<WarmDependencies, 'clock' | 'paused' | 'beat'> & {
  readonly pressure: PressureGauge
  readonly limits: SharedLimits
}

export type GateOptions = {
  readonly command: WarmCommand
  readonly budget: ByteBudget
  /** Whether its files come before those of others where limits make them wait. */
  readonly claim: Claim
  /** Aborted at the command's deadline and when the worker stops. */
  readonly signal: AbortSignal
}

/** What stands before each file of one command, and again before its value is put. Remembers the highest pressure met. */
export class Gate {
  readonly #deps: GateDeps
  readonly #options: GateOptions
  readonly #run: Purse | null
  #pressureMet = 0

  constructor(deps: GateDeps, options: GateOptions) {
    this.#deps = deps
    this.#options = options
    this.#run = deps.limits.ofRun(options.command)
  }

  /** The highest pressure that the command met, 0..1. */
  get pressureMet(): number {
    return this.#pressureMet
  }

  /** Why a file is not to go on now, or null; `key` null while its version is not known. Rejects when the cache is away. */
  async reasonToSkip(key: CacheKey | null): Promise<SkipReason | null> {
    const { clock, paused } = this.#deps
    const { command, budget } = this.#options
    const pressure = await this.#deps.pressure.current(key, isPrediction(command))
    this.#pressureMet = Math.max(this.#pressureMet, pressure)
    const isPaused = paused(command.workspace)
    const now = { nowMs: clock.now(), paused: isPaused, pressure, leftBytes: budget.leftBytes }
    return reasonToSkip(command, now)
  }

  /** Waits until one more file may be loaded. Rejects with Refused when it is not to wait, with the signal's reason. */
  async enterFile(): Promise<void> {
    this.#entered(await this.#deps.limits.take('files', 1, this.#taker()))
  }

  /** Waits until the origin may be asked once more; rejects as `enterFile` does. */
  async enterRequest(): Promise<void> {
    this.#entered(await this.#deps.limits.take('requests', 1, this.#taker()))
  }

  /** Waits until so many bytes may be put; rejects as `enterFile` does. */
  async enterBytes(bytes: number): Promise<void> {
    const { limits } = this.#deps
    this.#entered(await limits.takeFrom(this.#run, { name: 'run', amount: bytes }, this.#taker()))
    this.#entered(await limits.take('bytes', bytes, this.#taker()))
  }

  #taker(): Taker {
    const { command, signal, claim } = this.#options
    const waitMsMax = Math.max(0, command.deadlineMs - this.#deps.clock.now())
    return { signal, claim, waitMsMax, givesUp: () => this.#isGivenUp() }
  }

  #isGivenUp(): boolean {
    const { beat, paused } = this.#deps
    beat()
    return paused(this.#options.command.workspace)
  }

  #entered(isIn: boolean): void {
    if (isIn) return
    // A wait that would end after the deadline is not begun.
    throw new Refused(this.#deps.paused(this.#options.command.workspace) ? 'paused' : 'deadline')
  }
}
