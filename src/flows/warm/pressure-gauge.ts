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
  #memory: { readonly atMs: number; readonly share: Promise<number> } | null = null

  constructor(deps: PressureDeps, sampleMs: number) {
    this.#deps = deps
    this.#sampleMs = sampleMs
  }

  /**
   * 0..1: where the value of a key would go; while its key is not known, where it would find the most room. Rejects when
   * the cache is away.
   */
  async current(key: CacheKey | null): Promise<number> {
    const [cache, own] = await Promise.all([this.#deps.cache.pressure(key ?? undefined), this.#ownShare()])
    this.#deps.telemetry.measure('forewarm.cache.pressure', cache.pressure)
    return Math.max(key === null ? cache.pressureMin : cache.pressure, own)
  }

  /** Read at most once a period, however many files are about to begin. */
  #ownShare(): Promise<number> {
    const { clock, memory } = this.#deps
    const atMs = clock.monotonicMs()
    if (this.#memory === null || atMs - this.#memory.atMs >= this.#sampleMs) {
      this.#memory = { atMs, share: memory.share() }
      this.#memory.share.then((share) => this.#deps.telemetry.measure('forewarm.worker.memory', share)).catch(() => {})
    }
    return this.#memory.share
  }
}
