/**
 * What the headers of a record in dead-letters say: where it came from and why it is there. Key, value and the headers
 * that it had stay untouched beside them.
 */
import {
  type LogRecord,
  type OutgoingRecord,
  type TopicPartition,
  type TopicRole,
  UNREADABLE_HEADER,
} from '../ports/event-log.ts'

/** Names of the headers. All values are plain strings, so that any tool can read them. */
export const DEAD_LETTER_HEADERS = {
  topic: 'forewarm.error.topic',
  partition: 'forewarm.error.partition',
  offset: 'forewarm.error.offset',
  /** When the log took the original record, milliseconds since the Unix epoch. */
  timestamp: 'forewarm.error.timestamp',
  /** Process that parked it. */
  stage: 'forewarm.error.stage',
  reason: 'forewarm.error.reason',
} as const

/** Longest reason in a header, in UTF-16 units. */
const REASON_LENGTH_MAX = 1_024

export type Parking = { readonly stage: string; readonly reason: string }

/** Why a record is set aside: where the log could not even unpack it, that, whatever came of it later. */
export const whyParked = ({ headers }: LogRecord, reason: string): string => headers.get(UNREADABLE_HEADER) ?? reason

/** The record for dead-letters. */
export const deadLetterOf = (record: LogRecord, { stage, reason }: Parking): OutgoingRecord => ({
  key: record.key,
  value: record.value,
  headers: new Map([
    ...record.headers,
    [DEAD_LETTER_HEADERS.topic, record.topic],
    [DEAD_LETTER_HEADERS.partition, String(record.partition)],
    [DEAD_LETTER_HEADERS.offset, String(record.offset)],
    [DEAD_LETTER_HEADERS.timestamp, String(record.timestampMs)],
    [DEAD_LETTER_HEADERS.stage, stage],
    [DEAD_LETTER_HEADERS.reason, whyParked(record, reason).slice(0, REASON_LENGTH_MAX)],
  ]),
})

export type DeadLetterOrigin = TopicPartition & {
  readonly offset: number
  readonly stage: string
  readonly reason: string
}

const TOPICS: readonly string[] = [
  'access-events',
  'warm-requests',
  'warm-commands',
  'warm-outcomes',
] satisfies TopicRole[]

/** Where a dead letter came from and why; null when its headers do not say it. */
export function originOf(letter: Pick<LogRecord, 'headers'>): DeadLetterOrigin | null {
  const { headers } = letter
  const topic = headers.get(DEAD_LETTER_HEADERS.topic) ?? ''
  const partition = Number(headers.get(DEAD_LETTER_HEADERS.partition) ?? Number.NaN)
  const offset = Number(headers.get(DEAD_LETTER_HEADERS.offset) ?? Number.NaN)
  if (!isSource(topic) || !Number.isSafeInteger(partition) || !Number.isSafeInteger(offset)) return null
  const stage = headers.get(DEAD_LETTER_HEADERS.stage) ?? ''
  return { topic, partition, offset, stage, reason: headers.get(DEAD_LETTER_HEADERS.reason) ?? '' }
}

const isSource = (topic: string): topic is TopicRole => TOPICS.includes(topic)
