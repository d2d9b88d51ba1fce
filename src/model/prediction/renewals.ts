import { UNREAD_MS } from './decision.ts'
import type { Expectation } from './expectation.ts'
import { FEATURES } from './features.ts'
import { FileRhythm } from './file-rhythm.ts'
import type { FileTable } from './file-table.ts'
import { grownFloat64, grownInt32 } from './grow.ts'
import type { Prediction } from './predictor.ts'
import { HEAD } from './scorer.ts'
import type { Settlement } from './settlement.ts'
import type { SharedState } from './shared-state.ts'

/** The reason that a renewal carries. */
const RENEWAL = 'renewal'

/** Entries looked at from the cache's end at each read, as a share of the cache; each is weighed once a stay. */
const ENTRIES_SHARE = 0.04
const ENTRIES_MIN = 8
const ENTRIES_MAX = 40
/** As many more are passed over as may leave before a renewal arrives; when those are more than this, none is weighed. */
const GONE_MAX = 64
const NOTHING: readonly Prediction[] = []

type Entry = { readonly file: number; readonly node: number }
type Due = Entry & { readonly probability: number }

/**
 * Entries next to leave get another stay when they are likelier to be read again than those that leave on the average.
 * So an LRU keeps what is used time and again, as a cache with learned eviction would (Song, Berger, Li, Lloyd 2020,
 * "Learning Relaxed Belady for content distribution network caching"), and a renewal moves no bytes.
 */
export class Renewals {
  readonly #shared: SharedState
  readonly #settlement: Settlement
  readonly #files: FileTable
  readonly #expectation: (file: number) => Expectation
  readonly #rhythm: FileRhythm
  readonly #features = new Int32Array(FEATURES)
  /** By place in the view: the file there and one, 0 where the place is another workspace's. */
  #fileAt = new Int32Array(1024)
  /** By place: when the entry that was weighed last had moved. */
  #weighed = new Float64Array(1024)

  constructor(
    shared: SharedState,
    settlement: Settlement,
    of: { files: FileTable; expectation: (file: number) => Expectation },
  ) {
    const { files, expectation } = of
    this.#expectation = expectation
    this.#shared = shared
    this.#settlement = settlement
    this.#files = files
    this.#rhythm = new FileRhythm(shared.view, files)
  }

  /** Takes in a read of `file`, now. */
  read(file: number): void {
    this.#rhythm.read(file)
  }

  /** `file` has the place `node` in the view. */
  describe(file: number, node: number): void {
    if (node >= this.#fileAt.length) {
      this.#fileAt = grownInt32(this.#fileAt, node + 1)
      this.#weighed = grownFloat64(this.#weighed, node + 1)
    }
    this.#fileAt[node] = file + 1
  }

  /** Renews what is worth it now, those first that would leave first; nothing where others use the cache too. */
  renew(salt: number, nowMs: number): readonly Prediction[] {
    const due = this.#due(salt)
    if (due.length === 0) return NOTHING
    const [reason, horizonAtMs] = [RENEWAL, nowMs + UNREAD_MS]
    return due.map(({ file, node, probability }) => {
      this.#rhythm.renewed(file)
      this.#shared.view.warm(node)
      return { path: this.#files.path(file), probability, reason, expectedAtMs: nowMs, horizonAtMs }
    })
  }

  #due(salt: number): readonly Due[] {
    const { view, worth } = this.#shared
    const due: Due[] = []
    const gone = view.latencyMoves
    const entries = Math.min(ENTRIES_MAX, Math.max(ENTRIES_MIN, view.capacityFiles * ENTRIES_SHARE))
    if (!view.isFull || view.isShared || gone > GONE_MAX) return due
    let node = view.leavesAfter(0)
    for (let place = 0; place < gone + entries && node !== 0; place++, node = view.leavesAfter(node)) {
      const file = (this.#fileAt[node] ?? 0) - 1
      if (place < gone || file < 0 || this.#weighed[node] === view.movedAt(node)) continue
      this.#weighed[node] = view.movedAt(node)
      const probability = this.#weigh({ file, node }, salt)
      if (probability >= worth.tail) due.push({ file, node, probability })
      worth.weighedTail(probability)
    }
    return due
  }

  #weigh({ file, node }: Entry, salt: number): number {
    const { view, scorer } = this.#shared
    const { moves, residence, latencyMoves } = view
    const [expectation, isUnread] = [this.#expectation(file), view.isUnread(node)]
    this.#rhythm.write(file, { out: this.#features, salt, expectation, isUnread })
    this.#settlement.add(file, { from: 0, all: this.#features }, { moves, residence, latencyMoves, scorer })
    return scorer.score(this.#features, 0, { count: FEATURES, head: HEAD.full })
  }
}
