import type { Cache, CacheKey } from '../../ports/cache.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ProcessMemory } from '../../ports/process-memory.ts'
import type { Telemetry } from '../../ports/telemetry.ts'

export type PressureDeps = {
  readonly cache: Pick<Cache, 'pressure'>
  readonly memory: ProcessMemory
  readonly clock: Clock
  readonly telemetry: Telemetry
}

/** Memory pressure: the larger of the cache's and of this worker's own. */
export class PressureGauge {
  readonly #deps: PressureDeps
  readonly #sampleMs: number
  #sample: { readonly atMs: number; readonly ownShare: Promise<number> } | null = null

  constructor(deps: PressureDeps, sampleMs: number) {
    this.#deps = deps
    this.#sampleMs = sampleMs
  }

  /**
   * 0..1: where the value of a key would go; while its key is not known, where it would find the most room. Rejects when
   * the cache is away. What a prediction meets is this worker's own alone, as long as the cache takes predictions in.
   */
  async current(key: CacheKey | null, isPrediction: boolean): Promise<number> {
    const [cache, own] = await Promise.all([this.#deps.cache.pressure(key ?? undefined), this.#ownShare()])
    if (isPrediction && cache.takesPredictions) return own
    return Math.max(key === null ? cache.pressureMin : cache.pressure, own)
  }

  /** Tells of it while no command asks: a gauge stays as it was last set. Rejects when the cache is away. */
  async look(): Promise<void> {
    await this.#measure()
  }

  /** Read at most once a period, however many files are about to begin. */
  #ownShare(): Promise<number> {
    const atMs = this.#deps.clock.monotonicMs()
    if (this.#sample === null || atMs - this.#sample.atMs >= this.#sampleMs) {
      this.#sample = { atMs, ownShare: this.#measure() }
      // A failed sample is not kept: the next caller asks again.
      this.#sample.ownShare.catch(() => {
        this.#sample = null
      })
    }
    return this.#sample.ownShare
  }

  /** Tells of both; the cache's is that of its fullest node. */
  async #measure(): Promise<number> {
    const { cache, memory, telemetry } = this.#deps
    const [{ pressure }, ownShare] = await Promise.all([cache.pressure(), memory.share()])
    telemetry.measure('forewarm.cache.pressure', pressure)
    telemetry.measure('forewarm.worker.memory', ownShare)
    return ownShare
  }
}
