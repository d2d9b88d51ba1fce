/** What `get` says of a key that is not there. */
export const NONE = -1

const CELLS_MIN = 16
/** 2^32 over the golden ratio: spreads keys that follow one another (Knuth 1973, multiplicative hashing). */
const SPREAD = 0x9e3779b1

/**
 * Numbers by number, of 32 bits, values not below 0: open addressing with linear probing in one array, key beside value,
 * so that a look-up is one place of memory where a `Map` has several. Sessions look up files by the hundred at each read.
 */
export class IntMap {
  #cells = new Int32Array(2 * CELLS_MIN).fill(NONE)
  #shift = 32 - Math.log2(CELLS_MIN)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The key's value, `NONE` when it has none. */
  get(key: number): number {
    return this.#cells[2 * this.#place(key) + 1] ?? NONE
  }

  has(key: number): boolean {
    return this.get(key) !== NONE
  }

  set(key: number, value: number): void {
    const at = 2 * this.#place(key)
    const isNew = this.#cells[at + 1] === NONE
    this.#cells[at] = key
    this.#cells[at + 1] = value
    if (isNew && ++this.#size * 4 > this.#cells.length) this.#grow()
  }

  /** Adds to the key's value, which is 0 where it has none. */
  add(key: number, count: number): void {
    this.set(key, Math.max(0, this.get(key)) + count)
  }

  /** Where the key stands, or would. */
  #place(key: number): number {
    const cells = this.#cells
    const last = cells.length / 2 - 1
    let at = Math.imul(key, SPREAD) >>> this.#shift
    while (cells[2 * at + 1] !== NONE && cells[2 * at] !== key) at = (at + 1) & last
    return at
  }

  #grow(): void {
    const before = this.#cells
    this.#cells = new Int32Array(before.length * 2).fill(NONE)
    this.#shift--
    for (let at = 0; at < before.length; at += 2) {
      const value = before[at + 1] ?? NONE
      if (value === NONE) continue
      const to = 2 * this.#place(before[at] ?? 0)
      this.#cells[to] = before[at] ?? 0
      this.#cells[to + 1] = value
    }
  }
}
