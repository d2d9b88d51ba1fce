import { createKafkaClient } from '../../src/adapters/kafka/connection.ts'
import { DEAD_LETTER_BYTES_MAX } from '../../src/flows/topics.ts'
import { eventually } from './eventually.ts'

/** Makes the five topics under a prefix of their own, and answers how to remove them. */
export async function createTopics(
  brokers: readonly string[],
  options: { readonly prefix: string; readonly partitions: number; readonly replicas?: number },
): Promise<() => Promise<void>> {
  const admin = createKafkaClient({ brokers, clientId: 'test' }).admin()
  const roles = ['access-events', 'warm-requests', 'warm-commands', 'warm-outcomes', 'dead-letters']
  const names = roles.map((role) => `${options.prefix}${role}`)
  await admin.connect()
  await admin.createTopics({
    waitForLeaders: false,
    topics: names.map((topic) => ({
      topic,
      numPartitions: options.partitions,
      replicationFactor: options.replicas ?? 1,
      configEntries: [
        { name: 'message.timestamp.type', value: 'LogAppendTime' },
        { name: 'min.insync.replicas', value: options.replicas === 3 ? '2' : '1' },
        ...(topic.endsWith('dead-letters')
          ? [{ name: 'max.message.bytes', value: String(DEAD_LETTER_BYTES_MAX) }]
          : []),
      ],
    })),
  })
  // A broker may hear of new topics a moment after the controller has made them.
  await eventually(
    () => admin.fetchTopicMetadata({ topics: names }),
    ({ topics }) => topics.every(({ partitions }) => partitions.length === options.partitions),
  )
  return async () => {
    await admin.deleteTopics({ topics: names })
    await admin.disconnect()
  }
}
