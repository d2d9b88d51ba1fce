import { FEATURES } from './features.ts'
import type { FileRhythm } from './file-rhythm.ts'
import { grownFloat64, grownInt32 } from './grow.ts'
import { HEAD } from './scorer.ts'
import type { Settlement } from './settlement.ts'
import type { SharedState } from './shared-state.ts'

/** The reason that a renewal carries. */
export const RENEWAL = 'renewal'

/** Entries looked at from the cache's end at each read; each is weighed once a stay. */
const ENTRIES_MAX = 12

/**
 * Entries next to leave get another stay when they are likelier to be read again than those that leave on the average.
 * So an LRU keeps what is used time and again, as a cache with learned eviction would (Song, Berger, Li, Lloyd 2020,
 * "Learning Relaxed Belady for content distribution network caching"), and a renewal moves no bytes.
 */
export class Renewals {
  readonly #shared: SharedState
  readonly #settlement: Settlement
  readonly #rhythm: FileRhythm
  readonly #features = new Int32Array(FEATURES)
  /** By place in the view: the file there and one, 0 where the place is another workspace's. */
  #fileAt = new Int32Array(1024)
  /** By place: when the entry that was weighed last had moved. */
  #weighed = new Float64Array(1024)

  constructor(shared: SharedState, settlement: Settlement, rhythm: FileRhythm) {
    this.#shared = shared
    this.#settlement = settlement
    this.#rhythm = rhythm
  }

  /** `file` has the place `node` in the view. */
  describe(file: number, node: number): void {
    if (node >= this.#fileAt.length) {
      this.#fileAt = grownInt32(this.#fileAt, node + 1)
      this.#weighed = grownFloat64(this.#weighed, node + 1)
    }
    this.#fileAt[node] = file + 1
  }

  /** The files to renew now, those that would leave first at the head. */
  due(salt: number): { file: number; probability: number }[] {
    const { view, worth } = this.#shared
    const due: { file: number; probability: number }[] = []
    if (!view.isFull) return due
    let node = view.leavesAfter(0)
    for (let looked = 0; looked < ENTRIES_MAX && node !== 0; looked++, node = view.leavesAfter(node)) {
      const file = (this.#fileAt[node] ?? 0) - 1
      if (file < 0 || this.#weighed[node] === view.movedAt(node)) continue
      this.#weighed[node] = view.movedAt(node)
      const probability = this.#weigh(file, salt)
      if (probability >= worth.tail) due.push({ file, probability })
      worth.weighedTail(probability)
    }
    for (const { file } of due) this.#rhythm.renewed(file)
    return due
  }

  #weigh(file: number, salt: number): number {
    const { view, scorer } = this.#shared
    const { moves, residence, latencyMoves } = view
    this.#rhythm.write(file, { out: this.#features, salt })
    this.#settlement.add(file, { from: 0, all: this.#features }, { moves, residence, latencyMoves, scorer })
    return scorer.score(this.#features, 0, { count: FEATURES, head: HEAD.full })
  }
}
