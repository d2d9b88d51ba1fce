/**
 * Throughput of the event log beside raw kafkajs with the same records on the same broker, in turns. Both pack with the
 * same codec, wait for all in-sync replicas and send requests of the same size; what is compared is what the port costs.
 *
 *   node bench/log.ts [records] [rounds]
 *
 * Kafka: FOREWARM_TEST_KAFKA (brokers), else one of the harness is started.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import kafkajs from 'kafkajs'
import { compressionType } from '../src/adapters/kafka/compression.ts'
import { createKafkaClient } from '../src/adapters/kafka/connection.ts'
import { createKafkaEventLog } from '../src/adapters/kafka/event-log.ts'
import { createMemoryEventLog } from '../src/adapters/memory/event-log.ts'
import { openDatabase } from '../src/adapters/sqlite/database.ts'
import { createSqliteEventLog } from '../src/adapters/sqlite/event-log.ts'
import { createSystemClock } from '../src/adapters/system/clock.ts'
import type { EventLog, OutgoingRecord } from '../src/ports/event-log.ts'
import { createTopics } from '../test/support/kafka-topics.ts'
import { startKafka } from '../test/support/services/kafka.ts'

const PARTITIONS = 8
const REQUEST_RECORDS = 1_000
const RECORD_BYTES = 1_000
/** Appends that wait at once, as several sessions of a gateway would. */
const CONCURRENT_APPENDS = 4

const [recordsText = '100000', roundsText = '3'] = process.argv.slice(2)
const recordsTotal = Number(recordsText)

type Measure = { readonly produce: number; readonly consume: number }

/** Half text, half digits that do not pack: zstd halves them about, as it does with paths and digests. */
function createRecords(): readonly OutgoingRecord[] {
  return Array.from({ length: REQUEST_RECORDS }, (_, index) => ({
    key: `workspace-${index % 64}#0`,
    value: Buffer.from(
      'src/model/access.ts '.repeat(RECORD_BYTES / 40) + randomBytes(RECORD_BYTES / 4).toString('hex'),
    ),
    headers: new Map([['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01']]),
  }))
}

const recordsASecond = (startMs: number): number => recordsTotal / ((performance.now() - startMs) / 1_000)

async function inTurns(requests: number, concurrent: number, send: () => Promise<unknown>): Promise<void> {
  let left = requests
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await send()
    }
  }
  await Promise.all(Array.from({ length: concurrent }, worker))
}

async function measureLog(log: EventLog, records: readonly OutgoingRecord[]): Promise<Measure> {
  const produceMs = performance.now()
  await inTurns(recordsTotal / REQUEST_RECORDS, CONCURRENT_APPENDS, () => log.append('access-events', records))
  const produce = recordsASecond(produceMs)
  const done = Promise.withResolvers<number>()
  let seen = 0
  let startMs = 0
  const consumer = await log.consume(
    { group: randomUUID(), topics: ['access-events'], batchRecordsMax: REQUEST_RECORDS },
    {
      assigned: async (partitions) => {
        startMs = performance.now()
        return partitions.map(() => 'earliest' as const)
      },
      revoked: async () => {},
      batch: async (batch) => {
        seen += batch.records.length
        if (seen >= recordsTotal) done.resolve(recordsASecond(startMs))
        return { next: (batch.records.at(-1)?.offset ?? 0) + 1 }
      },
    },
  )
  const consume = await done.promise
  await consumer.stop()
  return { produce, consume }
}

async function measureRaw(
  brokers: readonly string[],
  topic: string,
  records: readonly OutgoingRecord[],
): Promise<Measure> {
  const kafka = createKafkaClient({ brokers, clientId: 'raw' })
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  await producer.connect()
  const messages = records.map(({ key, value, headers }) => ({
    key,
    value: Buffer.from(value),
    headers: Object.fromEntries(headers),
  }))
  const produceMs = performance.now()
  await inTurns(recordsTotal / REQUEST_RECORDS, 1, () =>
    producer.send({ topic, messages, acks: -1, compression: compressionType('zstd') }),
  )
  const produce = recordsASecond(produceMs)
  await producer.disconnect()
  const consumer = kafka.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  const done = Promise.withResolvers<number>()
  let seen = 0
  let startMs = 0
  // Joining a group takes its time on either side and is no part of the measure.
  consumer.on(consumer.events.GROUP_JOIN, () => {
    startMs = performance.now()
  })
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: PARTITIONS,
    eachBatch: async ({ batch }) => {
      seen += batch.messages.length
      if (seen >= recordsTotal) done.resolve(recordsASecond(startMs))
    },
  })
  const consume = await done.promise
  await consumer.disconnect()
  return { produce, consume }
}

async function measureOnTopics(
  brokers: readonly string[],
  measure: (prefix: string) => Promise<Measure>,
): Promise<Measure> {
  const prefix = `bench-${randomUUID()}.`
  const remove = await createTopics(brokers, { prefix, partitions: PARTITIONS })
  try {
    return await measure(prefix)
  } finally {
    await remove()
  }
}

async function measureKafkaLog(brokers: readonly string[], records: readonly OutgoingRecord[]): Promise<Measure> {
  return measureOnTopics(brokers, async (prefix) => {
    const log = createKafkaEventLog({
      connection: { brokers, clientId: 'bench' },
      topicPrefix: prefix,
      groupPrefix: prefix,
    })
    const measured = await measureLog(log, records)
    await log.close()
    return measured
  })
}

async function measureSqlite(records: readonly OutgoingRecord[]): Promise<Measure> {
  const folder = await mkdtemp(join(tmpdir(), 'forewarm-bench-'))
  const database = openDatabase(join(folder, 'log.sqlite'))
  const retention = { ageMsMax: Number.MAX_SAFE_INTEGER, bytesMax: Number.MAX_SAFE_INTEGER, sweepMs: 60_000 }
  const log = createSqliteEventLog({ database, partitions: PARTITIONS, clock: createSystemClock(), retention })
  const measured = await measureLog(log, records)
  await log.close()
  database.close()
  await rm(folder, { recursive: true })
  return measured
}

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0

const medians = (measures: readonly Measure[]) => ({
  produce: Math.round(median(measures.map(({ produce }) => produce))),
  consume: Math.round(median(measures.map(({ consume }) => consume))),
})

const given = process.env['FOREWARM_TEST_KAFKA']
const started = given === undefined ? await startKafka() : null
const brokers = started?.bootstrap ?? given?.split(',') ?? []
const records = createRecords()
const results = new Map<string, Measure[]>(['raw kafkajs', 'Kafka', 'SQLite', 'memory'].map((name) => [name, []]))
for (let round = 0; round < Number(roundsText); round += 1) {
  results
    .get('raw kafkajs')
    ?.push(await measureOnTopics(brokers, (prefix) => measureRaw(brokers, `${prefix}access-events`, records)))
  results.get('Kafka')?.push(await measureKafkaLog(brokers, records))
  results.get('SQLite')?.push(await measureSqlite(records))
  results.get('memory')?.push(await measureLog(createMemoryEventLog({ partitions: PARTITIONS }), records))
}
await started?.stop()
const raw = medians(results.get('raw kafkajs') ?? [])
for (const [name, measures] of results) {
  const { produce, consume } = medians(measures)
  const ratios = `${(produce / raw.produce).toFixed(2)} and ${(consume / raw.consume).toFixed(2)} of raw kafkajs`
  console.log(`${name}: ${produce} appended/s, ${consume} consumed/s (${ratios}), ${RECORD_BYTES} bytes a record`)
}
