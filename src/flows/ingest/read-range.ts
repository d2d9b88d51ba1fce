import type { EventLog, LogRecord, TopicPartition } from '../../ports/event-log.ts'

/** Offsets of a partition, `end` excluded. */
export type OffsetRange = { readonly from: number; readonly end: number }

/** Reads a range of a partition, outside of any group, in lists of at most `chunk` records. */
export async function* readRange(
  log: EventLog,
  partition: TopicPartition,
  { from, end, chunk }: OffsetRange & { readonly chunk: number },
): AsyncIterable<readonly LogRecord[]> {
  let records: LogRecord[] = []
  for await (const record of log.read(partition, from)) {
    if (record.offset >= end) break
    records.push(record)
    if (records.length < chunk) continue
    yield records
    records = []
  }
  if (records.length > 0) yield records
}
