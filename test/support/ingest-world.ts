import { setImmediate as nextTick } from 'node:timers/promises'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import { createMemoryTelemetry, SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { parseFence } from '../../src/flows/ingest/fence.ts'
import { DEFAULT_INGEST_OPTIONS, type IngestOptions } from '../../src/flows/ingest/handler.ts'
import type { IngestDeps } from '../../src/flows/ingest/load-shard.ts'
import { bucketOf, partitionOf, shardKey, shortId } from '../../src/model/identity.ts'
import type { ModelLimits } from '../../src/model/limits.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Codec } from '../../src/ports/codec.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import type { RowSpace } from '../../src/ports/model-store.ts'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'
import { eventually } from './eventually.ts'
import { Crash, createFaultyStore, type FaultyStore } from './faulty-store.ts'
import type { HistoryRecord } from './histories.ts'
import { startIngest } from './run-ingest.ts'

/** A clock whose pauses last turns of the event loop: as many as they have milliseconds, but not many. */
const hastyClock: Clock = {
  now: () => 1_760_000_000_000,
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    for (let turn = 0; turn <= Math.min(ms, 40); turn += 1) await nextTick()
    signal?.throwIfAborted()
  },
}

const PARTITIONS = 2

/** A log, a store that fails on demand, and ingest processes that are started again when they crash. */
export function createIngestWorld(limits: ModelLimits, options: Partial<IngestOptions> = {}) {
  const log = createMemoryEventLog({ partitions: PARTITIONS, clock: hastyClock })
  const codec = createEmbeddedCodec()
  const telemetry = createMemoryTelemetry()
  let marks = 0
  const depsOf = (store: FaultyStore): IngestDeps => ({
    log,
    store,
    codec,
    clock: hastyClock,
    telemetry,
    logger: SILENT_LOG,
    sha256Hex,
    limits,
    nextMark: () => `mark-${++marks}`,
  })
  const store = createFaultyStore()
  const settings = { ...DEFAULT_INGEST_OPTIONS, batchRecordsMax: 3, settleRecords: 20, ...options }
  let crashes = 0

  /** Runs a process until it is told to stop; after a crash the next one begins. */
  async function run(group: string, on: FaultyStore) {
    let stopped = false
    let flow = await startIngest(depsOf(on), { ...settings, group })
    const watched = watch()
    async function watch(): Promise<void> {
      for (;;) {
        const error: unknown = await flow.ended.then(
          () => null,
          (reason: unknown) => reason,
        )
        if (error === null || stopped) return
        if (!(error instanceof Crash)) throw error
        crashes += 1
        flow = await startIngest(depsOf(on), { ...settings, group })
      }
    }
    return {
      /** Rejects when a process ends of anything but a planned crash. */
      watched,
      async stop(): Promise<void> {
        stopped = true
        await flow.stop()
      },
    }
  }

  return {
    log,
    store,
    telemetry,
    deps: depsOf(store),
    run,
    append: (record: HistoryRecord) => append({ log, codec }, record),
    caughtUp: (workspaces: readonly string[], on: FaultyStore, watched: readonly Promise<void>[]) =>
      caughtUp(log, workspaces, { on, watched }),
    crashes: () => crashes,
    newStore: createFaultyStore,
  }
}

export type IngestWorld = ReturnType<typeof createIngestWorld>

/** All rows of a workspace, packed as they are, as sorted lines. */
export async function rowsOf(store: FaultyStore, workspace: string): Promise<string[]> {
  const key = shardKey(workspace, 0)
  const lines: string[] = []
  for (const space of ['model', 'sequences', 'shards'] satisfies RowSpace[]) {
    const address = { bucket: bucketOf(key), shard: shortId(key, sha256Hex), space }
    for await (const rows of store.scan(address)) {
      for (const [row, value] of rows) lines.push(`${space} ${row} ${Buffer.from(value).toString('hex')}`)
    }
  }
  return lines.sort()
}

type World = { readonly log: EventLog; readonly codec: Codec }

async function append({ log, codec }: World, record: HistoryRecord): Promise<void> {
  const headers = new Map<string, string>()
  if (record.topic === 'access-events') {
    const value = await codec.encode('access-events', record.event)
    await log.append('access-events', [{ key: shardKey(record.event.workspace, 0), value, headers }])
    return
  }
  const value = await codec.encode('warm-outcomes', record.outcome)
  await log.append('warm-outcomes', [{ key: shardKey(record.outcome.workspace, 0), value, headers }])
}

type Waited = { readonly on: FaultyStore; readonly watched: readonly Promise<void>[] }

/** Waits until the workspaces' buckets contain all that the log holds for them. */
async function caughtUp(log: EventLog, workspaces: readonly string[], { on, watched }: Waited): Promise<void> {
  const ended = Promise.race(watched).then(() => Promise.reject(new Error('ingest ended')))
  const wanted = await Promise.all(workspaces.map((workspace) => lastOffsets(log, workspace)))
  const there = eventually(
    async () => {
      const fences = await on.fences(workspaces.map((workspace) => bucketOf(shardKey(workspace, 0))))
      return fences.map((fence) => (fence === null ? null : parseFence(fence)))
    },
    (fences) =>
      fences.every((fence, at) => {
        const [events = 0, outcomes = 0] = wanted[at] ?? []
        return fence !== null && fence['access-events'].next >= events && fence['warm-outcomes'].next >= outcomes
      }),
    { what: 'the end of the log', everyMs: 1 },
  )
  await Promise.race([there, ended])
}

/** One past the last record of a workspace in each topic. */
async function lastOffsets(log: EventLog, workspace: string): Promise<readonly number[]> {
  const key = shardKey(workspace, 0)
  const partition = partitionOf(key, PARTITIONS)
  const last = async (topic: 'access-events' | 'warm-outcomes'): Promise<number> => {
    let next = 0
    for await (const record of log.read({ topic, partition }, 0)) if (record.key === key) next = record.offset + 1
    return next
  }
  return [await last('access-events'), await last('warm-outcomes')]
}
