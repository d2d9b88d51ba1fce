import type { KafkaMessage } from 'kafkajs'
import type { LogRecord, TopicPartition } from '../../ports/event-log.ts'
import { checkPosition } from '../log-position.ts'
import type { DirectCluster } from './direct.ts'
import { type TopicNames, toRecord } from './records.ts'

/** Marks what a transaction leaves behind; kafkajs shows it with the messages of a raw fetch. */
type RawMessage = KafkaMessage & { readonly isControlRecord?: boolean }

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
    const messages: readonly RawMessage[] = await cluster.fetch(named, next)
    const last = Number(messages.at(-1)?.offset ?? bounds.end)
    const wanted = messages.filter(
      ({ offset, isControlRecord }) =>
        isControlRecord !== true && Number(offset) >= next && Number(offset) < bounds.end,
    )
    for (const message of wanted) yield toRecord(at, message)
    next = last + 1
  }
}
