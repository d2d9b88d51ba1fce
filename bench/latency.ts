/**
 * Time from the append of an access until the file that it announces can be read in the cache: through the log, predict,
 * the log again, a worker, its origin and the cache, with ingest at work beside them. In turns with it, the time of a bare
 * record through Kafka.
 */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Consumer, Producer } from 'kafkajs'
import { sha256Hex } from '../src/adapters/digest.ts'
import { createKafkaClient } from '../src/adapters/kafka/connection.ts'
import { SILENT_LOG } from '../src/adapters/memory/telemetry.ts'
import { blobId } from '../src/adapters/origins/blob-id.ts'
import { createSilentTelemetry } from '../src/adapters/telemetry/silent.ts'
import { type Engines, openEngines } from '../src/compose/engines.ts'
import { openLayers } from '../src/compose/layers.ts'
import { openOrigins } from '../src/compose/origins.ts'
import type { Parts } from '../src/compose/parts.ts'
import { startPredict } from '../src/compose/predict.ts'
import type { Stage } from '../src/compose/stage.ts'
import { startWarm } from '../src/compose/warm.ts'
import { Heartbeat } from '../src/heartbeat.ts'
import type { AccessEvent } from '../src/model/access.ts'
import { inControlGroup, shortId } from '../src/model/identity.ts'
import type { Cache, CacheKey } from '../src/ports/cache.ts'
import { CONTENT_LAYER } from '../src/ports/layer.ts'
import { valueKey } from '../src/warming/cache-key.ts'
import { eventually } from '../test/support/eventually.ts'
import { startIngestStage } from './ingest-stage.ts'
import { type Bench, type Comparison, quantile, type Round } from './report.ts'
import { openSite, type Site } from './servers.ts'

const WORKSPACE = 'latency'
/** What one round holds for each second that it may take, about. */
const TRIALS_PER_SECOND = 15
const TRIALS_MIN = 5
/** Each trial has a lead whose read announces the others; all of a chain were read in this order so often before. */
const CHAIN = ['lead', 'next', 'then', 'last'] as const
const LESSONS = 4
const PACE_MS = 2_000
const FILE_BYTES = 8_192
/** After this a prediction counts as not made. */
const GIVEN_UP_MS = 60_000
/** Between two measures, so that outcomes and commits of one do not meet the next. */
const QUIET_MS = 30
/** Share of leads that must lead to a warm. */
const PREDICTED_MIN = 0.9
const RECORD_BYTES = 200
const ROUND_TRIPS_MAX = 5

export const measureLatency: Bench = async ({ servers, seconds, rounds, progress }) => {
  const trials = Math.max(TRIALS_MIN, Math.round(seconds * TRIALS_PER_SECOND))
  const site = await openSite(servers)
  const folder = await mkdtemp(join(tmpdir(), 'forewarm-bench-'))
  const closers = [() => rm(folder, { recursive: true, force: true }), () => site.remove()]
  try {
    const chains = chainNames(trials * (rounds + 1))
    await writeChains(folder, chains)
    const path = await openPath(site, folder, chains)
    closers.unshift(path.close)
    const bare = await openRoundTrip(site)
    closers.unshift(bare.close)
    progress(`learned ${chains.length} chains of files; now ${rounds} rounds of ${trials} accesses`)
    const measured: Taken[][] = []
    for (let round = 0; round <= rounds; round += 1) {
      const taken = await takeTimes(path.time, bare.time, chains.slice(round * trials, (round + 1) * trials))
      progress(`round ${round}: ${taken.length} of ${trials} accesses led to a warm`)
      if (taken.length < trials * PREDICTED_MIN) throw new Error('too few accesses led to a warm to be measured')
      // The first one only warms up what runs here, and the broker.
      if (round > 0) measured.push(taken)
    }
    return comparisonsOf(measured)
  } finally {
    for (const close of closers) await close()
  }
}

/** One access followed to the cache, and one bare record, in milliseconds. */
type Taken = { readonly whole: number; readonly bare: number }

