import type { Message } from 'kafkajs'
import type { EventLog, LogConsumer, TopicRole } from '../../ports/event-log.ts'
import type { Log } from '../../ports/telemetry.ts'
import { createPartitioner } from '../log-assignment.ts'
import type { Compression } from './compression.ts'
import { createKafkaClient, type KafkaConnection } from './connection.ts'
import { startConsumer } from './consumer.ts'
import { createDirectCluster } from './direct.ts'
import type { GroupTimes } from './group-client.ts'
import { createSender, REQUEST_BYTES_MAX, REQUEST_MESSAGES_MAX, type Sending } from './producer.ts'
import { readPartition } from './read.ts'
import { createTopicNames, toMessage } from './records.ts'

export type KafkaEventLogOptions = {
  readonly connection: KafkaConnection
  /** Comes before the role in names of topics. May be empty. */
  readonly topicPrefix: string
  /** Comes before the names of groups, so that deployments can share a cluster. May be empty. */
  readonly groupPrefix: string
  /** How records are packed on the wire and on the broker; zstd by default. */
  readonly compression?: Compression
  /** An append fails that was not acknowledged for so long; 30 s by default. */
  readonly sendTimeoutMs?: number
  readonly times?: Partial<GroupTimes>
  /** Takes what the client tells about itself. */
  readonly log?: Log
}

const SEND_TIMEOUT_MS = 30_000
const WAITING_SENDS_MAX = 10_000
const TIMES: GroupTimes = { sessionTimeoutMs: 30_000, heartbeatMs: 1_000, silenceMs: 120_000 }

/** An event log on Kafka. It connects at its first use; topics are made by `forewarm topics apply`, never by this. */
export function createKafkaEventLog(options: KafkaEventLogOptions): EventLog {
  const { connection, topicPrefix, groupPrefix, compression = 'zstd', sendTimeoutMs = SEND_TIMEOUT_MS, log } = options
  const kafka = createKafkaClient(connection, log)
  const direct = createDirectCluster(kafka)
  const names = createTopicNames(topicPrefix)
  const sender = createSender(kafka, { compression, timeoutMs: sendTimeoutMs, waitingMax: WAITING_SENDS_MAX })
  const counts = new Map<TopicRole, Promise<number>>()
  const consumers = new Set<LogConsumer>()
  const choose = createPartitioner()
  const partitions = (topic: TopicRole): Promise<number> => {
    const known = counts.get(topic) ?? direct.partitions(names.nameOf(topic))
    counts.set(topic, known)
    known.catch(() => counts.delete(topic))
    return known
  }
  return {
    partitions,
    async append(topic, records) {
      if (records.length === 0) return []
      const count = await partitions(topic)
      const messages = records.map((record) => toMessage(record, choose(record, count)))
      const parts = split(names.nameOf(topic), messages)
      const offsets: number[] = []
      // One after the other: if one fails, none behind it is in the log before it is sent again.
      for (const part of parts) offsets.push(...(await sender.send(part)))
      return messages.map(({ partition }, index) => ({ topic, partition: partition ?? 0, offset: offsets[index] ?? 0 }))
    },
    async consume(consumeOptions, handler) {
      const times = { ...TIMES, ...options.times }
      const groupId = `${groupPrefix}${consumeOptions.group}`
      // A client of its own: kafkajs keeps a group's offsets by client, and each member clears those of the others when it
      // is given its partitions. One that is given none would end all that read on.
      const own = createKafkaClient(connection, log)
      const consumer = await startConsumer({ kafka: own, direct, names, times, groupId }, consumeOptions, handler)
      consumers.add(consumer)
      return consumer
    },
    read: (partition, from) => readPartition(direct, names, { ...partition, from }),
    bounds: ({ topic, partition }) => direct.bounds({ topic: names.nameOf(topic), partition }),
    healthy: () => direct.healthy(),
    async close() {
      await Promise.all([...consumers].map((consumer) => consumer.stop()))
      await Promise.all([sender.close(), direct.close()])
    },
  }
}

/** Cuts records into parts that fit into one request, in their order. */
function split(topic: string, messages: readonly Message[]): readonly Sending[] {
  const parts: { topic: string; messages: Message[]; bytes: number }[] = []
  for (const message of messages) {
    const bytes = sizeOf(message)
    const part = parts.at(-1)
    const fits =
      part !== undefined && part.bytes + bytes <= REQUEST_BYTES_MAX && part.messages.length < REQUEST_MESSAGES_MAX
    if (fits) {
      part.messages.push(message)
      part.bytes += bytes
    } else parts.push({ topic, messages: [message], bytes })
  }
  return parts
}

/** Bytes of a message, about: its framing is small and headers are few. */
const sizeOf = ({ key, value, headers }: Message): number =>
  (value?.length ?? 0) + (key?.length ?? 0) + Object.entries(headers ?? {}).join().length
