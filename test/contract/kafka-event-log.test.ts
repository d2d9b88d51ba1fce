import { randomUUID } from 'node:crypto'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { createKafkaEventLog } from '../../src/adapters/kafka/event-log.ts'
import { eventually } from '../support/eventually.ts'
import { createTopics } from '../support/kafka-topics.ts'
import { createReader, outgoing } from '../support/log-reader.ts'
import { freePorts } from '../support/services/ports.ts'
import { describeEventLog, PARTITIONS } from './event-log.contract.ts'

const { kafka: brokers } = inject('services')

describeEventLog('Kafka', async () => {
  const topicPrefix = `log-${randomUUID()}.`
  const removeTopics = await createTopics(brokers, { prefix: topicPrefix, partitions: PARTITIONS })
  const open = () =>
    createKafkaEventLog({ connection: { brokers, clientId: 'contract' }, topicPrefix, groupPrefix: topicPrefix })
  const logs = [open()]
  return {
    log: logs[0] ?? open(),
    reopen: async () => {
      const log = open()
      logs.push(log)
      return log
    },
    close: async () => {
      await Promise.all(logs.map((log) => log.close()))
      await removeTopics()
    },
  }
})

describe('the event log on Kafka', () => {
  const open = (topicPrefix: string, addresses: readonly string[] = brokers) => {
    const connection = { brokers: addresses, clientId: 'contract' }
    const log = createKafkaEventLog({ connection, topicPrefix, groupPrefix: topicPrefix, sendTimeoutMs: 10_000 })
    onTestFinished(() => log.close())
    return log
  }
  const openWithTopics = async () => {
    const prefix = `log-${randomUUID()}.`
    onTestFinished(await createTopics(brokers, { prefix, partitions: PARTITIONS }))
    return open(prefix)
  }

  it('refuses a record that is too large, and takes those that were sent at the same time', async () => {
    const log = await openWithTopics()
    const noise = Array.from({ length: 200_000 }, () => randomUUID()).join('')
    const settled = await Promise.allSettled([
      log.append('access-events', [outgoing('a', 'small')]),
      log.append('access-events', [outgoing('a', noise)]),
      log.append('access-events', [outgoing('a', 'small too')]),
    ])
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(settled[1]).toMatchObject({ reason: { code: 'FW_RECORD_INVALID', retriable: false } })
    expect(await log.append('access-events', [outgoing('a', 'after')])).toHaveLength(1)
  })

  it('takes at once what is far more than one request holds', async () => {
    const log = await openWithTopics()
    const records = Array.from({ length: 3_000 }, (_, index) => outgoing('a', `${index} ${'x'.repeat(1_000)}`))
    const placed = await log.append('access-events', records)
    expect(placed.map(({ offset }) => offset)).toEqual(records.map((_, index) => index))
  })

  it('tells which topic is missing and how to make it, to producers and consumers', async () => {
    const log = open(`missing-${randomUUID()}.`)
    const missing = { code: 'FW_TOPIC_MISMATCH', message: expect.stringContaining('forewarm topics apply') }
    await expect(log.append('access-events', [outgoing('a', 'x')])).rejects.toMatchObject(missing)
    const options = { group: 'g', topics: ['access-events'], batchRecordsMax: 1 } as const
    await expect(log.consume(options, createReader())).rejects.toMatchObject(missing)
  })

  it('tells that no broker answers, and that it may be tried again', async () => {
    const [port] = await freePorts(1)
    const log = open('x.', [`127.0.0.1:${port}`])
    expect(await log.healthy()).toBe(false)
    await expect(log.append('access-events', [outgoing('a', 'x')])).rejects.toMatchObject({
      code: 'FW_LOG_UNAVAILABLE',
      retriable: true,
    })
  })

  it('keeps its partitions through a batch that lasts longer than the session time-out', async () => {
    const prefix = `log-${randomUUID()}.`
    onTestFinished(await createTopics(brokers, { prefix, partitions: 1 }))
    const connection = { brokers, clientId: 'contract' }
    const times = { sessionTimeoutMs: 6_000, heartbeatMs: 500 }
    const log = createKafkaEventLog({ connection, topicPrefix: prefix, groupPrefix: prefix, times })
    onTestFinished(() => log.close())
    const reader = createReader({
      onBatch: async (batch) => {
        await new Promise((resolve) => setTimeout(resolve, 8_000))
        return { next: (batch.records.at(-1)?.offset ?? 0) + 1 }
      },
    })
    await log.append('access-events', [outgoing('a', 'slow')])
    await log.consume({ group: 'g', topics: ['access-events'], batchRecordsMax: 1 }, reader)
    await eventually(reader.texts, (texts) => texts.length === 1, { withinMs: 30_000 })
    await log.append('access-events', [outgoing('a', 'next')])
    await eventually(reader.texts, (texts) => texts.length >= 2, { withinMs: 30_000 })
    expect(reader.texts()).toEqual(['slow', 'next'])
    expect(reader.assignments.length).toBeLessThanOrEqual(1)
  })
})
