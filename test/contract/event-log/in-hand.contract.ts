import { expect, it } from 'vitest'
import { createReader, nextOf } from '../../support/log-reader.ts'
import type { LogWorld } from './log-world.ts'

/** Work of a batch that goes on while later batches are delivered. */
export function itKeepsWorkInHand(world: LogWorld): void {
  const { appendTo, consume, seen } = world

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
}
