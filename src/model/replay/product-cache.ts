import { creditBrought, creditRead, earnedShare, FIRST_CREDIT } from '../warm-share.ts'
import { FileLists } from './file-lists.ts'
import { ABSENT, READ, type ReplayCache, WARMED } from './lru.ts'

/** How the product keeps its cache: docs/decisions/0013, and rule 3 of docs/architecture.md. */
export type ProductPolicy = {
  /** An entry that nobody has used for so long expires, milliseconds. */
  readonly readMs: number
  /** An entry read within this time is live; older ones are cold. */
  readonly liveMs: number
  /** Share of the cache in live entries from which on warms come in only within the share that they have earned. */
  readonly pressureMax: number
}

const READ_LIST = 0
const PREDICTED_LIST = 1
const LISTS = 2

/**
 * The product's cache, in which all warms are predictions: what was used longest ago leaves first, and a warm counts as
 * used when it comes in; of what is live, unread warms above their share leave first.
 */
export class ProductCache implements ReplayCache {
  readonly #capacity: number
  readonly #policy: ProductPolicy
  readonly #lists: FileLists
  #state: Uint8Array
  #usedMs: Float64Array
  /** Number of the last use: its order also within a millisecond. */
  #usedNth: Float64Array
  #uses = 0
  #size = 0
  #predicted = 0
  #credit = FIRST_CREDIT
  /** Entries of the read list that are live, and the oldest of them (the list's own number: none). */
  #live = 0
  #oldestLive = READ_LIST

  constructor(capacity: number, files: number, policy: ProductPolicy) {
    this.#capacity = capacity
    this.#policy = policy
    this.#lists = new FileLists(LISTS, files + LISTS)
    this.#state = new Uint8Array(files + LISTS)
    this.#usedMs = new Float64Array(files + LISTS)
    this.#usedNth = new Float64Array(files + LISTS)
  }

  state(file: number, nowMs: number): number {
    this.#pass(nowMs)
    return this.#state[this.#lists.nodeOf(file)] ?? ABSENT
  }

  put(file: number, state: number, nowMs: number): boolean {
    const node = this.#lists.nodeOf(file)
    if (node >= this.#state.length) this.#grow(node)
    this.#pass(nowMs)
    const before = this.#state[node] ?? ABSENT
    if (before === ABSENT) {
      if (state === WARMED && this.#refuses()) return false
      if (this.#size >= this.#capacity) this.#remove(this.#victim(nowMs))
      if (state === WARMED) this.#credit = creditBrought(this.#credit)
    } else {
      if (before === WARMED && state === READ) this.#credit = creditRead(this.#credit)
      this.#remove(node)
    }
    this.#add(node, state, nowMs)
    return true
  }

  #refuses(): boolean {
    return this.#live >= this.#policy.pressureMax * this.#capacity && this.#predicted >= this.#predictedMax()
  }

  #predictedMax(): number {
    return earnedShare(this.#credit) * this.#capacity
  }

  #victim(nowMs: number): number {
    const [read, predicted] = [this.#lists.oldest(READ_LIST), this.#lists.oldest(PREDICTED_LIST)]
    if (read === READ_LIST) return predicted
    if (predicted === PREDICTED_LIST) return read
    const oldest = (this.#usedNth[read] ?? 0) < (this.#usedNth[predicted] ?? 0) ? read : predicted
    const isCold = (this.#usedMs[oldest] ?? 0) < nowMs - this.#policy.liveMs
    return !isCold && this.#predicted > this.#predictedMax() ? predicted : oldest
  }

  #add(node: number, state: number, nowMs: number): void {
    this.#state[node] = state
    this.#usedMs[node] = nowMs
    this.#usedNth[node] = this.#uses++
    this.#size++
    this.#lists.pushNewest(node, state === WARMED ? PREDICTED_LIST : READ_LIST)
    if (state === WARMED) {
      this.#predicted++
      return
    }
    this.#live++
    if (this.#oldestLive === READ_LIST) this.#oldestLive = node
  }

  #remove(node: number): void {
    if (this.#state[node] === WARMED) this.#predicted--
    else if (this.#isLive(node)) {
      this.#live--
      if (this.#oldestLive === node) this.#oldestLive = this.#lists.newer(node)
    }
    this.#lists.unlink(node)
    this.#state[node] = ABSENT
    this.#size--
  }

  /** What was used in the same millisecond turns cold together. */
  #isLive(node: number): boolean {
    return this.#oldestLive !== READ_LIST && (this.#usedMs[node] ?? 0) >= (this.#usedMs[this.#oldestLive] ?? 0)
  }

  /** Lets time pass: live entries turn cold, old ones expire. */
  #pass(nowMs: number): void {
    const coldBeforeMs = nowMs - this.#policy.liveMs
    while (this.#oldestLive !== READ_LIST && (this.#usedMs[this.#oldestLive] ?? 0) < coldBeforeMs) {
      this.#live--
      this.#oldestLive = this.#lists.newer(this.#oldestLive)
    }
    this.#expire(PREDICTED_LIST, nowMs - this.#policy.readMs)
    this.#expire(READ_LIST, nowMs - this.#policy.readMs)
  }

  #expire(list: number, untilMs: number): void {
    for (let node = this.#lists.oldest(list); node !== list; node = this.#lists.oldest(list)) {
      if ((this.#usedMs[node] ?? 0) > untilMs) return
      this.#remove(node)
    }
  }

  #grow(node: number): void {
    const nodes = Math.max(node + 1, this.#state.length * 2)
    this.#lists.grow(nodes)
    const state = new Uint8Array(nodes)
    state.set(this.#state)
    this.#state = state
    this.#usedMs = grown(this.#usedMs, nodes)
    this.#usedNth = grown(this.#usedNth, nodes)
  }
}

function grown(values: Float64Array, length: number): Float64Array {
  const longer = new Float64Array(length)
  longer.set(values)
  return longer
}
