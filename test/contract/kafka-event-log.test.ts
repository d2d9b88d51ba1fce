import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import kafkajs from 'kafkajs'
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { createKafkaEventLog } from '../../src/adapters/kafka/event-log.ts'
import { whyParked } from '../../src/flows/dead-letter.ts'
import { eventually } from '../support/eventually.ts'
import { sendBatches } from '../support/kafka-batches.ts'
import { createTopics } from '../support/kafka-topics.ts'
import { createReader, outgoing, text } from '../support/log-reader.ts'
import { freePorts } from '../support/services/ports.ts'
import { PARTITIONS } from './event-log/log-world.ts'
import { describeEventLog } from './event-log.contract.ts'

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

type Syncing = { syncGroup(request: { memberId: string; groupAssignment: readonly unknown[] }): Promise<unknown> }

/** Once armed, the next member that was told its partitions before, and does not hand them out itself, does not hear of them. */
function losableAnswers() {
  const { prototype }: { prototype: Syncing } = createRequire(import.meta.url)('kafkajs/src/broker/index.js')
  const ask = prototype.syncGroup
  const told = new Set<string>()
  const state = { isArmed: false, lost: 0 }
  const spy = vi.spyOn(prototype, 'syncGroup').mockImplementation(async function (this: Syncing, request) {
    const answer = await ask.call(this, request)
    const isLosable = told.has(request.memberId) && request.groupAssignment.length === 0
    told.add(request.memberId)
    if (!state.isArmed || !isLosable) return answer
    Object.assign(state, { isArmed: false, lost: state.lost + 1 })
    throw new kafkajs.KafkaJSConnectionError('the answer is lost')
  })
  onTestFinished(() => spy.mockRestore())
  return state
}

