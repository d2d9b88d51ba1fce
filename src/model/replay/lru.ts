/**
 * An LRU over small integers as a doubly linked list in typed arrays, with the two policies that replay compares:
 * plain LRU (the judge's), and the product's own, where unread warms leave first, oldest before newest.
 */
export const ABSENT = 0
export const READ = 1
export const WARMED = 2

export type CachePolicy = 'lru' | 'unreadWarmsFirst'

export class LruCache {
  readonly #capacity: number
  readonly #ownList: boolean
  #next: Int32Array
  #prev: Int32Array
  #state: Uint8Array
  #size = 0

  /** `files` is the number of ids in use so far; larger ids make it grow. */
  constructor(capacity: number, files: number, policy: CachePolicy = 'lru') {
    this.#capacity = capacity
    this.#ownList = policy === 'unreadWarmsFirst'
    const slots = files + HEADS
    this.#next = new Int32Array(slots)
    this.#prev = new Int32Array(slots)
    this.#state = new Uint8Array(slots)
    for (let head = 0; head < HEADS; head++) {
      this.#next[head] = head
      this.#prev[head] = head
    }
  }

  state(file: number): number {
    return this.#state[file + HEADS] ?? ABSENT
  }

  /** Marks `file` most recently used in state READ or WARMED, making room where it was absent. */
  put(file: number, state: number): void {
    const node = file + HEADS
    if (node >= this.#state.length) this.#grow(node)
    if (this.#state[node] === ABSENT) this.#makeRoom()
    else this.#unlink(node)
    this.#state[node] = state
    this.#pushFront(node, this.#ownList && state === WARMED ? UNREAD_HEAD : MAIN_HEAD)
  }

  #makeRoom(): void {
    if (this.#size < this.#capacity) {
      this.#size++
      return
    }
    const unread = this.#prev[UNREAD_HEAD] ?? UNREAD_HEAD
    const victim = unread !== UNREAD_HEAD ? unread : (this.#prev[MAIN_HEAD] ?? MAIN_HEAD)
    this.#unlink(victim)
    this.#state[victim] = ABSENT
  }

  #unlink(node: number): void {
    const before = this.#prev[node] ?? 0
    const after = this.#next[node] ?? 0
    this.#next[before] = after
    this.#prev[after] = before
  }

  #pushFront(node: number, head: number): void {
    const first = this.#next[head] ?? head
    this.#next[node] = first
    this.#prev[node] = head
    this.#prev[first] = node
    this.#next[head] = node
  }

  #grow(node: number): void {
    const slots = Math.max(node + 1, this.#state.length * 2)
    this.#next = widened(this.#next, slots)
    this.#prev = widened(this.#prev, slots)
    const state = new Uint8Array(slots)
    state.set(this.#state)
    this.#state = state
  }
}

const MAIN_HEAD = 0
const UNREAD_HEAD = 1
const HEADS = 2

function widened(array: Int32Array, length: number): Int32Array {
  const wide = new Int32Array(length)
  wide.set(array)
  return wide
}
