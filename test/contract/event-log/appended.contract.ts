import { expect, it } from 'vitest'
import { partitionOf } from '../../../src/model/identity.ts'
import { createReader, nextOf, outgoing, text } from '../../support/log-reader.ts'
import { keys, type LogWorld, PARTITIONS } from './log-world.ts'

/** What was appended is read again as it was, each record at its own offset. */
export function itKeepsWhatWasAppended(world: LogWorld): void {
  const { appendTo, consume, readAll, seen } = world

  it('gives back key, bytes, headers and place of what was appended', async () => {
    const value = Uint8Array.from([0, 255, 128, 10])
    const headers = new Map([
      ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
      ['cause', 'größer – 大'],
      ['__proto__', 'harmless'],
      ['empty', ''],
    ])
    const key = 'ws#0'
    const beforeMs = Date.now() - 1_000
    const [place] = await world.log().append('warm-commands', [{ key, value, headers }])
    expect(place).toEqual({ topic: 'warm-commands', partition: partitionOf(key, PARTITIONS), offset: 0 })
    const [record] = await readAll({ topic: 'warm-commands', partition: partitionOf(key, PARTITIONS) })
    expect(record && { ...record, value: [...record.value], timestampMs: 0 }).toEqual({
      ...place,
      key,
      value: [...value],
      headers,
      timestampMs: 0,
    })
    expect(record?.timestampMs).toBeGreaterThan(beforeMs)
  })

  it('takes records without a key and empty values, and no records at all', async () => {
    const placed = await world.log().append('warm-commands', [outgoing(null, 'one'), outgoing(null, '')])
    const found = await Promise.all(placed.map((place) => readAll(place, place.offset)))
    expect(found.map(([record]) => [record?.key, record && text(record.value)])).toEqual([
      [null, 'one'],
      [null, ''],
    ])
    expect(await world.log().append('warm-commands', [])).toEqual([])
  })

  it('answers each record with its own offset, in the order given', async () => {
    const records = keys.map((key, index) => outgoing(key, String(index)))
    const placed = await world.log().append('access-events', records)
    const found = await Promise.all(placed.map((place) => readAll(place, place.offset)))
    expect(found.map(([record]) => record && text(record.value))).toEqual(records.map(({ value }) => text(value)))
  })

  it('delivers 10,000 records once each, in order within a key, in batches within the limit', async () => {
    const rounds = 250
    const reader = createReader()
    for (let round = 0; round < rounds; round += 50) {
      const records = Array.from({ length: 50 }, (_, index) => keys.map((key) => outgoing(key, `${round + index}`)))
      await world.log().append('access-events', records.flat())
    }
    await consume(reader, { recordsMax: 300 })
    await seen(reader, rounds * keys.length)
    const byKey = new Map<string, string[]>()
    for (const record of reader.records) {
      byKey.set(record.key ?? '', [...(byKey.get(record.key ?? '') ?? []), text(record.value)])
    }
    const inOrder = Array.from({ length: rounds }, (_, round) => String(round))
    expect(byKey).toEqual(new Map(keys.map((key) => [key, inOrder])))
    expect(Math.max(...reader.batches.map((batch) => batch.records.length))).toBeLessThanOrEqual(300)
    for (const batch of reader.batches) {
      expect(batch.records.every((record) => record.partition === batch.partition)).toBe(true)
      expect(batch.endOffset).toBeGreaterThanOrEqual(nextOf(batch))
    }
  })

  it('keeps what was appended when it is opened again', async () => {
    await appendTo(1, ['a', 'b'])
    await world.reopen()
    expect((await readAll({ topic: 'access-events', partition: 1 })).map(({ value }) => text(value))).toEqual([
      'a',
      'b',
    ])
    expect(await world.log().partitions('access-events')).toBe(PARTITIONS)
  })

  it('reads a partition up to the end that it had at the call, from an offset inside', async () => {
    const partition = { topic: 'access-events', partition: 0 } as const
    await appendTo(0, ['a', 'b', 'c'])
    expect(await world.log().bounds(partition)).toEqual({ first: 0, end: 3 })
    const found: string[] = []
    for await (const record of world.log().read(partition, 1)) {
      found.push(text(record.value))
      if (found.length === 1) await appendTo(0, ['later'])
    }
    expect(found).toEqual(['b', 'c'])
    expect(await readAll(partition, 4)).toEqual([])
    expect(await world.log().bounds({ topic: 'access-events', partition: 3 })).toEqual({ first: 0, end: 0 })
  })

  it('stops reading early without leaving anything behind', async () => {
    await appendTo(0, ['a', 'b', 'c'])
    for await (const record of world.log().read({ topic: 'access-events', partition: 0 }, 0)) {
      if (text(record.value) === 'b') break
    }
    expect(await readAll({ topic: 'access-events', partition: 0 })).toHaveLength(3)
  })
}
