/** How far one read moves the front towards what it tells, as a share of the way on a logarithmic scale. */
const GAIN = 0.3

/**
 * How long entries may have stood untouched, in movements, and still be there at this moment. The residence
 * (residence-fit.ts) is what that comes to in the long run. Where others use the same cache, what they bring in pushes
 * entries out sooner at one moment than at another, and nothing tells of it but reads that contradict: those that miss a
 * file believed there, and those that find one believed gone. Each moves the front towards how long its file had stood. A
 * cache that nobody else uses, and whose capacity is known, never contradicts.
 */
export class EvictionFront {
  #reach = Number.POSITIVE_INFINITY

  /** Movements; what has stood for longer is gone. Infinity until the first contradiction. */
  get reach(): number {
    return this.#reach
  }

  /** Takes in a read that found (`isThere`) or missed a file, against what was believed of it after so long. */
  contradict(stayed: number, isThere: boolean): void {
    // Gone for want of room, within the front: that is for the capacity to learn from.
    if (stayed <= 0 || (isThere && stayed <= this.#reach)) return
    this.#reach = Number.isFinite(this.#reach) ? this.#reach * (stayed / this.#reach) ** GAIN : stayed
  }
}