async function takeTimes(
  whole: (chain: string) => Promise<number | null>,
  bare: () => Promise<number>,
  chains: readonly string[],
): Promise<Taken[]> {
  const taken: Taken[] = []
  for (const chain of chains) {
    const bareMs = await bare()
    await delay(QUIET_MS)
    const wholeMs = await whole(chain)
    await delay(QUIET_MS)
    if (wholeMs !== null) taken.push({ whole: wholeMs, bare: bareMs })
  }
  return taken
}

function comparisonsOf(measured: readonly (readonly Taken[])[]): Comparison[] {
  const at = (share: number): Round[] =>
    measured.map((taken) => {
      const [whole, bare] = [taken.map((each) => each.whole), taken.map((each) => each.bare)]
      return { value: quantile(whole, share), reference: quantile(bare, share) }
    })
  const common = { unit: 'ms', reference: 'raw kafkajs produce to consume' }
  return [
    { ...common, measure: 'access to readable in the cache, p50', rounds: at(0.5) },
    {
      ...common,
      measure: 'access to readable in the cache, p99',
      rounds: at(0.99),
      aims: [{ of: 'ratio', at: 'most', bound: ROUND_TRIPS_MAX }],
    },
  ]
}

const pathOf = (chain: string, name: string): string => `${chain}/${name}.ts`
const contentOf = (path: string): string => `// ${path}\n`.repeat(Math.ceil(FILE_BYTES / (path.length + 4)))

/** Files of the control group are predicted and never warmed: they are no use here. */
function chainNames(count: number): string[] {
  const names: string[] = []
  for (let at = 0; names.length < count; at += 1) {
    const name = `chain-${at}`
    if (!inControlGroup(shortId(pathOf(name, CHAIN[1]), sha256Hex))) names.push(name)
  }
  return names
}

async function writeChains(folder: string, chains: readonly string[]): Promise<void> {
  for (const path of chains.flatMap((chain) => CHAIN.map((name) => pathOf(chain, name)))) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), contentOf(path))
  }
}

type Read = { readonly path: string; readonly timeMs: number }

const eventOf = (session: string, reads: readonly Read[], sessionEnded: boolean): AccessEvent => ({
  workspace: WORKSPACE,
  session,
  // One that has no profile yet: what is warmed follows from the lead alone.
  analyzer: sessionEnded ? 'teacher' : 'pupil',
  revision: null,
  publisher: 'bench',
  sequence: 0,
  sessionEnded,
  forget: false,
  accesses: reads.map((read) => ({ ...read, layer: 'content', version: null, outcome: 'miss', warmedBy: null })),
  changes: [],
})

function lessons(chains: readonly string[], nowMs: number): AccessEvent[] {
  const startMs = nowMs - LESSONS * chains.length * CHAIN.length * PACE_MS
  return Array.from({ length: LESSONS }, (_, lesson) => lesson).flatMap((lesson) =>
    chains.map((chain, at) => {
      const fromMs = startMs + (lesson * chains.length + at) * CHAIN.length * PACE_MS
      const reads = CHAIN.map((name, step) => ({ path: pathOf(chain, name), timeMs: fromMs + step * PACE_MS }))
      return eventOf(`lesson-${lesson}-${chain}`, reads, true)
    }),
  )
}

/** An access before the lead shows the session's pace: to a first access nothing could be in time. */
const trialOf = (chain: string, nowMs: number): AccessEvent =>
  eventOf(
    `trial-${chain}`,
    [
      { path: `opener/${chain}.ts`, timeMs: nowMs - PACE_MS },
      { path: pathOf(chain, CHAIN[0]), timeMs: nowMs },
    ],
    false,
  )

async function append({ log, codec }: Engines, events: readonly AccessEvent[]): Promise<void> {
  const records = events.map(async (event) => ({
    key: `${event.workspace}#0`,
    value: await codec.encode('access-events', event),
    headers: new Map<string, string>(),
  }))
  await log.append('access-events', await Promise.all(records))
}

