import type { Calibration } from './calibration.ts'
import { FEATURES } from './features.ts'
import { grownInt32 } from './grow.ts'
import { LIMITS } from './limits.ts'
import { HEAD, type Scorer } from './scorer.ts'

/** The near horizon, as a share of the residence. */
const NEAR_SHARE = 0.06

/** The moment of weighing, by the cache's clock. */
type Issue = {
  readonly moves: number
  readonly residence: number
  readonly latencyMoves: number
  readonly scorer: Scorer
  /** What the near head says. */
  readonly promised?: number
  /** Event time after which a read comes too late, whatever the cache holds; never unless given. */
  readonly overMs?: number
}

/**
 * Weighed candidates wait here until a horizon is over, the near one or the cache's residence, or the time in which they
 * are to be read; then it is known whether they met it, and the scorer's head of that horizon learns. Reads and time-outs
 * are both learned at that moment: learning reads at once would make the scorer believe, for as long as a horizon lasts,
 * that everything is read.
 */
export class Settlement {
  readonly #file: Int32Array
  readonly #issued: Float64Array
  readonly #residence: Float64Array
  readonly #latency: Float64Array
  readonly #readAt: Float64Array
  readonly #promised: Float64Array
  readonly #overMs: Float64Array
  readonly #calibration: Calibration | undefined
  readonly #next: Int32Array
  readonly #features: Int32Array
  #waiting = new Int32Array(1024).fill(-1)
  /** The oldest entry whose residence is not over, the oldest whose near horizon is not, and where the next one goes. */
  #first = 0
  #firstNear = 0
  #end = 0

  /** `calibration` is told what came of each promise of the near horizon. */
  constructor(calibration?: Calibration) {
    this.#calibration = calibration
    const max = LIMITS.pendingMax
    this.#file = new Int32Array(max)
    this.#issued = new Float64Array(max)
    this.#residence = new Float64Array(max)
    this.#latency = new Float64Array(max)
    this.#readAt = new Float64Array(max)
    this.#promised = new Float64Array(max)
    this.#overMs = new Float64Array(max)
    this.#next = new Int32Array(max).fill(-1)
    this.#features = new Int32Array(max * FEATURES)
  }

  /** Takes a copy of the features at `from`. */
  add(file: number, features: { from: number; all: Int32Array }, when: Issue): void {
    if (this.#end - this.#first >= LIMITS.pendingMax) this.#settle(when.scorer)
    const at = this.#end++ % LIMITS.pendingMax
    if (file >= this.#waiting.length) this.#waiting = grownInt32(this.#waiting, file + 1, -1)
    this.#file[at] = file
    this.#issued[at] = when.moves
    this.#residence[at] = when.residence
    this.#latency[at] = when.latencyMoves
    this.#readAt[at] = 0
    this.#promised[at] = when.promised ?? Number.NaN
    this.#overMs[at] = when.overMs ?? Number.POSITIVE_INFINITY
    this.#next[at] = this.#waiting[file] ?? -1
    this.#waiting[file] = at
    const { from, all } = features
    const to = at * FEATURES
    for (let nth = 0; nth < FEATURES; nth++) this.#features[to + nth] = all[from + nth] ?? 0
  }

  /** Notes that `file` was read. */
  read(file: number, moves: number): void {
    let at = this.#waiting[file] ?? -1
    while (at >= 0) {
      this.#readAt[at] = moves
      at = this.#next[at] ?? -1
    }
    if (file < this.#waiting.length) this.#waiting[file] = -1
  }

  /** Learns from everything whose time is over at `timeMs`: before that read is told, for it came too late. */
  expire(timeMs: number, scorer: Scorer): void {
    while (this.#first < this.#end && timeMs > (this.#overMs[this.#first % LIMITS.pendingMax] ?? 0)) {
      this.#settle(scorer)
    }
  }

  /** Learns from everything whose near horizon or residence is over. */
  advance(moves: number, scorer: Scorer): void {
    while (this.#firstNear < this.#end && this.#age(this.#firstNear, moves) >= this.#nearEnd(this.#firstNear)) {
      this.#settleNear(scorer)
    }
    while (this.#first < this.#end && this.#age(this.#first, moves) >= this.#residenceOf(this.#first)) {
      this.#settle(scorer)
    }
  }

  #age(nth: number, moves: number): number {
    return moves - (this.#issued[nth % LIMITS.pendingMax] ?? 0)
  }

  #residenceOf(nth: number): number {
    return this.#residence[nth % LIMITS.pendingMax] ?? 0
  }

  /** The age at which a read no longer meets the near horizon, which begins when a warm would be there. */
  #nearEnd(nth: number): number {
    const at = nth % LIMITS.pendingMax
    return Math.min(this.#residenceOf(nth), this.#residenceOf(nth) * NEAR_SHARE + (this.#latency[at] ?? 0))
  }

  #settleNear(scorer: Scorer): void {
    const at = this.#firstNear++ % LIMITS.pendingMax
    const isNear = this.#took(at) <= (this.#residence[at] ?? 0) * NEAR_SHARE
    const promised = this.#promised[at] ?? Number.NaN
    if (!Number.isNaN(promised)) this.#calibration?.observe(promised, isNear)
    scorer.learn(this.#features, at * FEATURES, { count: FEATURES, head: HEAD.near, label: isNear ? 1 : 0 })
  }

  #settle(scorer: Scorer): void {
    if (this.#firstNear === this.#first) this.#settleNear(scorer)
    const at = this.#first++ % LIMITS.pendingMax
    if (this.#readAt[at] === 0) this.#unlink(at)
    const isRead = this.#took(at) <= (this.#residence[at] ?? 0)
    scorer.learn(this.#features, at * FEATURES, { count: FEATURES, head: HEAD.full, label: isRead ? 1 : 0 })
  }

  /** Movements from when a warm would be there until the read; none is infinitely far. */
  #took(at: number): number {
    const readAt = this.#readAt[at] ?? 0
    return readAt === 0 ? Number.POSITIVE_INFINITY : readAt - (this.#issued[at] ?? 0) - (this.#latency[at] ?? 0)
  }

  /** The oldest of a file's waiting entries is the last of its chain. */
  #unlink(at: number): void {
    const file = this.#file[at] ?? 0
    let before = this.#waiting[file] ?? -1
    if (before === at) {
      this.#waiting[file] = this.#next[at] ?? -1
      return
    }
    while (before >= 0) {
      const after = this.#next[before] ?? -1
      if (after === at) {
        this.#next[before] = this.#next[at] ?? -1
        return
      }
      before = after
    }
  }
}
