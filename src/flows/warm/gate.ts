import type { CacheKey } from '../../ports/cache.ts'
import type { ByteBudget } from '../../warming/byte-budget.ts'
import type { WarmCommand } from '../../warming/command.ts'
import { reasonToSkip, type SkipReason } from '../../warming/decide.ts'
import type { WarmDependencies } from './dependencies.ts'
import type { PressureGauge } from './pressure-gauge.ts'

export type GateDeps = Pick<WarmDependencies, 'clock' | 'paused'> & { readonly pressure: PressureGauge }

/** What stands before each file of one command, and again before its value is put. Remembers the highest pressure met. */
export class Gate {
  readonly #deps: GateDeps
  readonly #command: WarmCommand
  readonly #budget: ByteBudget
  #pressureMet = 0

  constructor(deps: GateDeps, command: WarmCommand, budget: ByteBudget) {
    this.#deps = deps
    this.#command = command
    this.#budget = budget
  }

  /** The highest pressure that the command met, 0..1. */
  get pressureMet(): number {
    return this.#pressureMet
  }

  /** Why a file is not to go on now, or null; `key` null while its version is not known. Rejects when the cache is away. */
  async reasonToSkip(key: CacheKey | null): Promise<SkipReason | null> {
    const { clock, paused } = this.#deps
    const pressure = await this.#deps.pressure.current(key)
    this.#pressureMet = Math.max(this.#pressureMet, pressure)
    const isPaused = paused(this.#command.workspace)
    const now = { nowMs: clock.now(), paused: isPaused, pressure, leftBytes: this.#budget.leftBytes }
    return reasonToSkip(this.#command, now)
  }
}
