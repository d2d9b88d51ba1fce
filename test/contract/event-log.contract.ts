import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { partitionOf } from '../../src/model/identity.ts'
import type { EventLog, LogConsumer, LogRecord, TopicPartition } from '../../src/ports/event-log.ts'
import { eventually } from '../support/eventually.ts'
import { createReader, nextOf, outgoing, type Reader, text } from '../support/log-reader.ts'

export type LogUnderTest = {
  /** Empty topics of PARTITIONS partitions each. */
  readonly log: EventLog
  /** The same data through a new instance, or for a log without durability through the same one. */
  reopen(): Promise<EventLog>
  close(): Promise<void>
}

export const PARTITIONS = 4

const keys = Array.from({ length: 40 }, (_, index) => `workspace-${index}#0`)
const placesOf = (partitions: readonly TopicPartition[]) =>
  partitions.map(({ topic, partition }) => `${topic}/${partition}`).sort()

/** What every event log does. */
export function describeEventLog(name: string, create: () => Promise<LogUnderTest>): void {
  describe(`event log: ${name}`, () => {
    let made: LogUnderTest
    let log: EventLog
    const running: LogConsumer[] = []

    beforeEach(async () => {
      made = await create()
      log = made.log
    })
    afterEach(async () => {
      await Promise.all(running.splice(0).map((consumer) => consumer.stop()))
      await made.close()
    })

    const consume = async (reader: Reader, options: { group?: string; topics?: 'both'; recordsMax?: number } = {}) => {
      const consumer = await log.consume(
        {
          group: options.group ?? 'readers',
          topics: options.topics === 'both' ? ['access-events', 'warm-outcomes'] : ['access-events'],
          batchRecordsMax: options.recordsMax ?? 500,
        },
        reader,
      )
      running.push(consumer)
      return consumer
    }
    const seen = (reader: Reader, count: number) =>
      eventually(
        () => reader.records.length,
        (length) => length >= count,
        { what: `${count} records`, withinMs: 30_000 },
      )
    const readAll = async (partition: TopicPartition, from = 0) => {
      const records: LogRecord[] = []
      for await (const record of log.read(partition, from)) records.push(record)
      return records
    }
    const appendTo = (partition: number, values: readonly string[]) => {
      const key = keys.find((each) => partitionOf(each, PARTITIONS) === partition) ?? 'none'
      return log.append(
        'access-events',
        values.map((value) => outgoing(key, value)),
      )
    }

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
      const [place] = await log.append('warm-commands', [{ key, value, headers }])
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
      const placed = await log.append('warm-commands', [outgoing(null, 'one'), outgoing(null, '')])
      const found = await Promise.all(placed.map((place) => readAll(place, place.offset)))
      expect(found.map(([record]) => [record?.key, record && text(record.value)])).toEqual([
        [null, 'one'],
        [null, ''],
      ])
      expect(await log.append('warm-commands', [])).toEqual([])
    })

    it('answers each record with its own offset, in the order given', async () => {
      const records = keys.map((key, index) => outgoing(key, String(index)))
      const placed = await log.append('access-events', records)
      const found = await Promise.all(placed.map((place) => readAll(place, place.offset)))
      expect(found.map(([record]) => record && text(record.value))).toEqual(records.map(({ value }) => text(value)))
    })

    it('delivers 10,000 records once each, in order within a key, in batches within the limit', async () => {
      const rounds = 250
      const reader = createReader()
      for (let round = 0; round < rounds; round += 50) {
        const records = Array.from({ length: 50 }, (_, index) => keys.map((key) => outgoing(key, `${round + index}`)))
        await log.append('access-events', records.flat())
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
      log = await made.reopen()
      expect((await readAll({ topic: 'access-events', partition: 1 })).map(({ value }) => text(value))).toEqual([
        'a',
        'b',
      ])
      expect(await log.partitions('access-events')).toBe(PARTITIONS)
    })

    it('reads a partition up to the end that it had at the call, from an offset inside', async () => {
      const partition = { topic: 'access-events', partition: 0 } as const
      await appendTo(0, ['a', 'b', 'c'])
      expect(await log.bounds(partition)).toEqual({ first: 0, end: 3 })
      const found: string[] = []
      for await (const record of log.read(partition, 1)) {
        found.push(text(record.value))
        if (found.length === 1) await appendTo(0, ['later'])
      }
      expect(found).toEqual(['b', 'c'])
      expect(await readAll(partition, 4)).toEqual([])
      expect(await log.bounds({ topic: 'access-events', partition: 3 })).toEqual({ first: 0, end: 0 })
    })

    it('stops reading early without leaving anything behind', async () => {
      await appendTo(0, ['a', 'b', 'c'])
      for await (const record of log.read({ topic: 'access-events', partition: 0 }, 0)) {
        if (text(record.value) === 'b') break
      }
      expect(await readAll({ topic: 'access-events', partition: 0 })).toHaveLength(3)
    })

    it('starts at the offset, the first record or the end, as the handler says', async () => {
      await appendTo(2, ['a', 'b', 'c'])
      const [fromOffset, fromFirst, fromEnd] = [
        createReader({ start: 0 }),
        createReader({ start: 'earliest' }),
        createReader({ start: 'latest' }),
      ]
      fromOffset.assigned = async (partitions) => partitions.map(({ partition }) => (partition === 2 ? 1 : 0))
      await consume(fromOffset, { group: 'offset' })
      await consume(fromFirst, { group: 'first' })
      await consume(fromEnd, { group: 'end' })
      await seen(fromFirst, 3)
      await seen(fromOffset, 2)
      await eventually(
        () => fromEnd.assignments,
        (assignments) => assignments.length > 0,
      )
      // Positions are taken a moment after the call; what comes then is seen by all.
      await eventually(
        async () => {
          await appendTo(2, ['later'])
          return fromEnd.texts()
        },
        (texts) => texts.includes('later'),
        { everyMs: 200 },
      )
      expect(fromOffset.texts().slice(0, 2)).toEqual(['b', 'c'])
      expect(fromFirst.texts().slice(0, 3)).toEqual(['a', 'b', 'c'])
      expect(new Set(fromEnd.texts())).toEqual(new Set(['later']))
    })

    it.each([['after', 5]])('fails when it is to start %s what the partition holds', async (_name, offset) => {
      await appendTo(0, ['a'])
      const consumer = await consume(createReader({ start: offset }))
      await expect(consumer.failed).rejects.toMatchObject({ code: 'FW_LOG_TRUNCATED', retriable: false })
    })

    it('delivers a record soon after it was appended', async () => {
      const reader = createReader()
      await consume(reader)
      await appendTo(0, ['first'])
      await seen(reader, 1)
      const startMs = performance.now()
      await appendTo(0, ['second'])
      await seen(reader, 2)
      expect(performance.now() - startMs).toBeLessThan(1_000)
    })

    it('reads again what a verdict below the end of the batch points to', async () => {
      let refusals = 0
      const reader = createReader({
        onBatch: (batch) => {
          const last = batch.records.at(-1)
          if (last && text(last.value) === 'c' && refusals < 2) {
            refusals += 1
            return { next: last.offset - refusals + 1 }
          }
          return { next: nextOf(batch) }
        },
      })
      await appendTo(3, ['a', 'b', 'c'])
      await consume(reader)
      await seen(reader, 6)
      await appendTo(3, ['d'])
      await seen(reader, 7)
      expect(reader.texts()).toEqual(['a', 'b', 'c', 'c', 'b', 'c', 'd'])
    })

    it('waits as long as a verdict says, for that partition only', async () => {
      const pauseMs = 700
      const timesMs: number[] = []
      const reader = createReader({
        onBatch: (batch) => {
          if (batch.partition !== 0) return { next: nextOf(batch) }
          timesMs.push(performance.now())
          return timesMs.length === 1 ? { next: 0, pauseMs } : { next: nextOf(batch) }
        },
      })
      await consume(reader)
      await appendTo(0, ['slow'])
      await seen(reader, 1)
      await appendTo(1, ['other'])
      await seen(reader, 2)
      expect(reader.texts()).toEqual(['slow', 'other'])
      await seen(reader, 3)
      expect((timesMs[1] ?? 0) - (timesMs[0] ?? 0)).toBeGreaterThanOrEqual(pauseMs - 5)
    })

    it('starts a group where it committed, and at the first record where it did not', async () => {
      await appendTo(0, ['a', 'b', 'c'])
      await appendTo(1, ['x', 'y'])
      const first = createReader({
        onBatch: (batch) => ({ next: nextOf(batch), ...(batch.partition === 0 ? { commit: 2 } : {}) }),
      })
      const consumer = await consume(first)
      await seen(first, 5)
      await consumer.stop()
      const second = createReader({ start: 'committed' })
      await consume(second)
      await seen(second, 3)
      expect(second.texts().sort()).toEqual(['c', 'x', 'y'])
    })

    it('asks for positions before it delivers anything', async () => {
      await appendTo(0, ['a'])
      const reader = createReader()
      let asking = false
      let early = 0
      const { assigned, batch } = reader
      reader.assigned = async (partitions) => {
        asking = true
        await delay(300)
        asking = false
        return assigned(partitions)
      }
      reader.batch = async (given, signal) => {
        if (asking || reader.assignments.length === 0) early += 1
        return batch(given, signal)
      }
      await consume(reader)
      await seen(reader, 1)
      expect(early).toBe(0)
    })

    it('never handles two batches of one partition at once', async () => {
      const busy = new Set<number>()
      let overlaps = 0
      const reader = createReader({
        onBatch: async (batch) => {
          if (busy.has(batch.partition)) overlaps += 1
          busy.add(batch.partition)
          await delay(2)
          busy.delete(batch.partition)
          return { next: nextOf(batch) }
        },
      })
      await log.append(
        'access-events',
        keys.map((key) => outgoing(key, 'v')),
      )
      await consume(reader, { recordsMax: 2 })
      await consume(reader, { recordsMax: 2 })
      await seen(reader, keys.length)
      expect(overlaps).toBe(0)
    })

    it('shares partitions over members, equal numbers of all topics to the same one, and tells of every change', async () => {
      const [one, two] = [createReader(), createReader()]
      const first = await consume(one, { topics: 'both' })
      await eventually(
        () => first.assignment().length,
        (length) => length === 2 * PARTITIONS,
      )
      const second = await consume(two, { topics: 'both' })
      await eventually(
        () => [first.assignment().length, second.assignment().length],
        (lengths) => lengths.every((length) => length === PARTITIONS),
        { withinMs: 30_000 },
      )
      for (const consumer of [first, second]) {
        const numbers = (topic: string) =>
          consumer
            .assignment()
            .filter((each) => each.topic === topic)
            .map(({ partition }) => partition)
            .sort()
        expect(numbers('access-events')).toEqual(numbers('warm-outcomes'))
      }
      expect(placesOf([...first.assignment(), ...second.assignment()])).toHaveLength(2 * PARTITIONS)
      // The partitions that stayed were assigned once more; those that left were revoked.
      await eventually(
        () => one.assignments,
        (assignments) => assignments.length >= 2,
      )
      expect(placesOf(one.assignments.at(-1) ?? [])).toEqual(placesOf(first.assignment()))
      expect(placesOf(one.revocations.flat())).toEqual(placesOf(second.assignment()))
      await second.stop()
      expect(second.assignment()).toEqual([])
      await eventually(
        () => first.assignment().length,
        (length) => length === 2 * PARTITIONS,
        { withinMs: 30_000 },
      )
    })

    it('tells a batch in flight that a member joins, lets it end at a record boundary, and keeps what it committed', async () => {
      await appendTo(0, ['a', 'b', 'c'])
      const held = createReader({
        start: 'committed',
        onBatch: async (batch, signal) => {
          if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
          return { next: (batch.records[0]?.offset ?? 0) + 1, commit: (batch.records[0]?.offset ?? 0) + 1 }
        },
      })
      const other = createReader({ start: 'committed', onBatch: (batch) => ({ next: nextOf(batch) }) })
      const first = await consume(held)
      await seen(held, 3)
      const second = await consume(other)
      await eventually(
        () => [first.assignment().length, second.assignment().length],
        (lengths) => lengths.every((length) => length === PARTITIONS / 2),
        { withinMs: 30_000 },
      )
      await eventually(
        () => [...held.texts(), ...other.texts()].slice(3),
        (texts) => texts.includes('c'),
      )
      expect([...held.texts(), ...other.texts()].slice(3)).not.toContain('a')
    })

    it('goes on without loss when members come and go', async () => {
      const [one, two] = [createReader({ start: 'committed' }), createReader({ start: 'committed' })]
      for (const reader of [one, two]) {
        const { batch } = reader
        reader.batch = async (given, signal) => ({ ...(await batch(given, signal)), commit: nextOf(given) })
      }
      await consume(one)
      const appended: string[] = []
      const appendSome = async () => {
        const values = keys.map((key) => outgoing(key, `${key} ${appended.length}`))
        await log.append('access-events', values)
        appended.push(...values.map(({ value }) => text(value)))
      }
      await appendSome()
      const second = await consume(two)
      await appendSome()
      await eventually(
        () => two.records.length,
        (length) => length > 0,
        { withinMs: 30_000 },
      )
      await second.stop()
      await appendSome()
      const all = () => new Set([...one.texts(), ...two.texts()])
      await eventually(all, (texts) => texts.size === appended.length, { withinMs: 30_000 })
      expect(all()).toEqual(new Set(appended))
    })

    it('ends when a batch is rejected: failed tells the cause and nothing is committed', async () => {
      await appendTo(0, ['a', 'b'])
      const broken = createReader({
        onBatch: () => {
          throw new Error('unknown trouble')
        },
      })
      const consumer = await consume(broken)
      await expect(consumer.failed).rejects.toThrow('unknown trouble')
      expect(broken.batches).toHaveLength(1)
      await consumer.stop()
      const next = createReader({ start: 'committed' })
      await consume(next)
      await seen(next, 2)
      expect(next.texts()).toEqual(['a', 'b'])
    })

    it('ends when the handler cannot say where to start', async () => {
      const reader = createReader()
      reader.assigned = async () => {
        throw new Error('no fences to be had')
      }
      const consumer = await consume(reader)
      await expect(consumer.failed).rejects.toThrow('no fences to be had')
    })

    it('stops at a record boundary: the batch in flight is told, its verdict counts, and no other comes', async () => {
      await appendTo(0, ['a', 'b', 'c', 'd'])
      const reader = createReader({
        start: 'committed',
        onBatch: async (batch, signal) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
          return { next: (batch.records[0]?.offset ?? 0) + 1, commit: (batch.records[0]?.offset ?? 0) + 1 }
        },
      })
      const consumer = await consume(reader)
      await seen(reader, 4)
      const startMs = performance.now()
      await consumer.stop()
      expect(performance.now() - startMs).toBeLessThan(5_000)
      expect(reader.batches).toHaveLength(1)
      expect(placesOf(reader.revocations.flat())).toHaveLength(PARTITIONS)
      const next = createReader({ start: 'committed' })
      await consume(next)
      await seen(next, 3)
      expect(next.texts()).toEqual(['b', 'c', 'd'])
    })

    /** Goes on to the end of each batch at once; its work ends, or fails, when the test says so. */
    const goingOn = () => {
      const end = Promise.withResolvers<number>()
      const told = Promise.withResolvers<void>()
      let isFollowed = false
      const reader = createReader({
        start: 'committed',
        onBatch: (batch, signal) => {
          signal.addEventListener('abort', () => told.resolve(), { once: true })
          const verdict = { next: nextOf(batch), commit: 0 }
          if (isFollowed) return verdict
          isFollowed = true
          return { ...verdict, inHand: end.promise }
        },
      })
      return { reader, end, told: told.promise }
    }

    it('delivers on while work of a batch is in hand, and commits what that says once it has ended', async () => {
      const { reader, end } = goingOn()
      await appendTo(0, ['a', 'b'])
      const consumer = await consume(reader)
      await seen(reader, 2)
      await appendTo(0, ['c', 'd'])
      await seen(reader, 4)
      end.resolve(3)
      await consumer.stop()
      const next = createReader({ start: 'committed' })
      await consume(next)
      await seen(next, 1)
      expect(next.texts()).toEqual(['d'])
    })

    it('waits at a stop for work in hand, and commits it before another member reads the partition', async () => {
      const { reader, end, told } = goingOn()
      await appendTo(0, ['a', 'b'])
      const consumer = await consume(reader)
      await seen(reader, 2)
      const stopped = consumer.stop()
      await told
      end.resolve(1)
      await stopped
      const next = createReader({ start: 'committed' })
      await consume(next)
      await seen(next, 1)
      expect(next.texts()).toEqual(['b'])
    })

    it('ends when work in hand fails: failed tells the cause and nothing more is committed', async () => {
      const { reader, end } = goingOn()
      await appendTo(0, ['a', 'b'])
      const consumer = await consume(reader)
      await seen(reader, 2)
      end.reject(new Error('unknown trouble'))
      await expect(consumer.failed).rejects.toThrow('unknown trouble')
      await consumer.stop()
      const next = createReader({ start: 'committed' })
      await consume(next)
      await seen(next, 2)
      expect(next.texts()).toEqual(['a', 'b'])
    })

    it('is healthy, and is closed while a consumer still runs', async () => {
      expect(await log.healthy()).toBe(true)
      const reader = createReader()
      await consume(reader)
      await appendTo(0, ['a'])
      await seen(reader, 1)
      await log.close()
      expect(reader.texts()).toEqual(['a'])
    })
  })
}
