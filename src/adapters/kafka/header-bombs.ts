import { createRequire } from 'node:module'

type Header = { readonly key: string; readonly value: Buffer | null }

/** The part of kafkajs's Decoder that matters here. */
type Decoder = {
  readonly buffer: Buffer
  readonly offset: number
  readVarInt(): number
}

type DecoderClass = { readonly prototype: Decoder & { readVarIntArray(read: (decoder: Decoder) => Header): unknown } }

/** A name and a value of no bytes each still have a length. */
const HEADER_BYTES_MIN = 2

/**
 * kafkajs 2.2.4 copies all headers that it has read of a record for each further one: 10,000 headers, 50 KB that anyone
 * who may write to a topic may send, hold every reader of it for 17 s. This reads them in proportion to their bytes, of a
 * name that is there more than once the last one. Remove it once a release has the mend; a test sends such a record.
 */
export function mendHeaderBombs(): void {
  const decoder: DecoderClass = createRequire(import.meta.url)('kafkajs/src/protocol/decoder.js')
  if (typeof decoder.prototype.readVarIntArray !== 'function') {
    throw new Error('kafkajs is not version 2.2.4, for which its reading of headers is mended; pin that version')
  }
  decoder.prototype.readVarIntArray = readHeaders
}

/** Only headers are arrays of this kind, and kafkajs only ever reduces them to an object. */
function readHeaders(this: Decoder, read: (decoder: Decoder) => Header): { reduce(): Record<string, Header['value']> } {
  const claimed = this.readVarInt()
  const count = Math.min(claimed, Math.ceil((this.buffer.length - this.offset) / HEADER_BYTES_MIN))
  const headers = new Map<string, Header['value']>()
  for (let nth = 0; nth < count; nth += 1) {
    const { key, value } = read(this)
    headers.set(key, value)
  }
  // Entries become properties of their own, one named __proto__ too.
  return { reduce: () => Object.fromEntries(headers) }
}
