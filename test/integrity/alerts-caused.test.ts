/** What the alerts tell of is caused for real: Prometheus, with the very rules, fetches the processes that suffer it. */
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { startTelemetry } from '../../src/adapters/telemetry/otel.ts'
import type { AccessEvent } from '../../src/model/access.ts'
import { shardKey } from '../../src/model/identity.ts'
import type { WarmedFile, WarmOutcome } from '../../src/model/outcome.ts'
import { createAccessPublisher } from '../../src/sdk/access-publisher.ts'
import { type Deployment, deploy } from '../support/deployment.ts'
import { eventually } from '../support/eventually.ts'
import type { ForewarmProcess } from '../support/process.ts'
import { type Prometheus, startPrometheus } from '../support/services/prometheus.ts'
import { startRedis } from '../support/services/redis.ts'
import { createTraffic, newSeed } from '../support/traffic.ts'
import { aCommand, aFile } from '../support/warm-worker.ts'

const WITHIN_MS = 60_000
const EARLY_MS = Date.UTC(2025, 9, 6, 6)
const RECORDS = 60
const SERVED = { FOREWARM_TELEMETRY__PROMETHEUS__ENABLED: 'true', FOREWARM_TELEMETRY__PROMETHEUS__PORT: '0' }

/** A workspace that Prometheus has known for hours. */
const WELL_KNOWN = 'acme/known'

/** As many records as are no small lag any more. */
const MANY = 10_100

const cleanups: (() => unknown)[] = []
let deployment: Deployment
let modelRedis: Redis
let cacheRedis: Redis
let worker: ForewarmProcess
let prometheus: Prometheus
/** Where the files of the workspace `away` should be. */
let missing: string
let dropping: Awaited<ReturnType<typeof startTelemetry>>
const traffic = createTraffic(newSeed())

beforeAll(async () => {
  const [model, cache, folder] = await Promise.all([
    startRedis({ settings: { maxmemory: '0', 'maxmemory-policy': 'noeviction' } }),
    startRedis({ settings: { maxmemory: '64mb', 'maxmemory-policy': 'volatile-ttl', 'maxmemory-samples': '10' } }),
    mkdtemp(join(tmpdir(), 'forewarm-alerts-')),
  ])
  ;[modelRedis, cacheRedis] = [new Redis(model.url), new Redis(cache.url)]
  cleanups.push(
    model.stop,
    cache.stop,
    () => rm(folder, { recursive: true }),
    () => modelRedis.disconnect(),
  )
  cleanups.push(() => cacheRedis.disconnect())
  missing = join(folder, 'away')
  await writeFile(join(folder, 'a.ts'), 'export const a = 1\n')
  const origins = { shop: { directory: folder }, away: { directory: missing, limits: { restMs: 500 } } }
  deployment = await deploy({
    ...{ modelRedisUrls: [model.url], cacheRedisUrl: cache.url, partitions: 1 },
    env: {
      ...SERVED,
      FOREWARM_WORKSPACES: JSON.stringify(
        Object.fromEntries(Object.entries(origins).map(([name, origin]) => [name, { origin }])),
      ),
    },
  })
  cleanups.push(deployment.close)
  const [ingest, warm] = await Promise.all([deployment.start('ingest'), deployment.start('warm')])
  worker = warm
  const here = { ...{ role: 'library', version: '0.0.0', instance: 'library' }, otlp: null }
  dropping = await startTelemetry({ ...here, prometheus: { host: '127.0.0.1', port: 0 } })
  cleanups.push(() => dropping.shutdown(1_000))
  const lines = await Promise.all([ingest, warm].map((process) => process.line(/metrics are served/)))
  const urls = [...lines.map((line): string => JSON.parse(line).url), dropping.metricsUrl ?? '']
  prometheus = await startPrometheus({
    jobs: new Map([['forewarm', urls.map((url) => new URL(url).host)]]),
    rules: [resolve('deploy/prometheus/alerts.yaml')],
    history: knownFor(WELL_KNOWN, 7 * 3_600),
  })
  cleanups.push(prometheus.stop)
})

afterAll(async () => {
  for (const clean of cleanups.reverse()) await clean()
})

/** Labels of an alert whose expression holds now: it fires, or waits until it has held for as long as its rule wants. */
const raised = async (alert: string): Promise<readonly string[]> => {
  const found = await prometheus.query(`ALERTS{alertname="${alert}"}`)
  return found.map(({ metric: { workspace, topic, group, service_name } }) => {
    return workspace ?? topic ?? group ?? service_name ?? ''
  })
}

const comes = (alert: string): Promise<readonly string[]> =>
  soon(
    () => raised(alert),
    ({ length }) => length > 0,
    `the alert ${alert}`,
  )

const ends = (alert: string): Promise<readonly string[]> =>
  soon(
    () => raised(alert),
    ({ length }) => length === 0,
    `the end of ${alert}`,
  )

