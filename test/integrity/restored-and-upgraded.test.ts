/** What docs/operations.md says under "Upgrades" and "Backup and total loss", done step by step on real servers. */
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis as Client } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKafkaClient } from '../../src/adapters/kafka/connection.ts'
import { SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { createSilentTelemetry } from '../../src/adapters/telemetry/silent.ts'
import { openEngines } from '../../src/compose/engines.ts'
import { settingsFrom } from '../../src/config/load.ts'
import { dumpModel, type ModelAdminDeps } from '../../src/flows/model-admin.ts'
import { shardKey } from '../../src/model/identity.ts'
import { type Deployment, deploy, fencesMoved, type Role, TALKATIVE } from '../support/deployment.ts'
import { eventually } from '../support/eventually.ts'
import { createTopics } from '../support/kafka-topics.ts'
import type { ForewarmProcess } from '../support/process.ts'
import { type Redis, startRedis } from '../support/services/redis.ts'
import { createTraffic, newSeed } from '../support/traffic.ts'
import { readOutcomes } from '../support/warm-worker.ts'
import { compareWithOracle, drained } from '../support/whole-model.ts'

const RECORDS = 100
const PARTITIONS = 4
const DRAIN_MS_MAX = 60_000
const VERSION_2 = { FOREWARM_MODEL__VERSION: '2' }
/** What is read and warmed while processes are replaced; other traffic keeps away from it. */
const ROLLED = 'acme/rolled'
const FILES = 40
const names = Array.from({ length: FILES }, (_, at) => `${at}.ts`)

const traffic = createTraffic(newSeed())
const closers: (() => Promise<unknown>)[] = []
let redis: Redis
let deployment: Deployment
let ingest: ForewarmProcess

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'forewarm-upgraded-'))
  closers.push(() => rm(directory, { recursive: true }))
  for (const name of names) await writeFile(join(directory, name), `// ${name}\n`)
  redis = await startRedis({ settings: { appendonly: 'yes', appendfsync: 'always' } })
  closers.push(redis.stop)
  const workspaces = new Map([[ROLLED, directory]])
  deployment = await deploy({ modelRedisUrls: [redis.url], partitions: PARTITIONS, workspaces })
  closers.push(deployment.close)
})
afterAll(async () => {
  for (const close of closers.reverse()) await close()
})

const end = async (process: ForewarmProcess): Promise<void> => {
  expect(await process.kill('SIGTERM')).toEqual({ code: 0, signal: null })
}

/** Accesses of one shard of a workspace that a model counts. */
async function learned(deps: ModelAdminDeps, workspace: string): Promise<number> {
  const { shards } = await dumpModel(deps, workspace)
  return shards.get(shardKey(workspace, 0))?.accesses ?? 0
}

/** The model of another version, over the same log. */
function openVersion(env: Readonly<Record<string, string>>) {
  const settings = settingsFrom({ environment: new Map(Object.entries({ ...deployment.environment, ...env })) })
  const engines = openEngines(settings, { logger: SILENT_LOG, telemetry: createSilentTelemetry() })
  return { model: { ...deployment.model, store: engines.store() }, close: () => engines.close() }
}

/** Takes the rows of a version of the models out of their Redis, as the page says. */
async function removeVersion(version: number): Promise<void> {
  const client = new Client(redis.url)
  const match = `${deployment.prefix}{m${version}[.}]*`
  let removed = 0
  for await (const keys of client.scanStream({ match, count: 1_000 })) {
    if (keys.length > 0) removed += await client.unlink(...keys)
  }
  client.disconnect()
  expect(removed).toBeGreaterThan(0)
}

/** Posts, and sends the same again until the gateway is there and takes it. */
async function post(urlOf: () => string, path: string, body: object): Promise<void> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const send = () => fetch(`${urlOf()}/v1/workspaces/${encodeURIComponent(ROLLED)}/${path}`, init)
  await eventually(send, ({ status }) => status === 202, { what: `an answer to ${path}`, withinMs: 60_000 })
}

