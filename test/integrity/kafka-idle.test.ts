import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, inject, it, vi } from 'vitest'
import { createKafkaEventLog } from '../../src/adapters/kafka/event-log.ts'
import { createTopics } from '../support/kafka-topics.ts'
import { createReader, outgoing } from '../support/log-reader.ts'

const { kafka: brokers } = inject('services')

/** Unmended, each of the connections would arm about 840 timers a second. */
const TIMERS_A_SECOND_MAX = 100

it('a log that has nothing to do wakes the processor seldom', async () => {
  const topicPrefix = `idle-${randomUUID()}.`
  const removeTopics = await createTopics(brokers, { prefix: topicPrefix, partitions: 4 })
  const log = createKafkaEventLog({ connection: { brokers, clientId: 'idle' }, topicPrefix, groupPrefix: topicPrefix })
  await log.append('access-events', [outgoing('a', 'one')])
  await log.consume({ group: 'g', topics: ['access-events'], batchRecordsMax: 10 }, createReader())
  await delay(1_000)
  const timers = vi.spyOn(globalThis, 'setTimeout')
  const seconds = 3
  await delay(seconds * 1_000)
  const armed = timers.mock.calls.length
  timers.mockRestore()
  expect(armed / seconds).toBeLessThan(TIMERS_A_SECOND_MAX)
  await log.close()
  await removeTopics()
})
