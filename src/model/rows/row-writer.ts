/** Holds the rows of about half a write. */
const PIECE_BYTES = 65_536

/**
 * Writes packed rows: varints of 7 bits a byte, lowest first, for integers 0..2^53; signed ones with their sign in the
 * first byte; strings as length and UTF-8. One writer is used for many rows, which share larger pieces of memory: one
 * allocation a row cost as much as packing it. Whoever keeps a row for long keeps a copy.
 */
export class RowWriter {
  #bytes = new Uint8Array(PIECE_BYTES)
  #from = 0
  #at = 0
  readonly #encoder = new TextEncoder()

  /** Begins a row. */
  start(version: number): this {
    this.#from = this.#at
    this.byte(version)
    return this
  }

  /** The row that was written since `start`. */
  finish(): Uint8Array {
    return this.#bytes.subarray(this.#from, this.#at)
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#at++] = value
  }

  /** An integer 0..2^53. */
  uint(value: number): void {
    this.#reserve(8)
    const bytes = this.#bytes
    let rest = value
    while (rest > 0x7fffffff) {
      bytes[this.#at++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    while (rest > 0x7f) {
      bytes[this.#at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    bytes[this.#at++] = rest
  }

  /** An integer -2^53..2^53: bit 6 of the first byte is the sign. */
  int(value: number): void {
    const size = Math.abs(value)
    const head = (size % 64) | (value < 0 ? 0x40 : 0)
    const rest = Math.floor(size / 64)
    this.byte(rest > 0 ? head | 0x80 : head)
    if (rest > 0) this.uint(rest)
  }

  uint32(value: number): void {
    this.#reserve(4)
    const bytes = this.#bytes
    bytes[this.#at++] = value >>> 24
    bytes[this.#at++] = value >>> 16
    bytes[this.#at++] = value >>> 8
    bytes[this.#at++] = value
  }

  text(value: string): void {
    const { length } = value
    this.#reserve(3 * length + 5)
    const from = this.#at
    this.uint(length)
    for (let at = 0; at < length; at += 1) {
      const code = value.charCodeAt(at)
      if (code > 0x7f) {
        this.#at = from
        this.#unicode(value)
        return
      }
      this.#bytes[this.#at++] = code
    }
  }

  /** A string that may be missing. */
  maybeText(value: string | null): void {
    this.byte(value === null ? 0 : 1)
    if (value !== null) this.text(value)
  }

  #unicode(value: string): void {
    const bytes = this.#encoder.encode(value)
    this.uint(bytes.length)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return
    const begun = this.#bytes.subarray(this.#from, this.#at)
    this.#bytes = new Uint8Array(Math.max(PIECE_BYTES, 2 * begun.length + count))
    this.#bytes.set(begun)
    this.#from = 0
    this.#at = begun.length
  }
}
