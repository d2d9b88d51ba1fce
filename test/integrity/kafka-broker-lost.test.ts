import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, type TestContext } from 'vitest'
import { createKafkaEventLog } from '../../src/adapters/kafka/event-log.ts'
import { ForewarmError } from '../../src/ports/errors.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { eventually } from '../support/eventually.ts'
import { createTopics } from '../support/kafka-topics.ts'
import { createReader, nextOf, outgoing, text } from '../support/log-reader.ts'
import { type Kafka, startKafka } from '../support/services/kafka.ts'

const PARTITIONS = 6
const keys = Array.from({ length: 12 }, (_, index) => `workspace-${index}#0`)
const times = { sessionTimeoutMs: 10_000 }
/** A group that lost its coordinator while it formed waits out a rebalance (a minute) for members that are gone, and joins again. */
const REJOINED_MS_MAX = 150_000

type AtEnd = TestContext['onTestFinished']

async function open(kafka: Kafka, replicas: number, onTestFinished: AtEnd): Promise<EventLog> {
  await createTopics(kafka.bootstrap, { prefix: '', partitions: PARTITIONS, replicas }).then((remove) => {
    onTestFinished(() => remove().catch(() => {}))
  })
  const connection = { brokers: kafka.bootstrap, clientId: 'broker-lost' }
  const log = createKafkaEventLog({ connection, topicPrefix: '', groupPrefix: '', times, sendTimeoutMs: 20_000 })
  onTestFinished(() => log.close())
  return log
}

/** Appends numbered records of every key without end, each until it is acknowledged. */
function produce(log: EventLog) {
  const acknowledged: string[] = []
  let stopped = false
  let round = 0
  const running = (async () => {
    while (!stopped) {
      const records = keys.map((key) => outgoing(key, `${key} ${round}`))
      try {
        await log.append('access-events', records)
        acknowledged.push(...records.map(({ value }) => text(value)))
        round += 1
        await delay(5)
      } catch (error) {
        if (!(error instanceof ForewarmError) || !error.retriable) throw error
        await delay(100)
      }
    }
  })()
  return {
    acknowledged,
    stop: () => {
      stopped = true
      return running
    },
  }
}

function missingIn(found: readonly string[], wanted: readonly string[]): readonly string[] {
  const all = new Set(found)
  return wanted.filter((each) => !all.has(each))
}

async function expectAllKept(log: EventLog, acknowledged: readonly string[]): Promise<void> {
  const kept: string[] = []
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const at = { topic: 'access-events', partition } as const
    for await (const record of log.read(at, 0)) kept.push(text(record.value))
  }
  expect(missingIn(kept, acknowledged)).toEqual([])
  for (const key of keys) {
    const firsts = [...new Set(kept.filter((value) => value.startsWith(`${key} `)))].map((value) =>
      Number(value.slice(key.length + 1)),
    )
    expect(firsts, `records of ${key} in order`).toEqual(firsts.toSorted((one, other) => one - other))
  }
}

async function runThroughFaults(log: EventLog, faults: () => Promise<void>): Promise<void> {
  const reader = createReader({
    start: 'committed',
    onBatch: (batch) => ({ next: nextOf(batch), commit: nextOf(batch) }),
  })
  const consumer = await log.consume({ group: 'g', topics: ['access-events'], batchRecordsMax: 50 }, reader)
  const producer = produce(log)
  await eventually(
    () => producer.acknowledged.length,
    (length) => length > 200,
  )
  await faults()
  const before = producer.acknowledged.length
  await eventually(
    () => producer.acknowledged.length,
    (length) => length > before + 200,
    { what: 'acknowledgements after the faults', withinMs: 60_000 },
  )
  await producer.stop()
  const arrived = eventually(
    () => missingIn(reader.texts(), producer.acknowledged).length,
    (missing) => missing === 0,
    { what: 'all acknowledged records at the consumer', withinMs: REJOINED_MS_MAX },
  )
  await Promise.race([arrived, consumer.failed])
  await expectAllKept(log, producer.acknowledged)
}

// Side by side, each on a Kafka of its own: they wait more than they work.
describe.concurrent('a Kafka event log', { timeout: 360_000 }, () => {
  it('nothing acknowledged is lost, and the consumer goes on, when brokers of a cluster are killed in turn', async ({
    onTestFinished,
  }) => {
    const kafka = await startKafka({ nodes: 3 })
    onTestFinished(kafka.stop)
    const log = await open(kafka, 3, onTestFinished)
    await runThroughFaults(log, async () => {
      for (const node of kafka.nodes.slice(0, 2)) {
        await node.kill()
        await delay(5_000)
        await node.restart()
        await delay(3_000)
      }
    })
  })

  it('nothing acknowledged is lost, and the consumer goes on, when the only broker is killed and comes back', async ({
    onTestFinished,
  }) => {
    const kafka = await startKafka()
    onTestFinished(kafka.stop)
    const log = await open(kafka, 1, onTestFinished)
    await runThroughFaults(log, async () => {
      await kafka.nodes[0]?.kill()
      expect(await log.healthy()).toBe(false)
      await delay(10_000)
      await kafka.nodes[0]?.restart()
    })
    expect(await log.healthy()).toBe(true)
  })

  it('a consumer of which nothing is heard any more fails instead of standing still', async ({ onTestFinished }) => {
    const kafka = await startKafka()
    onTestFinished(kafka.stop)
    await createTopics(kafka.bootstrap, { prefix: '', partitions: 1 })
    const connection = { brokers: kafka.bootstrap, clientId: 'silence' }
    const log = createKafkaEventLog({ connection, topicPrefix: '', groupPrefix: '', times: { silenceMs: 2_000 } })
    onTestFinished(() => log.close())
    const consumer = await log.consume({ group: 'g', topics: ['access-events'], batchRecordsMax: 1 }, createReader())
    kafka.nodes[0]?.pause()
    const failure = await consumer.failed.catch((error: unknown) => error)
    kafka.nodes[0]?.resume()
    expect(failure).toMatchObject({ code: 'FW_LOG_UNAVAILABLE', retriable: true })
  })
})