/** At once an error when a process has ended. */
const soon = <Seen>(read: () => Promise<Seen>, holds: (seen: Seen) => boolean, what: string): Promise<Seen> =>
  Promise.race([eventually(read, holds, { what, withinMs: WITHIN_MS, everyMs: 200 }), deployment.failed])

const sum = async (expression: string): Promise<number> =>
  Number((await prometheus.query(`sum(${expression})`))[0]?.value[1] ?? 0)

async function commandFor(workspace: string, names: readonly string[]): Promise<void> {
  const { log, codec } = deployment.engines
  const command = aCommand({
    id: `${workspace}-${names.join()}`,
    workspace,
    // Asked for: predictions have a share of a full cache that they earn.
    runId: `run-${workspace}`,
    files: names.map((path) => aFile({ path, reason: 'request' })),
  })
  const value = await codec.encode('warm-commands', command)
  await log.append('warm-commands', [{ key: workspace, value, headers: new Map() }])
}

test('FenceStuck, ModelMemory: a model Redis without room takes no write, and is mended by giving it some', async () => {
  await modelRedis.config('SET', 'maxmemory', '1kb')
  await deployment.append(traffic.take(RECORDS))
  const [topics] = await Promise.all([comes('ForewarmFenceStuck'), comes('ForewarmModelMemory')])
  expect(topics).toContain('access-events')
  const retried = () => sum('forewarm_ingest_records_total{fate="retry"}')
  await soon(retried, (count) => count > 0, 'records that are tried again')
  expect(await sum('forewarm_ingest_records_total{fate="done"}')).toBe(0)
  await modelRedis.config('SET', 'maxmemory', '0')
  await deployment.drain()
  await Promise.all([ends('ForewarmFenceStuck'), ends('ForewarmModelMemory')])
  expect((await deployment.compareWithOracle()).accesses).toBeGreaterThan(0)
})

test('NoWarmHits: a workspace that is read for hours misses, until a read finds a warmed file', async () => {
  const read = (outcome: 'miss' | 'warmHit', count: number) =>
    deployment.append([accessesAt(EARLY_MS, { workspace: WELL_KNOWN, count, outcome })])
  const missed = async () => {
    await read('miss', 60)
    return raised('ForewarmNoWarmHits')
  }
  expect(await soon(missed, ({ length }) => length > 0, 'the alert ForewarmNoWarmHits')).toEqual([WELL_KNOWN])
  const found = async () => {
    await read('warmHit', 1)
    return raised('ForewarmNoWarmHits')
  }
  await soon(found, ({ length }) => length === 0, 'the end of ForewarmNoWarmHits')
})

test('DeadLetters: bytes of no schema', async () => {
  const value = new TextEncoder().encode('no schema')
  await deployment.engines.log.append('access-events', [{ key: 'acme/web#0', value, headers: new Map() }])
  expect(await comes('ForewarmDeadLetters')).toEqual(['access-events'])
})

test('TwoOwners: two deployments write the same models; each counts rightly', async () => {
  const other = await deployment.start('ingest', { FOREWARM_KAFKA__GROUP_PREFIX: `${deployment.prefix}other.` })
  const fight = async () => {
    await deployment.append(traffic.take(5))
    return raised('ForewarmTwoOwners')
  }
  await soon(fight, ({ length }) => length > 0, 'the alert ForewarmTwoOwners')
  await other.kill('SIGTERM')
  await deployment.drain()
  expect((await deployment.compareWithOracle()).accesses).toBeGreaterThan(0)
})

test('LagGrows: more comes than ingest can write, and it catches up once it can', async () => {
  await modelRedis.config('SET', 'maxmemory', '1kb')
  await deployment.append(
    Array.from({ length: MANY }, (_, at) => accessesAt(EARLY_MS + at, { workspace: 'acme/many' })),
  )
  const more = async () => {
    await deployment.append([accessesAt(EARLY_MS, { workspace: 'acme/many' })])
    return raised('ForewarmLagGrows')
  }
  expect(await soon(more, ({ length }) => length > 0, 'the alert ForewarmLagGrows')).toEqual(['ingest'])
  await modelRedis.config('SET', 'maxmemory', '0')
  await ends('ForewarmLagGrows')
})

test('AccuracyLow: nobody reads what was warmed', async () => {
  // Longer than is waited for reads that come late.
  const laterMs = EARLY_MS + 600_000
  const reads = accessesAt(laterMs, { workspace: 'acme/waste', count: 20 })
  await deployment.append([outcomeOf(EARLY_MS, 150), reads, outcomeOf(laterMs, 20)])
  expect(await comes('ForewarmAccuracyLow')).toEqual(['acme/waste'])
})

