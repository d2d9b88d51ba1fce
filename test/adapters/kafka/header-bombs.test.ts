import { expect, it } from 'vitest'
import { headersIn, type RecordHeaders, recordBytes } from '../../support/kafka-record.ts'

const ENOUGH_TO_STALL = 40_000

/** The headers that kafkajs finds in a record, whatever number of them it claims to have. */
function headersOf(headers: RecordHeaders, claimed = headers.length) {
  const found = headersIn(recordBytes(headers, claimed))
  return new Map([...found].map(([name, value]) => [name, value?.toString()]))
}

it('a record with more headers than anybody needs is read as fast as its bytes allow', () => {
  const distinct = Array.from({ length: ENOUGH_TO_STALL }, (_, nth) => [String(nth), null] as const)
  expect(headersOf(distinct).size).toBe(ENOUGH_TO_STALL)
  expect(headersOf(distinct.map(() => ['same', 'x'] as const))).toEqual(new Map([['same', 'x']]))
})

it('headers come back, of one name the last, of hostile names too', () => {
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
  expect(headersOf([], -7).size).toBe(0)
  expect(headersOf([['a', '1']], 2 ** 30).get('a')).toBe('1')
})
