import type { WarmOutcomeKind } from '../outcome.ts'
import type { FileRef } from './file-ref.ts'

/** What a prediction came to. `dropped` ones were never acted upon. */
export type Verdict = 'hit' | 'late' | 'wasted' | 'dropped'

export const VERDICTS: readonly Verdict[] = ['hit', 'late', 'wasted', 'dropped']

/** Rows hold the place of a kind in this list: new ones go to its end. */
export const OUTCOME_KINDS: readonly WarmOutcomeKind[] = [
  'warmed',
  'present',
  'control',
  'skipped',
  'missing',
  'denied',
  'failed',
  'refreshed',
  'cold',
]

/** One file of a warm outcome whose verdict is still open. */
export type Prediction = {
  readonly ref: FileRef
  /** Number of this prediction among those that the shard has opened. */
  readonly serial: number
  readonly commandId: string
  readonly reason: string
  readonly disposition: WarmOutcomeKind
  readonly issuedAtMs: number
  readonly finishedAtMs: number
  readonly horizonAtMs: number
  /** Size of the value that was put into the cache, 0 when none was. */
  readonly bytes: number
  open: boolean
}

/** Open predictions, smallest horizon first, then the one opened first. Closed ones leave when they come up. */
export class PredictionHeap {
  #items: Prediction[] = []
  #open = 0

  get open(): number {
    return this.#open
  }

  push(prediction: Prediction): void {
    this.#open += 1
    this.#items.push(prediction)
    this.#rise(this.#items.length - 1)
  }

  /** Notes that a prediction was closed elsewhere; clears up when most of the heap is closed ones. */
  closed(): void {
    this.#open -= 1
    if (this.#items.length <= 2 * this.#open + 64) return
    const kept = this.#items.filter((prediction) => prediction.open)
    this.#items = []
    for (const prediction of kept) {
      this.#items.push(prediction)
      this.#rise(this.#items.length - 1)
    }
  }

  /** The open prediction with the smallest horizon. */
  first(): Prediction | null {
    for (;;) {
      const top = this.#items[0]
      if (top === undefined) return null
      if (top.open) return top
      this.#dropTop()
    }
  }

  /** All open predictions, in no order. */
  *values(): Iterable<Prediction> {
    for (const prediction of this.#items) if (prediction.open) yield prediction
  }

  #rise(from: number): void {
    const items = this.#items
    let at = from
    const item = items[at] as Prediction
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = items[above] as Prediction
      if (!before(item, parent)) break
      items[at] = parent
      at = above
    }
    items[at] = item
  }

  #dropTop(): void {
    const items = this.#items
    const item = items.pop()
    if (item === undefined || items.length === 0) return
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= items.length) break
      const right = items[below + 1]
      if (right !== undefined && before(right, items[below] as Prediction)) below += 1
      const child = items[below] as Prediction
      if (!before(child, item)) break
      items[at] = child
      at = below
    }
    items[at] = item
  }
}

const before = (one: Prediction, other: Prediction): boolean =>
  one.horizonAtMs < other.horizonAtMs || (one.horizonAtMs === other.horizonAtMs && one.serial < other.serial)