/** All stages of a deployment in this process, taught the chains. */
async function openPath(site: Site, folder: string, chains: readonly string[]) {
  const settings = site.settings({
    workspaces: { [WORKSPACE]: { origin: { directory: folder } } },
    // It is the way that is timed, not how soon a predictor is sure: this one names a chain after any few lessons.
    predict: { predictor: 'models' },
  })
  const telemetry = createSilentTelemetry()
  const opened: Engines[] = []
  // Each stage has connections of its own, as its process would.
  const connect = (): Parts & { engines: Engines } => {
    const engines = openEngines(settings, { logger: SILENT_LOG, telemetry })
    opened.push(engines)
    const heartbeat = new Heartbeat(settings.health.stallMs, () => engines.clock.monotonicMs())
    const { origins } = openOrigins(settings, { telemetry, notes: () => store().notes })
    const { clock, store } = engines
    const { graphs, layers } = openLayers({ settings, clock, origins, notes: () => store().notes })
    return { settings, engines, telemetry, logger: SILENT_LOG, heartbeat, origins, graphs, layers }
  }
  const taught = lessons(chains, Date.now())
  const { engines: analyzer } = connect()
  await append(analyzer, taught)
  const ingest = await startIngestStage(connect())
  await ingest.stored(taught.reduce((sum, { accesses }) => sum + accesses.length, 0))
  const worker = connect()
  const puts = notePuts(worker.engines.cache())
  const engines = { ...worker.engines, cache: () => puts.cache }
  const stages: Stage[] = [await startPredict(connect()), await startWarm({ ...worker, engines })]
  await eventually(
    async () => (await Promise.all(stages.map((stage) => stage.missing()))).flat(),
    (missing) => missing.length === 0,
  )
  const time = async (chain: string): Promise<number | null> => {
    const announced = pathOf(chain, CHAIN[1])
    const stored = puts.next(keyOf(announced), GIVEN_UP_MS)
    const startMs = performance.now()
    await append(analyzer, [trialOf(chain, Date.now())])
    const storedMs = await stored
    return storedMs === null ? null : storedMs - startMs
  }
  const close = async () => {
    await Promise.all([ingest.stop(), ...stages.map((stage) => stage.stop())])
    await Promise.all(opened.map((engines) => engines.close()))
  }
  return { time, close }
}

const keyOf = (path: string): CacheKey => {
  const version = blobId(Buffer.from(contentOf(path)))
  const { name: layer, version: producerVersion } = CONTENT_LAYER
  return valueKey({ workspace: WORKSPACE, layer, producerVersion, path, version }, sha256Hex)
}

/** Tells when a value is in the cache: once the cache has confirmed it, everybody can read it. */
function notePuts(inner: Cache) {
  const waiting = new Map<string, (atMs: number) => void>()
  const cache: Cache = {
    ...inner,
    put: async (key, value, source) => {
      const result = await inner.put(key, value, source)
      if (result === 'stored') waiting.get(key.rest)?.(performance.now())
      return result
    },
  }
  const next = (key: CacheKey, withinMs: number): Promise<number | null> =>
    new Promise((resolve) => {
      const givenUp = setTimeout(() => settle(null), withinMs)
      const settle = (atMs: number | null): void => {
        clearTimeout(givenUp)
        waiting.delete(key.rest)
        resolve(atMs)
      }
      waiting.set(key.rest, settle)
    })
  return { cache, next }
}

/** One record at a time to a topic that nobody reads here, and back. */
async function openRoundTrip({ brokers, topicPrefix }: Site) {
  const topic = `${topicPrefix}dead-letters`
  const kafka = createKafkaClient({ brokers, clientId: 'raw' })
  const producer: Producer = kafka.producer()
  const consumer: Consumer = kafka.consumer({ groupId: `${topicPrefix}raw`, maxWaitTimeInMs: 100 })
  let arrived = () => {}
  const joined = Promise.withResolvers<void>()
  consumer.on(consumer.events.GROUP_JOIN, () => joined.resolve())
  await Promise.all([producer.connect(), consumer.connect()])
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({ autoCommit: false, eachMessage: async () => arrived() })
  await joined.promise
  const value = Buffer.alloc(RECORD_BYTES, 1)
  return {
    time: async (): Promise<number> => {
      const arrival = Promise.withResolvers<void>()
      arrived = () => arrival.resolve()
      const startMs = performance.now()
      await producer.send({ topic, messages: [{ key: WORKSPACE, value }], acks: -1 })
      await arrival.promise
      return performance.now() - startMs
    },
    close: async () => {
      await Promise.all([producer.disconnect(), consumer.disconnect()])
    },
  }
}
