/** One record as it lies in a batch of Kafka's log, written and read by kafkajs's own code with the project's mend of it. */
import { createRequire } from 'node:module'
import { mendHeaderBombs } from '../../src/adapters/kafka/header-bombs.ts'

const require = createRequire(import.meta.url)
const Decoder = require('kafkajs/src/protocol/decoder.js')
const Encoder = require('kafkajs/src/protocol/encoder.js')
const decodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0/decoder.js')

type Bytes = { readonly buffer: Buffer }

export type RecordHeaders = readonly (readonly [name: string, value: string | null])[]

/** A record with these headers, which claims to have so many. */
export function recordBytes(headers: RecordHeaders, claimed = headers.length): Buffer {
  const start: Bytes = new Encoder().writeInt8(0).writeVarLong(0).writeVarInt(0).writeVarIntBytes(null)
  const encoder = new Encoder().writeBuffer(start.buffer).writeVarIntBytes(Buffer.from('value')).writeVarInt(claimed)
  for (const [name, value] of headers) {
    encoder.writeVarIntString(name).writeVarIntBytes(value === null ? null : Buffer.from(value))
  }
  return encoder.buffer
}

/** The headers that kafkajs finds in a record; throws as it does for bytes that are none. */
export function headersIn(record: Uint8Array): ReadonlyMap<string, Buffer | null> {
  mendHeaderBombs()
  const { headers } = decodeRecord(new Decoder(Buffer.from(record)), { firstOffset: '0', firstTimestamp: '0' })
  return new Map(Object.entries(headers as Record<string, Buffer | null>))
}
