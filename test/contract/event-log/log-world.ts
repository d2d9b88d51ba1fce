import { afterEach, beforeEach } from 'vitest'
import { partitionOf } from '../../../src/model/identity.ts'
import type { EventLog, LogConsumer, LogRecord, TopicPartition } from '../../../src/ports/event-log.ts'
import { eventually } from '../../support/eventually.ts'
import { outgoing, type Reader } from '../../support/log-reader.ts'

export type LogUnderTest = {
  /** Empty topics of PARTITIONS partitions each. */
  readonly log: EventLog
  /** The same data through a new instance, or for a log without durability through the same one. */
  reopen(): Promise<EventLog>
  close(): Promise<void>
}

export const PARTITIONS = 4

export const keys = Array.from({ length: 40 }, (_, index) => `workspace-${index}#0`)

export const placesOf = (partitions: readonly TopicPartition[]) =>
  partitions.map(({ topic, partition }) => `${topic}/${partition}`).sort()

/** What the tests of a log do with it. */
export type LogWorld = ReturnType<typeof useLog>

/** Makes a log before each test; ends it, and every consumer that the test started, after it. */
export function useLog(create: () => Promise<LogUnderTest>) {
  let made: LogUnderTest
  let current: EventLog
  const running: LogConsumer[] = []
  beforeEach(async () => {
    made = await create()
    current = made.log
  })
  afterEach(async () => {
    await Promise.all(running.splice(0).map((consumer) => consumer.stop()))
    await made.close()
  })
  const log = () => current
  const reopen = async () => {
    current = await made.reopen()
  }
  return { log, reopen, ...readersOf(log, running), appendTo: appenderTo(log) }
}

function readersOf(log: () => EventLog, running: LogConsumer[]) {
  const consume = async (reader: Reader, options: { group?: string; topics?: 'both'; recordsMax?: number } = {}) => {
    const consumer = await log().consume(
      {
        group: options.group ?? 'readers',
        topics: options.topics === 'both' ? ['access-events', 'warm-outcomes'] : ['access-events'],
        batchRecordsMax: options.recordsMax ?? 500,
      },
      reader,
    )
    running.push(consumer)
    return consumer
  }
  const seen = (reader: Reader, count: number) =>
    eventually(
      () => reader.records.length,
      (length) => length >= count,
      { what: `${count} records` },
    )
  const readAll = async (partition: TopicPartition, from = 0) => {
    const records: LogRecord[] = []
    for await (const record of log().read(partition, from)) records.push(record)
    return records
  }
  return { consume, seen, readAll }
}

/** Appends these texts to a partition of access-events, in order. */
const appenderTo = (log: () => EventLog) => (partition: number, values: readonly string[]) => {
  const key = keys.find((each) => partitionOf(each, PARTITIONS) === partition) ?? 'none'
  return log().append(
    'access-events',
    values.map((value) => outgoing(key, value)),
  )
}
