import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { createReader, nextOf, outgoing, text } from '../../support/log-reader.ts'
import { keys, type LogWorld } from './log-world.ts'

/** From where a consumer starts, and which records it is handed, how often and in which order. */
export function itDelivers(world: LogWorld): void {
  const { appendTo, consume, seen } = world

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

  it('delivers a record that is appended while nothing is there to read', async () => {
    const reader = createReader()
    await consume(reader)
    await appendTo(0, ['first'])
    await seen(reader, 1)
    await appendTo(0, ['second'])
    await seen(reader, 2)
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
    await world.log().append(
      'access-events',
      keys.map((key) => outgoing(key, 'v')),
    )
    await consume(reader, { recordsMax: 2 })
    await consume(reader, { recordsMax: 2 })
    await seen(reader, keys.length)
    expect(overlaps).toBe(0)
  })
}
