/** What scanners of source text share. They go over bytes: nothing is decoded but the names that are told. */
import { isUtf8 } from 'node:buffer'
import type { ParseFault } from '../../dependencies/parsed-file.ts'

/** Faults told of one file; a binary file would have thousands. */
const FAULTS_MAX = 20

export const NEWLINE = 0x0a
export const RETURN = 0x0d
export const BACKSLASH = 0x5c

/** What a byte can begin, for a scanner that only looks at bytes that matter to it. */
export type ByteKinds = Uint8Array

/** A table of 256 kinds: `kinds[k]` lists the characters of kind k; bytes above ASCII are of the kind `high`. */
export function byteKinds(kinds: Readonly<Record<number, string>>, high: number): ByteKinds {
  const table = new Uint8Array(256).fill(high, 0x80)
  for (const [kind, characters] of Object.entries(kinds)) {
    for (const character of characters) table[character.charCodeAt(0)] = Number(kind)
  }
  return table
}

export const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_'
export const DIGITS = '0123456789'

/** Bytes of one file, with a place in them and the faults found so far. */
export class SourceBytes {
  readonly bytes: Buffer
  readonly length: number
  readonly faults: ParseFault[] = []
  pos = 0
  /** Line of `pos`, from 1. */
  line = 1

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.length = bytes.byteLength
    const hasMark = this.at(0) === 0xef && this.at(1) === 0xbb && this.at(2) === 0xbf
    if (hasMark) this.pos = 3
  }

  /** The byte at a place, 0 beyond the end. */
  at(place: number): number {
    return place < this.length ? (this.bytes[place] as number) : 0
  }

  /** The text between two places; what is no UTF-8 becomes U+FFFD. */
  text(from: number, to: number): string {
    const { bytes } = this
    for (let place = from; place < to; place++) {
      if ((bytes[place] as number) >= 0x80) return bytes.toString('utf8', from, to)
    }
    return bytes.toString('latin1', from, to)
  }

  isUtf8(): boolean {
    return isUtf8(this.bytes)
  }

  fault(message: string, line: number = this.line): void {
    if (this.faults.length < FAULTS_MAX) this.faults.push({ line, message })
  }

  /** Steps over the line break at `pos`: `\n`, `\r\n` or `\r`. */
  stepOverBreak(): void {
    if (this.at(this.pos) === RETURN && this.at(this.pos + 1) === NEWLINE) this.pos++
    this.pos++
    this.line++
  }

  /** Goes to the next line break, or the end. */
  toLineEnd(): void {
    const { bytes, length } = this
    let { pos } = this
    while (pos < length && bytes[pos] !== NEWLINE && bytes[pos] !== RETURN) pos++
    this.pos = pos
  }
}
