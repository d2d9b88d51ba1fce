import type { KafkaMessage, Message } from 'kafkajs'
import type { Headers, LogRecord, OutgoingRecord, TopicPartition, TopicRole } from '../../ports/event-log.ts'

/** Names of the topics on the broker: a prefix and the role. */
export type TopicNames = {
  nameOf(role: TopicRole): string
  roleOf(name: string): TopicRole | null
}

const ROLES: readonly TopicRole[] = ['access-events', 'warm-requests', 'warm-commands', 'warm-outcomes', 'dead-letters']

/** Names of topics on the broker: the role behind a prefix. */
export function createTopicNames(prefix: string): TopicNames {
  const roles = new Map(ROLES.map((role) => [`${prefix}${role}`, role]))
  return { nameOf: (role) => `${prefix}${role}`, roleOf: (name) => roles.get(name) ?? null }
}

/** A record as kafkajs sends it. */
export function toMessage(record: OutgoingRecord, partition: number): Message {
  const { key, value, headers } = record
  return {
    key,
    partition,
    value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
    ...(headers.size === 0 ? {} : { headers: Object.fromEntries(headers) }),
  }
}

/** A record as it came from kafkajs. A tombstone has no bytes. */
export function toRecord({ topic, partition }: TopicPartition, message: KafkaMessage): LogRecord {
  return {
    topic,
    partition,
    offset: Number(message.offset),
    key: message.key === null ? null : message.key.toString(),
    value: message.value ?? new Uint8Array(),
    headers: toHeaders(message.headers),
    timestampMs: Number(message.timestamp),
  }
}

const NO_HEADERS: Headers = new Map()

/** Of a header that is there more than once, the last counts. */
function toHeaders(headers: KafkaMessage['headers']): Headers {
  const entries = Object.entries(headers ?? {})
  if (entries.length === 0) return NO_HEADERS
  return new Map(entries.map(([name, value]) => [name, String((Array.isArray(value) ? value.at(-1) : value) ?? '')]))
}
