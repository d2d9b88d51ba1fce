/**
 * Entries that wait to be sent: a ring of fixed size, so that a log that is away costs bounded memory and every call a
 * constant time. When it is full the oldest entry makes room for the newest.
 */
export class AccessBuffer<Entry> {
  readonly #slots: (Entry | undefined)[]
  #head = 0
  #size = 0

  /** Holds `capacity` entries at the most, at least 1. */
  constructor(capacity: number) {
    this.#slots = new Array<Entry | undefined>(Math.max(1, capacity))
  }

  get size(): number {
    return this.#size
  }

  /** Adds an entry and returns the one that had to go, if any. */
  push(entry: Entry): Entry | undefined {
    const dropped = this.#size === this.#slots.length ? this.shift() : undefined
    this.#slots[(this.#head + this.#size) % this.#slots.length] = entry
    this.#size += 1
    return dropped
  }

  /** Takes the oldest entry. */
  shift(): Entry | undefined {
    const entry = this.#slots[this.#head]
    if (this.#size === 0) return undefined
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) % this.#slots.length
    this.#size -= 1
    return entry
  }
}
