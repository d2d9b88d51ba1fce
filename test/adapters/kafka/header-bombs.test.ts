import { createRequire } from 'node:module'
import { expect, it } from 'vitest'
import { mendHeaderBombs } from '../../../src/adapters/kafka/header-bombs.ts'

const require = createRequire(import.meta.url)
const Decoder = require('kafkajs/src/protocol/decoder.js')
const Encoder = require('kafkajs/src/protocol/encoder.js')
const readRecord = require('kafkajs/src/protocol/recordBatch/record/v0/decoder.js')

const ENOUGH_TO_STALL = 40_000

type Bytes = { readonly buffer: Buffer }

/** The headers that kafkajs finds in a record, whatever number of them it claims to have. */
function headersOf(headers: readonly (readonly [name: string, value: string | null])[], claimed = headers.length) {
  const start: Bytes = new Encoder().writeInt8(0).writeVarLong(0).writeVarInt(0).writeVarIntBytes(null)
  const encoder = new Encoder().writeBuffer(start.buffer).writeVarIntBytes(Buffer.from('value')).writeVarInt(claimed)
  for (const [name, value] of headers) {
    encoder.writeVarIntString(name).writeVarIntBytes(value === null ? null : Buffer.from(value))
  }
  const record = readRecord(new Decoder(encoder.buffer), { firstOffset: '0', firstTimestamp: '0' })
  return new Map(
    Object.entries(record.headers as Record<string, Buffer | null>).map(([name, value]) => [name, value?.toString()]),
  )
}

it('a record with more headers than anybody needs is read as fast as its bytes allow', () => {
  mendHeaderBombs()
  const distinct = Array.from({ length: ENOUGH_TO_STALL }, (_, nth) => [String(nth), null] as const)
  expect(headersOf(distinct).size).toBe(ENOUGH_TO_STALL)
  expect(headersOf(distinct.map(() => ['same', 'x'] as const))).toEqual(new Map([['same', 'x']]))
})

it('headers come back, of one name the last, of hostile names too', () => {
  mendHeaderBombs()
  const headers = [
    ['a', '1'],
    ['__proto__', '2'],
    ['a', '3'],
    ['constructor', '4'],
  ] as const
  expect(headersOf(headers)).toEqual(
    new Map([
      ['a', '3'],
      ['__proto__', '2'],
      ['constructor', '4'],
    ]),
  )
  expect(headersOf([], -1).size).toBe(0)
})

it('a number of headers that is none claims no memory', () => {
  mendHeaderBombs()
  expect(headersOf([], -7).size).toBe(0)
  expect(headersOf([['a', '1']], 2 ** 30).get('a')).toBe('1')
})