test('OriginAway: the folder of an origin is not there, and comes back', async () => {
  const ask = (round: number) => commandFor('away', ['a.ts', 'b.ts', 'c.ts', 'd.ts', 'e.ts', `${round}.ts`])
  await ask(0)
  expect(await comes('ForewarmOriginAway')).toEqual(['away'])
  await mkdir(missing)
  let round = 0
  const probe = async () => {
    round += 1
    await ask(round)
    return raised('ForewarmOriginAway')
  }
  await soon(probe, ({ length }) => length === 0, 'a closed breaker')
})

test('CachePressure, PressureStop: a cache that is full of live values; a worker outlives one without any room', async () => {
  const cache = deployment.engines.cache()
  for (let at = 0; at < 100; at += 1) {
    const key = { workspaceId: '0123456789abcdef', rest: `v.${at}` }
    expect(await cache.put(key, randomBytes(40_000), { kind: 'fill' })).toBe('stored')
  }
  const used = /used_memory:(\d+)/.exec(await cacheRedis.info('memory'))?.[1] ?? ''
  await cacheRedis.config('SET', 'maxmemory', used)
  let round = 0
  const ask = async () => {
    round += 1
    await commandFor('shop', ['a.ts', `b-${round}.ts`])
    const alerts = [await raised('ForewarmCachePressure'), await raised('ForewarmPressureStop')]
    return alerts.map(({ length }) => length > 0)
  }
  await soon(ask, (both) => both.every(Boolean), 'both alerts on pressure')

  // Now there is nothing alive in it, and no room for a lease or a budget either.
  await cacheRedis.config('SET', 'maxmemory', '1kb')
  await ends('ForewarmCachePressure')
  const skipped = () => sum('forewarm_warm_files_total{outcome="skipped",detail="pressure"}')
  const before = await skipped()
  await commandFor('shop', ['c.ts'])
  await soon(skipped, (count) => count > before, 'a file that is left out')
  await cacheRedis.config('SET', 'maxmemory', '64mb')
})

test('AccessesDropped: a publisher has room for fewer than are read', async () => {
  const { log, codec, clock } = deployment.engines
  const around = { telemetry: dropping, logger: SILENT_LOG, newId: () => 'p', random: Math.random }
  const publisher = createAccessPublisher({ log, codec, clock, ...around }, { workspace: 'shop', bufferMax: 10 })
  for (let at = 0; at < 100; at += 1)
    publisher.record({ session: 's', analyzer: 'eslint', revision: null }, { path: `${at}.ts` })
  await publisher.close()
  await comes('ForewarmAccessesDropped')
})

test('ModelEvicting: somebody lets the model Redis evict', async () => {
  await ends('ForewarmModelEvicting')
  await modelRedis.config('SET', 'maxmemory-policy', 'allkeys-lru')
  await modelRedis.config('SET', 'maxmemory', '1mb')
  await comes('ForewarmModelEvicting')
})

test('ProcessAbsent: the only worker is gone', async () => {
  await ends('ForewarmProcessAbsent')
  await worker.kill()
  expect(await comes('ForewarmProcessAbsent')).toEqual(['forewarm-warm'])
})

function outcomeOf(issuedAtMs: number, count: number) {
  const files = Array.from(
    { length: count },
    (_, at): WarmedFile => ({
      ...{ path: `wasted-${at}.ts`, layer: 'content', version: null, outcome: 'warmed', detail: '', bytes: 100 },
      ...{ finishedAtMs: issuedAtMs, reason: 'profile', probability: 0.5, horizonAtMs: issuedAtMs + 1_000 },
    }),
  )
  const value: WarmOutcome = {
    ...{ commandId: `c-${issuedAtMs}`, workspace: 'acme/waste', shard: 0, runId: null, worker: 'w', issuedAtMs },
    ...{ mode: 'warm', firstFile: 0, pressure: 0, files },
  }
  return { topic: 'warm-outcomes', key: shardKey('acme/waste', 0), value } as const
}

type Reads = { readonly workspace: string; readonly count?: number; readonly outcome?: 'miss' | 'warmHit' }

function accessesAt(timeMs: number, { workspace, count = 1, outcome = 'miss' }: Reads) {
  const value: AccessEvent = {
    ...{ workspace, session: 's', analyzer: 'eslint', revision: null, publisher: '', sequence: 0 },
    ...{ sessionEnded: true, forget: false, changes: [] },
    accesses: Array.from(
      { length: count },
      (_, at) => ({ path: `read-${at}.ts`, timeMs, layer: 'content', version: null, outcome, warmedBy: null }) as const,
    ),
  }
  return { topic: 'access-events', key: shardKey(workspace, 0), value } as const
}

/** That a workspace was read so long ago, as Prometheus would have noted it. */
function knownFor(workspace: string, seconds: number): string {
  const now = Math.floor(Date.now() / 1_000)
  const name = 'forewarm_access_outcomes'
  const samples = Array.from(
    { length: 120 },
    (_, at) => `${name}_total{workspace="${workspace}",outcome="miss",group="treated"} 1 ${now - seconds + at * 60}`,
  )
  return [`# TYPE ${name} counter`, ...samples, '# EOF', ''].join('\n')
}
