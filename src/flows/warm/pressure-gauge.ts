import type { Cache } from '../../ports/cache.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Telemetry } from '../../ports/telemetry.ts'

/** The cache's pressure, asked for at most once a period however many files are about to begin. */
export class PressureGauge {
  readonly #deps: { readonly cache: Cache; readonly clock: Clock; readonly telemetry: Telemetry }
  readonly #sampleMs: number
  #sample: { readonly atMs: number; readonly pressure: Promise<number> } | null = null

  constructor(deps: { cache: Cache; clock: Clock; telemetry: Telemetry }, sampleMs: number) {
    this.#deps = deps
    this.#sampleMs = sampleMs
  }

  /** Share of the cache held by live entries, 0..1; rejects when the cache is away. */
  async current(): Promise<number> {
    const atMs = this.#deps.clock.monotonicMs()
    if (this.#sample === null || atMs - this.#sample.atMs >= this.#sampleMs) {
      this.#sample = { atMs, pressure: this.#ask() }
      // A failed sample is not kept: the next caller asks again.
      this.#sample.pressure.catch(() => {
        this.#sample = null
      })
    }
    return this.#sample.pressure
  }

  async #ask(): Promise<number> {
    const { pressure } = await this.#deps.cache.pressure()
    this.#deps.telemetry.measure('forewarm.cache.pressure', pressure)
    return pressure
  }
}
