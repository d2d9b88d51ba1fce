/**
 * Throughput of the event log beside raw kafkajs with the same records on the same broker, in turns. Both pack with the
 * same codec, wait for all in-sync replicas and send requests of the same size; what is compared is what the port costs.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import kafkajs from 'kafkajs'
import { compressionType } from '../src/adapters/kafka/compression.ts'
import { createKafkaClient } from '../src/adapters/kafka/connection.ts'
import { createKafkaEventLog } from '../src/adapters/kafka/event-log.ts'
import { openDatabase } from '../src/adapters/sqlite/database.ts'
import { createSqliteEventLog } from '../src/adapters/sqlite/event-log.ts'
import { createSystemClock } from '../src/adapters/system/clock.ts'
import type { EventLog, OutgoingRecord } from '../src/ports/event-log.ts'
import { createTopics } from '../test/support/kafka-topics.ts'
import type { Bench } from './report.ts'

const PARTITIONS = 8
const REQUEST_RECORDS = 1_000
const RECORD_BYTES = 1_000
/** Appends that wait at once, as several sessions of a gateway would. */
const CONCURRENT_APPENDS = 4
/** What one round holds for each second that it may take, about; whole requests. */
const REQUESTS_PER_SECOND = 20

type Measure = { readonly produce: number; readonly consume: number }

type Load = { readonly request: readonly OutgoingRecord[]; readonly requests: number }

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

const perSecond = (count: number, startMs: number): number => count / ((performance.now() - startMs) / 1_000)

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

async function measureLog(log: EventLog, { request, requests }: Load): Promise<Measure> {
  const records = request.length * requests
  const produceMs = performance.now()
  await inTurns(requests, CONCURRENT_APPENDS, () => log.append('access-events', request))
  const produce = perSecond(records, produceMs)
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
        if (seen >= records) done.resolve(perSecond(records, startMs))
        return { next: (batch.records.at(-1)?.offset ?? 0) + 1 }
      },
    },
  )
  const consume = await done.promise
  await consumer.stop()
  return { produce, consume }
}

async function measureRaw(brokers: readonly string[], topic: string, { request, requests }: Load): Promise<Measure> {
  const records = request.length * requests
  const kafka = createKafkaClient({ brokers, clientId: 'raw' })
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  await producer.connect()
  const messages = request.map(({ key, value, headers }) => ({
    key,
    value: Buffer.from(value),
    headers: Object.fromEntries(headers),
  }))
  const produceMs = performance.now()
  await inTurns(requests, 1, () => producer.send({ topic, messages, acks: -1, compression: compressionType('zstd') }))
  const produce = perSecond(records, produceMs)
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
      if (seen >= records) done.resolve(perSecond(records, startMs))
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

async function measureKafkaLog(brokers: readonly string[], load: Load): Promise<Measure> {
  return measureOnTopics(brokers, async (prefix) => {
    const log = createKafkaEventLog({
      connection: { brokers, clientId: 'bench' },
      topicPrefix: prefix,
      groupPrefix: prefix,
    })
    const measured = await measureLog(log, load)
    await log.close()
    return measured
  })
}

async function measureSqlite(load: Load): Promise<Measure> {
  const folder = await mkdtemp(join(tmpdir(), 'forewarm-bench-'))
  const database = openDatabase(join(folder, 'log.sqlite'))
  const retention = { ageMsMax: Number.MAX_SAFE_INTEGER, bytesMax: Number.MAX_SAFE_INTEGER, sweepMs: 60_000 }
  const log = createSqliteEventLog({ database, partitions: PARTITIONS, clock: createSystemClock(), retention })
  const measured = await measureLog(log, load)
  await log.close()
  database.close()
  await rm(folder, { recursive: true })
  return measured
}

export const measureEventLog: Bench = async ({ servers, seconds, rounds }) => {
  const brokers = await servers.kafka()
  const load = { request: createRecords(), requests: Math.ceil(seconds * REQUESTS_PER_SECOND) }
  const measured: { raw: Measure; kafka: Measure; sqlite: Measure }[] = []
  for (let round = 0; round < rounds; round += 1) {
    const raw = await measureOnTopics(brokers, (prefix) => measureRaw(brokers, `${prefix}access-events`, load))
    measured.push({ raw, kafka: await measureKafkaLog(brokers, load), sqlite: await measureSqlite(load) })
  }
  const compare = (engine: 'kafka' | 'sqlite', way: 'produce' | 'consume') => ({
    measure: `${engine === 'kafka' ? 'Kafka' : 'SQLite'}, ${way}`,
    unit: 'records/s',
    reference: `raw kafkajs ${way}`,
    rounds: measured.map((each) => ({ value: each[engine][way], reference: each.raw[way] })),
  })
  return [
    compare('kafka', 'produce'),
    compare('kafka', 'consume'),
    compare('sqlite', 'produce'),
    compare('sqlite', 'consume'),
  ]
}
