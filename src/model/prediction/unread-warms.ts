import { grownFloat64, grownInt32 } from './grow.ts'

/** A place's neighbours when it is not in the queue. */
const OUT = -1

/**
 * Warms that nobody has read yet, oldest first, and what became of the others. One is wasted when its entry leaves
 * unread or, where warms have a time to be read in, when that is over: in a cache that never fills nothing leaves.
 */
export class UnreadWarms {
  /** Next and previous in the order of their warms, by place; place 0 is the queue's end and its beginning. */
  #next = new Int32Array(1024).fill(OUT)
  #prev = new Int32Array(1024).fill(OUT)
  #dueMs = new Float64Array(1024)
  #used = 0
  #wasted = 0

  constructor() {
    this.#next[0] = 0
    this.#prev[0] = 0
  }

  /** Warms that were read in time, so far. */
  get used(): number {
    return this.#used
  }

  /** Warms that were not. */
  get wasted(): number {
    return this.#wasted
  }

  /** The entry at `node` was warmed, or warmed again, and is to be read by `dueMs`, event time. */
  warmed(node: number, dueMs: number): void {
    if (node >= this.#next.length) {
      this.#next = grownInt32(this.#next, node + 1, OUT)
      this.#prev = grownInt32(this.#prev, node + 1, OUT)
      this.#dueMs = grownFloat64(this.#dueMs, node + 1)
    }
    this.forget(node)
    const last = this.#prev[0] ?? 0
    this.#next[last] = node
    this.#prev[node] = last
    this.#next[node] = 0
    this.#prev[0] = node
    this.#dueMs[node] = dueMs
  }

  /** The entry was read. */
  read(node: number): void {
    if (this.forget(node)) this.#used++
  }

  /** The entry left unread. */
  left(node: number): void {
    if (this.forget(node)) this.#wasted++
  }

  /** It is `nowMs` now, event time. */
  pass(nowMs: number): void {
    for (let node = this.#next[0] ?? 0; node !== 0 && nowMs > (this.#dueMs[node] ?? 0); node = this.#next[0] ?? 0)
      this.left(node)
  }

  /** Nothing came of the warm: it is neither used nor wasted. False when it was settled before. */
  forget(node: number): boolean {
    const [before, after] = [this.#prev[node] ?? OUT, this.#next[node] ?? OUT]
    if (before === OUT) return false
    this.#next[before] = after
    this.#prev[after] = before
    this.#next[node] = OUT
    this.#prev[node] = OUT
    return true
  }
}
