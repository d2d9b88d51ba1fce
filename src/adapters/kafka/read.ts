import type { KafkaMessage } from 'kafkajs'
import { ForewarmError } from '../../ports/errors.ts'
import type { LogRecord, TopicPartition } from '../../ports/event-log.ts'
import { checkPosition } from '../log-position.ts'
import type { DirectCluster, NamedPartition } from './direct.ts'
import { type TopicNames, toRecord } from './records.ts'

/** Marks what a transaction leaves behind; kafkajs shows it with the messages of a raw fetch. */
type RawMessage = KafkaMessage & { readonly isControlRecord?: boolean }

/** Answers without records in a row, each after the broker has waited for some, after which reading is given up. */
const EMPTY_MAX = 20

/** Reads a partition from `from` up to the end that it has now, outside any group. */
export async function* readPartition(
  cluster: DirectCluster,
  names: TopicNames,
  { from, ...at }: TopicPartition & { readonly from: number },
): AsyncGenerator<LogRecord> {
  const named = { topic: names.nameOf(at.topic), partition: at.partition }
  const bounds = await cluster.bounds(named)
  let next = checkPosition(at, from, { ...bounds, committed: null })
  while (next < bounds.end) {
    const messages = await fetchSome(cluster, named, { next, end: bounds.end })
    const last = Number(messages.at(-1)?.offset)
    const wanted = messages.filter(
      ({ offset, isControlRecord }) =>
        isControlRecord !== true && Number(offset) >= next && Number(offset) < bounds.end,
    )
    for (const message of wanted) yield toRecord(at, message)
    next = last + 1
  }
}

/**
 * At least one message. A leader that was elected just now may not know yet how far the others have come, and gives nothing
 * of what its predecessor showed: taken for the end, that would be records that nobody reads.
 */
async function fetchSome(
  cluster: DirectCluster,
  at: NamedPartition,
  { next, end }: { readonly next: number; readonly end: number },
): Promise<readonly RawMessage[]> {
  for (let empty = 0; empty < EMPTY_MAX; empty += 1) {
    const messages = await cluster.fetch(at, next)
    if (messages.length > 0) return messages
  }
  throw new ForewarmError(
    'FW_LOG_UNAVAILABLE',
    `${at.topic}/${at.partition} ends at ${end}, but its broker gives nothing from ${next} on: wait for its replicas, or ` +
      'end the transaction that somebody has left open there',
    { retriable: true },
  )
}
