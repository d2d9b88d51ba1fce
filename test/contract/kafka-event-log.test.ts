import { randomUUID } from 'node:crypto'
import { inject } from 'vitest'
import { createKafkaEventLog } from '../../src/adapters/kafka/event-log.ts'
import { createTopics } from '../support/kafka-topics.ts'
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
