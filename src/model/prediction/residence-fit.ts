/** Steps of the histogram a doubling. */
const STEPS = 4
const BUCKETS = 28 * STEPS
/** Reads between two looks; what was seen before the last one counts half, and so on. */
const EVERY = 256
/** Another residence must spare this share of the reads that are now told wrongly, ... */
const GAIN_MIN = 0.03
/** ... and one look moves it by this factor at most. */
const FACTOR_MAX = 2

/**
 * How long entries really stay in the cache. A read finds its file there or not; for how many movements the file had
 * stood untouched is known. The residence that tells most of the latest reads rightly (there up to it, gone beyond) is
 * the one that fits; while the one believed does nearly as well it is left alone, so that a capacity that is exactly
 * known stays what it is. The evidence does not depend on the belief, so a belief that is far off is no harder to mend.
 */
export class ResidenceFit {
  readonly #there = new Float64Array(BUCKETS)
  readonly #gone = new Float64Array(BUCKETS)
  #seen = 0
  #wrong = 0

  /**
   * Takes in one read of a file that had stood untouched for `stayed` movements; returns by what to multiply the
   * residence believed, 1 nearly always.
   */
  observe(read: { stayed: number; isThere: boolean; believed: boolean }, residence: number): number {
    if (read.believed !== read.isThere) this.#wrong++
    const counts = read.isThere ? this.#there : this.#gone
    const bucket = bucketOf(read.stayed)
    counts[bucket] = (counts[bucket] ?? 0) + 1
    if (++this.#seen < EVERY) return 1
    this.#seen = 0
    const factor = this.#factor(residence)
    this.#wrong /= 2
    for (let at = 0; at < BUCKETS; at++) {
      this.#there[at] = (this.#there[at] ?? 0) / 2
      this.#gone[at] = (this.#gone[at] ?? 0) / 2
    }
    return factor
  }

  #factor(residence: number): number {
    const wrong = this.#wrongBelow()
    const least = Math.min(...wrong)
    if (this.#wrong - least <= GAIN_MIN * EVERY) return 1
    const believed = STEPS * Math.log2(residence)
    let steps = Number.POSITIVE_INFINITY
    for (let edge = 0; edge <= BUCKETS; edge++)
      if (wrong[edge] === least && Math.abs(edge - believed) < Math.abs(steps)) steps = edge - believed
    return Math.min(FACTOR_MAX, Math.max(1 / FACTOR_MAX, 2 ** (steps / STEPS)))
  }

  /** By each edge between buckets: reads told wrongly if that were the residence. */
  #wrongBelow(): number[] {
    let wrong = this.#there.reduce((sum, count) => sum + count, 0)
    const all = [wrong]
    for (let edge = 1; edge <= BUCKETS; edge++) {
      wrong += (this.#gone[edge - 1] ?? 0) - (this.#there[edge - 1] ?? 0)
      all.push(wrong)
    }
    return all
  }
}

const bucketOf = (movements: number): number =>
  Math.min(BUCKETS - 1, Math.max(0, Math.floor(STEPS * Math.log2(Math.max(1, movements)))))
