/**
 * Accesses a second that ingest folds from Kafka into Redis, beside two bounds on the same servers: reading and decoding
 * the same records alone, and writing the same rows alone, by scripts that check nothing.
 */
import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { createKafkaClient } from '../src/adapters/kafka/connection.ts'
import { SILENT_LOG } from '../src/adapters/memory/telemetry.ts'
import { createSilentTelemetry } from '../src/adapters/telemetry/silent.ts'
import { openEngines } from '../src/compose/engines.ts'
import { openLayers } from '../src/compose/layers.ts'
import { openOrigins } from '../src/compose/origins.ts'
import { Heartbeat } from '../src/heartbeat.ts'
import type { AccessEvent } from '../src/model/access.ts'
import type { ModelStore, RowSpace, RowWrite } from '../src/ports/model-store.ts'
import { FRAME_BYTES } from '../src/wire/framing.ts'
import { loadSchema } from '../src/wire/load-schema.ts'
import { bareCall, runBare } from './bare-rows.ts'
import { startIngestStage } from './ingest-stage.ts'
import type { Bench } from './report.ts'
import { openSite, processorSeconds, removeKeys, type Site } from './servers.ts'
import { accessEvents } from './workload.ts'

/** What one round holds for each second that it may take, about. */
const ACCESSES_PER_SECOND = 20_000
const WORKSPACES = 8
const FILES_PER_WORKSPACE = 5_000
const APPEND_RECORDS = 500

/** Accesses a second, by the clock and by the processor time of this process and Redis. */
type Speed = { readonly bySeconds: number; readonly byProcessor: number }

export const measureIngest: Bench = async ({ servers, seconds, rounds, progress }) => {
  const site = await openSite(servers)
  try {
    const accesses = await publishSessions(site, Math.ceil(seconds * ACCESSES_PER_SECOND))
    progress(`${accesses} accesses are on the log; one pass notes the rows that ingest writes`)
    const changes: NotedChange[] = []
    await ingest(site, accesses, changes)
    const measured = []
    for (let round = 1; round <= rounds; round += 1) {
      const raw = await readRaw(site, accesses)
      const folded = await ingest(site, accesses)
      const bare = await writeBare(site, accesses, changes)
      measured.push({ raw, folded, bare })
      progress(`round ${round}: ${Math.round(folded.bySeconds)} accesses/s`)
    }
    const common = { unit: 'accesses/s' }
    return [
      {
        ...common,
        measure: 'Kafka to model in Redis',
        reference: 'raw kafkajs consume + Avro decode',
        rounds: measured.map(({ folded, raw }) => ({ value: folded.bySeconds, reference: raw })),
      },
      {
        ...common,
        measure: 'Kafka to model in Redis',
        reference: 'bare pipelined scripts, same rows',
        rounds: measured.map(({ folded, bare }) => ({ value: folded.bySeconds, reference: bare.bySeconds })),
        aims: [
          { of: 'value', at: 'least', bound: 40_000 },
          { of: 'ratio', at: 'least', bound: 0.5 },
        ],
      },
      {
        measure: 'the same by processor time (Node and Redis)',
        unit: 'accesses/CPU s',
        reference: 'bare pipelined scripts, same rows',
        rounds: measured.map(({ folded, bare }) => ({ value: folded.byProcessor, reference: bare.byProcessor })),
      },
    ]
  } finally {
    await site.remove()
  }
}

async function publishSessions(site: Site, accessesWanted: number): Promise<number> {
  const events = accessEvents({
    accesses: accessesWanted,
    workspaces: WORKSPACES,
    filesPerWorkspace: FILES_PER_WORKSPACE,
  })
  await appendEvents(site, events)
  return events.reduce((sum, event) => sum + event.accesses.length, 0)
}

/** Puts the events on the log, in their order. */
export async function appendEvents(site: Site, events: readonly AccessEvent[]): Promise<void> {
  const engines = openEngines(site.settings(), { logger: SILENT_LOG, telemetry: createSilentTelemetry() })
  try {
    for (let at = 0; at < events.length; at += APPEND_RECORDS) {
      const records = events.slice(at, at + APPEND_RECORDS).map(async (event) => ({
        key: `${event.workspace}#0`,
        value: await engines.codec.encode('access-events', event),
        headers: new Map<string, string>(),
      }))
      await engines.log.append('access-events', await Promise.all(records))
    }
  } finally {
    await engines.close()
  }
}

