import type { CacheView } from './cache-view.ts'

const TAIL_RATE = 0.01
/** How much the price of a wasted warm rises with each warm that was wasted, beyond the share that may be. */
const STEP = 0.01
const DEARNESS_MAX = 12

/**
 * Shares of warms that are to be read before they leave, 0 to 1: below `floor` a wasted warm becomes dearer, above `ample`
 * cheaper, down to `dearnessMin` of its price; in between it stays what it is.
 */
export type PrecisionTarget = { readonly floor: number; readonly ample: number; readonly dearnessMin: number }

/**
 * What a place in the cache is worth, and what a wasted warm costs, as measured while it goes: learned from what became
 * of earlier warms, for the one cache that all workspaces of a process share.
 */
export class Worth {
  readonly #target: PrecisionTarget
  #tail = 0.2
  #dearnessLog = 0
  #used = 0
  #wasted = 0

  constructor(target: PrecisionTarget) {
    this.#target = target
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
   * Factor on the price of a wasted warm, such that the target's share of warms is read: an integral controller on what
   * became of the warms (its logarithm rises by the shortfall with each of them, and falls by the surplus).
   */
  dearness(view: CacheView): number {
    const used = view.used - this.#used
    const wasted = view.wasted - this.#wasted
    if (used + wasted > 0) {
      const next = this.#dearnessLog + STEP * this.#shortfall(used, used + wasted)
      this.#dearnessLog = Math.min(Math.log(DEARNESS_MAX), Math.max(Math.log(this.#target.dearnessMin), next))
      this.#used += used
      this.#wasted += wasted
    }
    return Math.exp(this.#dearnessLog)
  }

  /**
   * Reads that the target wanted beyond those that came; 0 where what came lies between its bounds and the price is
   * even.
   */
  #shortfall(used: number, warms: number): number {
    const { floor, ample } = this.#target
    const [below, above] = [floor * warms - used, ample * warms - used]
    if (this.#dearnessLog === 0) return Math.max(below, 0) + Math.min(above, 0)
    return this.#dearnessLog > 0 ? below : above
  }
}
