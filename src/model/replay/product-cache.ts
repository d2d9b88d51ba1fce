import { FileLists } from './file-lists.ts'
import { ABSENT, READ, type ReplayCache, WARMED } from './lru.ts'

/** How the product keeps its cache: docs/decisions/0006 and 0007, and rule 3 of docs/architecture.md. */
export type ProductPolicy = {
  /** An entry that nobody has used for so long expires, milliseconds: of what was read, and of unread warms. */
  readonly readMs: number
  readonly unreadMs: number
  /** An entry read within this time is live; older ones are cold. */
  readonly liveMs: number
  /** Share of the cache in live entries from which on no warm comes in. */
  readonly pressureMax: number
}

const READ_LIST = 0
const UNREAD_LIST = 1
const LISTS = 2

/**
 * The product's cache: what is cold leaves first, then unread warms, the oldest first, then what is live. In a cache full
 * of live entries warms are refused.
 */
export class ProductCache implements ReplayCache {
  readonly #capacity: number
  readonly #policy: ProductPolicy
  readonly #lists: FileLists
  #state: Uint8Array
  #usedMs: Float64Array
  #size = 0
  /** Entries of the read list that are live, and the oldest of them (the list's own number: none). */
  #live = 0
  #oldestLive = READ_LIST

  constructor(capacity: number, files: number, policy: ProductPolicy) {
    this.#capacity = capacity
    this.#policy = policy
    this.#lists = new FileLists(LISTS, files + LISTS)
    this.#state = new Uint8Array(files + LISTS)
    this.#usedMs = new Float64Array(files + LISTS)
  }

  state(file: number, nowMs: number): number {
    this.#pass(nowMs)
    return this.#state[this.#lists.nodeOf(file)] ?? ABSENT
  }

  put(file: number, state: number, nowMs: number): boolean {
    const node = this.#lists.nodeOf(file)
    if (node >= this.#state.length) this.#grow(node)
    this.#pass(nowMs)
    const isNew = this.#state[node] === ABSENT
    if (isNew && state === WARMED && this.#live >= this.#policy.pressureMax * this.#capacity) return false
    if (!isNew) this.#remove(node)
    else if (this.#size >= this.#capacity) this.#remove(this.#victim())
    this.#add(node, state, nowMs)
    return true
  }

  #victim(): number {
    const read = this.#lists.oldest(READ_LIST)
    const hasCold = read !== this.#oldestLive
    const unread = this.#lists.oldest(UNREAD_LIST)
    return hasCold || unread === UNREAD_LIST ? read : unread
  }

  #add(node: number, state: number, nowMs: number): void {
    this.#state[node] = state
    this.#usedMs[node] = nowMs
    this.#size++
    this.#lists.pushNewest(node, state === WARMED ? UNREAD_LIST : READ_LIST)
    if (state !== READ) return
    this.#live++
    if (this.#oldestLive === READ_LIST) this.#oldestLive = node
  }

  #remove(node: number): void {
    if (this.#state[node] === READ && this.#isLive(node)) {
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
    this.#expire(UNREAD_LIST, nowMs - this.#policy.unreadMs)
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
    const usedMs = new Float64Array(nodes)
    usedMs.set(this.#usedMs)
    this.#usedMs = usedMs
  }
}