/** Runs the ingest flow with an empty model until all accesses are stored. `noted` gets what it wrote. */
async function ingest(site: Site, accesses: number, noted?: NotedChange[]): Promise<Speed> {
  const settings = site.settings()
  const reporting = { logger: SILENT_LOG, telemetry: createSilentTelemetry() }
  const engines = openEngines(settings, reporting)
  const redis = new Redis(site.modelRedisUrl)
  const usedBefore = await processorSeconds(redis)
  const store = noted === undefined ? engines.store() : notingStore(engines.store(), noted)
  const { origins } = openOrigins(settings, { ...reporting, notes: () => store.notes })
  const heartbeat = new Heartbeat(settings.health.stallMs, () => engines.clock.monotonicMs())
  const stage = await startIngestStage({
    ...reporting,
    settings,
    heartbeat,
    engines: { ...engines, store: () => store },
    origins,
    ...openLayers({ settings, clock: engines.clock, origins, notes: () => store.notes }),
  })
  await stage.stored(accesses)
  const seconds = (performance.now() - stage.assignedAtMs()) / 1_000
  const used = (await processorSeconds(redis)) - usedBefore
  await stage.stop()
  await engines.close()
  redis.disconnect()
  await removeKeys(site.modelRedisUrl, `${settings.model.redis.keyPrefix}*`)
  return { bySeconds: accesses / seconds, byProcessor: accesses / used }
}

/** A change as one text and one piece of bytes: hundreds of thousands of kept rows would burden the next passes. */
type NotedChange = { readonly bucket: number; readonly rows: string; readonly bytes: Buffer }
type NotedRow = readonly [shard: string, space: RowSpace, row: string, length: number | null]

const notingStore = (store: ModelStore, noted: NotedChange[]): ModelStore => ({
  ...store,
  apply: (request) => {
    const rows = request.rows.map(
      ({ shard, space, row, value }): NotedRow => [shard, space, row, value?.length ?? null],
    )
    const bytes = Buffer.concat(request.rows.map(({ value }) => value ?? new Uint8Array()))
    noted.push({ bucket: request.bucket, rows: JSON.stringify(rows), bytes })
    return store.apply(request)
  },
})

function rowsOf({ rows, bytes }: NotedChange): RowWrite[] {
  let at = 0
  return (JSON.parse(rows) as NotedRow[]).map(([shard, space, row, length]) => {
    const value = length === null ? null : bytes.subarray(at, at + length)
    at += length ?? 0
    return { shard, space, row, value }
  })
}

/** kafkajs and avsc with nothing around them. Returns accesses a second. */
export async function readRaw({ brokers, topicPrefix }: Site, accesses: number): Promise<number> {
  const { type } = loadSchema('access-event.v1.avsc')
  const consumer = createKafkaClient({ brokers, clientId: 'raw' }).consumer({
    groupId: `${topicPrefix}${randomUUID()}`,
    maxWaitTimeInMs: 100,
  })
  const done = Promise.withResolvers<number>()
  let startMs = 0
  let left = accesses
  consumer.on(consumer.events.GROUP_JOIN, () => {
    startMs = performance.now()
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [`${topicPrefix}access-events`], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      for (const { value } of batch.messages) {
        const event: { accesses: unknown[] } = type.fromBuffer((value ?? Buffer.alloc(0)).subarray(FRAME_BYTES))
        left -= event.accesses.length
      }
      if (left <= 0) done.resolve(accesses / ((performance.now() - startMs) / 1_000))
    },
  })
  const speed = await done.promise
  await consumer.disconnect()
  return speed
}

/** Writes the same rows under other keys: no fold, no fence, no wait between the changes of a bucket. */
async function writeBare(site: Site, accesses: number, changes: readonly NotedChange[]): Promise<Speed> {
  const { keyPrefix } = site.settings().model.redis
  const calls = changes.map((change) => bareCall(keyPrefix, change.bucket, rowsOf(change)))
  const client = new Redis(site.modelRedisUrl)
  const usedBefore = await processorSeconds(client)
  const seconds = await runBare(client, calls)
  const used = (await processorSeconds(client)) - usedBefore
  client.disconnect()
  await removeKeys(site.modelRedisUrl, `${keyPrefix}*`)
  return { bySeconds: accesses / seconds, byProcessor: accesses / used }
}