describe('the event log on Kafka', () => {
  const open = (topicPrefix: string) => {
    const connection = { brokers, clientId: 'contract' }
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

  it('reads past batches that it cannot unpack, and tells of each with its bytes and why', async () => {
    const prefix = `log-${randomUUID()}.`
    onTestFinished(await createTopics(brokers, { prefix, partitions: 1 }))
    const log = open(prefix)
    const message = { key: 'k', value: 'v' }
    const many = Array.from({ length: 130_000 }, () => message)
    await log.append('access-events', [outgoing('a', 'before')])
    await sendBatches(brokers, `${prefix}access-events`, [
      { packing: 'snappy', messages: [message, message] },
      { packing: 'gzip', messages: [{ key: 'k', value: Buffer.alloc(65 * 1024 * 1024) }] },
      { packing: 'zstd', messages: many },
    ])
    await log.append('access-events', [outgoing('a', 'after')])

    const reader = createReader()
    await log.consume({ group: 'g', topics: ['access-events'], batchRecordsMax: 1_000 }, reader)
    await eventually(
      () => reader.records.at(-1)?.offset,
      (offset) => offset === 4 + many.length,
      {
        ...{ what: 'the record behind them', withinMs: 60_000 },
      },
    )
    const [before, packed, bomb, ...rest] = reader.records
    expect(rest).toHaveLength(many.length + 1)
    expect([before, rest.at(-1)].map((record) => record && text(record.value))).toEqual(['before', 'after'])
    expect([packed, bomb].map((record) => record?.offset)).toEqual([2, 3])
    const reasons = [packed, bomb].map((record) => record && whyParked(record, 'another reason'))
    expect(reasons).toEqual([expect.stringContaining('Snappy'), expect.stringContaining('larger than')])
    expect(packed?.value.length).toBeLessThan(200)
  })

  it('tells which topic is missing and how to make it, to producers and consumers', async () => {
    const log = open(`missing-${randomUUID()}.`)
    const missing = { code: 'FW_TOPIC_MISMATCH', message: expect.stringContaining('forewarm topics apply') }
    await expect(log.append('access-events', [outgoing('a', 'x')])).rejects.toMatchObject(missing)
    const options = { group: 'g', topics: ['access-events'], batchRecordsMax: 1 } as const
    await expect(log.consume(options, createReader())).rejects.toMatchObject(missing)
  })

  // Both wait for most of their time.
  it.concurrent('tells that no broker answers, and that it may be tried again', async ({ expect, onTestFinished }) => {
    const [port] = await freePorts(1)
    const connection = { brokers: [`127.0.0.1:${port}`], clientId: 'contract' }
    const options = { connection, topicPrefix: 'x.', groupPrefix: 'x.', sendTimeoutMs: 10_000 }
    const log = createKafkaEventLog(options)
    onTestFinished(() => log.close())
    expect(await log.healthy()).toBe(false)
    await expect(log.append('access-events', [outgoing('a', 'x')])).rejects.toMatchObject({
      code: 'FW_LOG_UNAVAILABLE',
      retriable: true,
    })
  })

  it.each([
    ['', false],
    [' in the midst of its stop', true],
  ])(
    'leaves the group at once when it is abandoned%s, however long a batch takes to end',
    async (_when, isStopping) => {
      const log = await openWithTopics()
      const end = Promise.withResolvers<{ next: number; commit: number }>()
      const stuck = createReader({ onBatch: () => end.promise })
      await log.append('access-events', [outgoing('a', 'first')])
      const options = { group: 'g', topics: ['access-events'], batchRecordsMax: 1 } as const
      const consumer = await log.consume(options, stuck)
      await eventually(stuck.texts, ({ length }) => length === 1, { withinMs: 60_000 })
      if (isStopping) void consumer.stop()
      await consumer.abandon()
      const next = createReader({ start: 'committed' })
      await log.consume(options, next)
      // A member that had not left would be waited for a minute, by the time that it has to join again.
      await eventually(next.texts, ({ length }) => length === 1, { withinMs: 40_000 })
      end.resolve({ next: 1, commit: 1 })
      expect(next.texts()).toEqual(['first'])
    },
  )

  it('gives each member of a group a client of its own, for a client mixes up the offsets of its members', async () => {
    const clients = vi.spyOn(kafkajs.Kafka.prototype, 'consumer')
    onTestFinished(() => clients.mockRestore())
    const log = await openWithTopics()
    const options = { group: 'shared', topics: ['access-events'], batchRecordsMax: 1 } as const
    await Promise.all([log.consume(options, createReader()), log.consume(options, createReader())])
    const members = clients.mock.calls.flatMap(([{ groupId }], at) =>
      groupId.endsWith('shared') ? [clients.mock.contexts[at]] : [],
    )
    expect(members).toHaveLength(2)
    expect(new Set(members).size).toBe(2)
  })

  it('joins anew when the answer that tells its partitions is lost, instead of reading on what others read now', async () => {
    const prefix = `log-${randomUUID()}.`
    onTestFinished(await createTopics(brokers, { prefix, partitions: PARTITIONS }))
    const connection = { brokers, clientId: 'contract' }
    const log = createKafkaEventLog({
      connection,
      topicPrefix: prefix,
      groupPrefix: prefix,
      times: { heartbeatMs: 200 },
    })
    onTestFinished(() => log.close())
    const answers = losableAnswers()
    const options = { group: 'g', topics: ['access-events'], batchRecordsMax: 1 } as const
    const members = [await log.consume(options, createReader()), await log.consume(options, createReader())]
    const numbers = () =>
      members.map((member) => (member.joined() ? member.assignment() : []).map(({ partition }) => partition).sort())
    await eventually(numbers, (each) => each.toSorted().join(' ') === '0,2 1,3')
    answers.isArmed = true
    members.push(await log.consume(options, createReader()))
    await eventually(
      () => answers.lost,
      (lost) => lost === 1,
    )
    await eventually(
      numbers,
      (each) => each.every(({ length }) => length > 0) && each.flat().sort().join() === '0,1,2,3',
    )
  })

  it.concurrent('keeps its partitions through a batch that lasts longer than the session time-out', async ({
    expect,
    onTestFinished,
  }) => {
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
    await eventually(reader.texts, (texts) => texts.length === 1, { withinMs: 60_000 })
    await log.append('access-events', [outgoing('a', 'next')])
    await eventually(reader.texts, (texts) => texts.length >= 2, { withinMs: 60_000 })
    expect(reader.texts()).toEqual(['slow', 'next'])
    expect(reader.assignments.length).toBeLessThanOrEqual(1)
  })
})
