import { describe, expect, it } from 'vitest'
import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import { eventually } from '../support/eventually.ts'
import { createReader, nextOf, outgoing } from '../support/log-reader.ts'

const options = { group: 'g', topics: ['access-events'], batchRecordsMax: 10 } as const
const partition = { topic: 'access-events', partition: 0 } as const

describe('the faults of the memory log', () => {
  it('deliver a partition again from an offset on', async () => {
    const log = createMemoryEventLog({ partitions: 1 })
    await log.append(
      'access-events',
      ['a', 'b', 'c'].map((value) => outgoing('k', value)),
    )
    const reader = createReader()
    await log.consume(options, reader)
    await eventually(reader.texts, (texts) => texts.length === 3)
    log.faults.redeliver(partition, 1)
    await eventually(reader.texts, (texts) => texts.length === 5)
    expect(reader.texts()).toEqual(['a', 'b', 'c', 'b', 'c'])
    await log.close()
  })

  it('let an owner go on that has lost its partition, beside the new one, and drop its verdict', async () => {
    const log = createMemoryEventLog({ partitions: 1 })
    const release = Promise.withResolvers<boolean>()
    const zombie = createReader({
      start: 'committed',
      onBatch: async (batch, signal) => {
        signal.addEventListener('abort', () => release.resolve(false))
        await release.promise
        return { next: nextOf(batch), commit: nextOf(batch) }
      },
    })
    const heir = createReader({ start: 'committed' })
    const first = await log.consume(options, zombie)
    const second = await log.consume(options, heir)
    await log.append('access-events', [outgoing('k', 'a')])
    await eventually(zombie.texts, (texts) => texts.length === 1)
    await log.faults.reassign('g', { zombies: true })
    await eventually(heir.texts, (texts) => texts.length === 1)
    release.resolve(true)
    expect(await release.promise).toBe(true)
    await Promise.all([first.stop(), second.stop()])
    const later = createReader({ start: 'committed' })
    await log.consume(options, later)
    await eventually(later.texts, (texts) => texts.length === 1)
    await log.close()
  })

  it('reassign partitions to the other member without a join', async () => {
    const log = createMemoryEventLog({ partitions: 2 })
    const [one, two] = [createReader(), createReader()]
    const [first, second] = [await log.consume(options, one), await log.consume(options, two)]
    const [before] = first.assignment()
    await log.faults.reassign('g')
    expect(second.assignment()).toEqual([before])
    await log.close()
  })

  it('drop the oldest records, for all to notice', async () => {
    const log = createMemoryEventLog({ partitions: 1 })
    await log.append(
      'access-events',
      ['a', 'b', 'c'].map((value) => outgoing('k', value)),
    )
    log.faults.truncate(partition, 2)
    expect(await log.bounds(partition)).toEqual({ first: 2, end: 3 })
    const consumer = await log.consume(options, createReader({ start: 1 }))
    await expect(consumer.failed).rejects.toMatchObject({ code: 'FW_LOG_TRUNCATED' })
  })
})
