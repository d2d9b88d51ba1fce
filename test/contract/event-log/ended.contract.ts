import { expect, it } from 'vitest'
import { createReader, nextOf } from '../../support/log-reader.ts'
import { type LogWorld, PARTITIONS, placesOf } from './log-world.ts'

/** How a consumer ends: rejected, abandoned, stopped, closed; nothing that is not done is committed. */
export function itEnds(world: LogWorld): void {
  const { appendTo, consume, seen } = world

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

  it('leaves the group when it is abandoned: what is in flight is told and commits nothing, another member goes on', async () => {
    await appendTo(0, ['a', 'b'])
    const lost = createReader({
      onBatch: async (batch, signal) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
        return { next: nextOf(batch), commit: nextOf(batch) }
      },
    })
    const consumer = await consume(lost)
    await seen(lost, 2)
    await consumer.abandon()
    const next = createReader({ start: 'committed' })
    await consume(next)
    await seen(next, 2)
    expect(next.texts()).toEqual(['a', 'b'])
    expect(next.assignments.flat()).toHaveLength(PARTITIONS)
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
    await consumer.stop()
    expect(reader.batches).toHaveLength(1)
    expect(placesOf(reader.revocations.flat())).toHaveLength(PARTITIONS)
    const next = createReader({ start: 'committed' })
    await consume(next)
    await seen(next, 3)
    expect(next.texts()).toEqual(['b', 'c', 'd'])
  })

  it('is healthy, and is closed while a consumer still runs', async () => {
    expect(await world.log().healthy()).toBe(true)
    const reader = createReader()
    await consume(reader)
    await appendTo(0, ['a'])
    await seen(reader, 1)
    await world.log().close()
    expect(reader.texts()).toEqual(['a'])
  })
}