describe('as docs/operations.md says', () => {
  it('a model Redis that is gone goes on from an older backup, and keeps what it then has', async () => {
    ingest = await deployment.start('ingest', TALKATIVE)
    await deployment.append(traffic.take(RECORDS))
    await deployment.drain()
    const reached = await deployment.reached()
    const client = new Client(redis.url)
    await client.bgsave()
    const isSaved = (told: string): boolean =>
      told.includes('rdb_bgsave_in_progress:0') && told.includes('rdb_last_bgsave_status:ok')
    await eventually(() => client.info('persistence'), isSaved, { what: 'the backup' })
    client.disconnect()
    const backup = join(redis.folder, 'models.rdb')
    await rename(join(redis.folder, 'dump.rdb'), backup)
    await deployment.append(traffic.take(RECORDS))
    await deployment.drain()

    await redis.process.kill()
    const files = join(redis.folder, 'appendonlydir')
    await rm(files, { recursive: true })
    await mkdir(files)
    await copyFile(backup, join(files, 'appendonly.aof.1.base.rdb'))
    await writeFile(join(files, 'appendonly.aof.manifest'), 'file appendonly.aof.1.base.rdb seq 1 type b\n')
    await redis.process.restart()
    expect(await deployment.reached()).toBeGreaterThanOrEqual(reached)
    await deployment.drain()
    expect(fencesMoved(ingest).behind).toBeGreaterThan(0)
    await deployment.compareWithOracle()

    const restored = await deployment.reached()
    await redis.process.restart()
    expect(await deployment.reached()).toBeGreaterThanOrEqual(restored)
  })

  it('a newer model is built from the log beside the old one, which is there to go back to', async () => {
    await end(ingest)
    const old = await deployment.compareWithOracle()
    const newer = await deployment.start('ingest', VERSION_2)
    await deployment.append(traffic.take(RECORDS))
    const { model, close } = openVersion(VERSION_2)
    await drained(model, DRAIN_MS_MAX)
    const { accesses } = await compareWithOracle(model)
    expect(accesses).toBeGreaterThan(old.accesses)
    await close()
    await end(newer)
    expect(await deployment.compareWithOracle().catch(() => 'behind')).toBe('behind')

    ingest = await deployment.start('ingest')
    await deployment.drain()
    expect((await deployment.compareWithOracle()).accesses).toBe(accesses)
    await removeVersion(2)
    expect(await deployment.compareWithOracle()).toMatchObject({ accesses })
  })

  it('processes replaced one after the other lose no access and no file', async () => {
    const others: readonly Role[] = ['gateway', 'predict', 'warm']
    const started = await Promise.all(others.map((role) => deployment.start(role)))
    const running = new Map<Role, ForewarmProcess>([['ingest', ingest]])
    for (const [at, process] of started.entries()) running.set(others[at] ?? 'warm', process)
    const readUrl = async (): Promise<string> => JSON.parse((await running.get('gateway')?.line(/"url":/)) ?? '').url
    let url = await readUrl()
    let [sent, isOver] = [0, false]
    const publishing = (async () => {
      for (; !isOver; sent += 5) {
        const accesses = Array.from({ length: 5 }, (_, at) => ({ path: `${at}.ts`, timeMs: Date.now() }))
        const body = { session: 'rolling', analyzer: 'tsc', publisher: 'rolling', sequence: sent, accesses }
        await post(() => url, 'accesses', body)
        // As fast as it can it would only take the cores from the processes that start.
        await delay(20)
      }
    })()
    const share = FILES / running.size
    for (const [at, [role, old]] of [...running].entries()) {
      const paths = Array.from({ length: share }, (_, file) => `${at * share + file}.ts`)
      await post(() => url, 'warm-requests', { paths, requestedBy: 'test' })
      await end(old)
      running.set(role, await deployment.start(role))
      url = await readUrl()
    }
    isOver = true
    await publishing
    const settled = async () =>
      new Set((await readOutcomes(deployment.engines)).flatMap(({ files }) => files.map(({ path }) => path)))
    const isWhole = (seen: ReadonlySet<string>) => names.every((name) => seen.has(name))
    await eventually(settled, isWhole, { what: 'an outcome of every file', withinMs: 60_000 })
    await deployment.drain()
    console.log(`${sent} accesses while every process was replaced`)
    expect(await learned(deployment.model, ROLLED)).toBe(sent)
    for (const process of running.values()) await end(process)
  })

  it('a log that was made anew stops ingest, until it is told to go on with the model that is there', async () => {
    const before = await learned(deployment.model, 'tools')
    expect(before).toBeGreaterThan(0)
    await renewTopics()
    const refused = await deployment.start('ingest')
    expect((await refused.exit()).code).toBe(1)
    expect(refused.stderr()).toMatch(/"code":"FW_LOG_TRUNCATED".*ingest\.acceptTruncated/)

    const accepting = await deployment.start('ingest', { FOREWARM_INGEST__ACCEPT_TRUNCATED: 'true' })
    await eventually(deployment.reached, (reached) => reached === 0, {
      what: 'fences in the new log',
      withinMs: 60_000,
    })
    await end(accepting)
    const next = await deployment.start('ingest')
    const records = traffic.take(RECORDS)
    await deployment.append(records)
    await drained(deployment.model, DRAIN_MS_MAX)
    const more = records.flatMap(({ topic, value }) =>
      topic === 'access-events' && value.workspace === 'tools' ? value.accesses : [],
    )
    expect(await learned(deployment.model, 'tools')).toBe(before + more.length)
    await end(next)
  })
})

/** Takes the topics and their records away and makes them again, as after the loss of all brokers' disks. */
async function renewTopics(): Promise<void> {
  const { prefix, settings } = deployment
  const admin = createKafkaClient({ brokers: settings.kafka.brokers, clientId: 'test' }).admin()
  await admin.connect()
  const own = async () => (await admin.listTopics()).filter((topic) => topic.startsWith(prefix))
  await admin.deleteTopics({ topics: await own() })
  await eventually(own, ({ length }) => length === 0, { what: 'that the topics are gone' })
  await admin.disconnect()
  closers.push(await createTopics(settings.kafka.brokers, { prefix, partitions: PARTITIONS }))
}
