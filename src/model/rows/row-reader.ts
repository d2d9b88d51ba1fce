/** Bytes that are no row of this build: another version of the format, or cut. Rebuild the model from the log. */
export class RowFormatError extends Error {
  override readonly name = 'RowFormatError'
}

/** Reads what RowWriter wrote. */
export class RowReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array, version: number) {
    this.#bytes = bytes
    const there = this.byte()
    if (there !== version) {
      throw new RowFormatError(`row of format ${there} where ${version} is read: rebuild the model from the log`)
    }
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length
  }

  byte(): number {
    const value = this.#bytes[this.#at++]
    if (value === undefined) throw new RowFormatError('row ends too early: rebuild the model from the log')
    return value
  }

  uint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }

  /** How many items follow, of at least a byte each: a count that cannot be is refused before anything is made of it. */
  count(): number {
    const claimed = this.uint()
    if (claimed <= this.#bytes.length - this.#at) return claimed
    throw new RowFormatError('row claims more than it holds: rebuild the model from the log')
  }

  int(): number {
    const head = this.byte()
    const size = (head & 0x3f) + (head & 0x80 ? this.uint() * 64 : 0)
    return head & 0x40 ? -size : size
  }

  uint32(): number {
    return ((this.byte() << 24) | (this.byte() << 16) | (this.byte() << 8) | this.byte()) >>> 0
  }

  text(): string {
    const length = this.uint()
    const end = this.#at + length
    if (end > this.#bytes.length) throw new RowFormatError('row ends too early: rebuild the model from the log')
    const text = DECODER.decode(this.#bytes.subarray(this.#at, end))
    this.#at = end
    return text
  }

  maybeText(): string | null {
    return this.byte() === 0 ? null : this.text()
  }
}

/** Keeps a byte order mark: it is part of the name. */
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true })
