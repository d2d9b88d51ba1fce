import type { Codec, CodedTopic, TopicValues } from '../../src/ports/codec.ts'
import type { EventLog, LogRecord, TopicRole } from '../../src/ports/event-log.ts'

type Readable = Pick<EventLog, 'partitions' | 'read'>

/** All records on a topic, partition by partition, those of one in their order. */
export async function recordsOn(log: Readable, topic: TopicRole): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  for (let partition = 0; partition < (await log.partitions(topic)); partition += 1) {
    for await (const record of log.read({ topic, partition }, 0)) records.push(record)
  }
  return records
}

export type LogContents = { readonly log: Readable; readonly codec: Pick<Codec, 'decode'> }

/** What the records on a topic say, with their headers, in the order of `recordsOn`; throws where one cannot be read. */
export async function messagesOn<Topic extends CodedTopic>(
  { log, codec }: LogContents,
  topic: Topic,
): Promise<(TopicValues[Topic] & Pick<LogRecord, 'headers'>)[]> {
  const records = await recordsOn(log, topic)
  return Promise.all(
    records.map(async ({ value, headers }) => {
      const decoded = await codec.decode(topic, value)
      if (!decoded.ok) throw new Error(decoded.reason)
      return { ...decoded.value, headers }
    }),
  )
}
