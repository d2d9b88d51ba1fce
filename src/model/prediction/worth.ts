import type { CacheView } from './cache-view.ts'

const TAIL_RATE = 0.01
/** How much the price of a wasted warm rises with each warm that was wasted, beyond the share that may be. */
const STEP = 0.01
const DEARNESS_MAX = 12

/**
 * What a place in the cache is worth, and what a wasted warm costs, as measured while it goes: learned from what became
 * of earlier warms, for the one cache that all workspaces of a process share.
 */
export class Worth {
  readonly #floor: { readonly share: number; readonly dearnessMin: number }
  #tail = 0.2
  #dearnessLog = 0
  #used = 0
  #wasted = 0

  constructor(floor: { readonly share: number; readonly dearnessMin: number }) {
    this.#floor = floor
  }

  /** Mean probability, 0 to 1, that an entry which is next to leave would have been read within another residence. */
  get tail(): number {
    return this.#tail
  }

  /** Notes how probable a read of an entry at the end of its stay was found to be. */
  weighedTail(probability: number): void {
    this.#tail += (probability - this.#tail) * TAIL_RATE
  }

  /**
   * Factor on the price of a wasted warm, such that the floor's share of warms is read: an integral controller on what
   * became of the warms (its logarithm rises by the shortfall with each of them).
   */
  dearness(view: CacheView): number {
    const used = view.used - this.#used
    const wasted = view.wasted - this.#wasted
    if (used + wasted > 0) {
      const { share, dearnessMin } = this.#floor
      const next = this.#dearnessLog + STEP * (share * (used + wasted) - used)
      this.#dearnessLog = Math.min(Math.log(DEARNESS_MAX), Math.max(Math.log(dearnessMin), next))
      this.#used += used
      this.#wasted += wasted
    }
    return Math.exp(this.#dearnessLog)
  }
}
