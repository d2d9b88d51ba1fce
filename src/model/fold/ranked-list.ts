/**
 * Neighbours of one file with their counts, in the order of their last increase, most recent first. Two parallel
 * arrays, because a list is increased two dozen times an access and an object an entry would cost more than the count.
 */
export class RankedList<Ref> {
  readonly refs: Ref[] = []
  readonly counts: number[] = []

  /** Adds one to a neighbour's count and moves it to the front; when the list is full, a new one replaces the weakest. */
  increase(ref: Ref, max: number): void {
    const { refs, counts } = this
    let at = refs.indexOf(ref)
    let count = 1
    if (at >= 0) count += counts[at] ?? 0
    else if (refs.length >= max) at = this.#weakest()
    else {
      at = refs.length
      refs.push(ref)
      counts.push(0)
    }
    for (; at > 0; at -= 1) {
      refs[at] = refs[at - 1] as Ref
      counts[at] = counts[at - 1] ?? 0
    }
    refs[0] = ref
    counts[0] = count
  }

  /** Divides all counts by `divisor`, rounded down; what reaches 0 leaves. */
  fade(divisor: number): void {
    const { refs, counts } = this
    let kept = 0
    for (let at = 0; at < refs.length; at += 1) {
      const count = Math.floor((counts[at] ?? 0) / divisor)
      if (count === 0) continue
      refs[kept] = refs[at] as Ref
      counts[kept] = count
      kept += 1
    }
    refs.length = kept
    counts.length = kept
  }

  clear(): void {
    this.refs.length = 0
    this.counts.length = 0
  }

  /** The smallest count; of several, the one furthest back. */
  #weakest(): number {
    const { counts } = this
    let weakest = 0
    for (let at = 1; at < counts.length; at += 1) {
      if ((counts[at] ?? 0) <= (counts[weakest] ?? 0)) weakest = at
    }
    return weakest
  }
}
