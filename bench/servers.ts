/** The servers of a run, each started at its first use, and the settings of a deployment on them. */
import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { once } from '../src/compose/once.ts'
import { settingsFrom } from '../src/config/load.ts'
import type { Settings } from '../src/config/schema.ts'
import { createTopics } from '../test/support/kafka-topics.ts'
import { startKafka } from '../test/support/services/kafka.ts'
import { startRedis } from '../test/support/services/redis.ts'
import { startRegistry } from '../test/support/services/registry.ts'

/** Addresses; those of servers that are running already are taken from the variables of the tests (docs/testing.md). */
export type Servers = {
  kafka(): Promise<readonly string[]>
  registry(): Promise<string>
  modelRedis(): Promise<string>
  cacheRedis(): Promise<string>
  /** Stops what was started here. */
  stop(): Promise<void>
}

/** The JVM's own flags: those of the tests start quickly and run slowly. */
const KAFKA = { jvmFlags: [], heapMb: 512 }
const MODEL_REDIS = { appendonly: 'yes', appendfsync: 'everysec', 'maxmemory-policy': 'noeviction' }
const CACHE_REDIS = { maxmemory: '1gb', 'maxmemory-policy': 'volatile-ttl', 'maxmemory-samples': '10' }

export function openServers(environment: Readonly<Record<string, string | undefined>>): Servers {
  const stops: (() => Promise<void>)[] = []
  const address = <Server extends { stop(): Promise<void> }>(
    variable: string,
    start: () => Promise<Server>,
    addressOf: (server: Server) => string,
  ) =>
    once(async () => {
      const given = environment[variable]
      if (given !== undefined && given !== '') return given
      const server = await start()
      stops.push(() => server.stop())
      return addressOf(server)
    })
  const kafka = address(
    'FOREWARM_TEST_KAFKA',
    () => startKafka(KAFKA),
    ({ bootstrap }) => bootstrap.join(),
  )
  const redis = (variable: string, settings: Record<string, string>) =>
    address(
      variable,
      () => startRedis({ settings }),
      ({ url }) => url,
    )
  return {
    kafka: async () => (await kafka()).split(','),
    registry: address(
      'FOREWARM_TEST_REGISTRY',
      () => startRegistry(),
      ({ url }) => url,
    ),
    modelRedis: redis('FOREWARM_TEST_REDIS', MODEL_REDIS),
    cacheRedis: redis('FOREWARM_TEST_REDIS_CACHE', CACHE_REDIS),
    stop: async () => {
      await Promise.all(stops.map((stop) => stop()))
    },
  }
}

/** Topics and key prefixes of their own on the servers; other users of them are not touched. */
export type Site = {
  readonly brokers: readonly string[]
  readonly modelRedisUrl: string
  readonly cacheRedisUrl: string
  readonly topicPrefix: string
  /** Settings of a deployment here whose groups and model nobody had before. */
  settings(more?: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Settings
  remove(): Promise<void>
}

export const PARTITIONS = 16

export async function openSite(servers: Servers): Promise<Site> {
  const [brokers, registryUrl] = await Promise.all([servers.kafka(), servers.registry()])
  const [modelRedisUrl, cacheRedisUrl] = await Promise.all([servers.modelRedis(), servers.cacheRedis()])
  const name = `bench-${randomBytes(4).toString('hex')}`
  const topicPrefix = `${name}.`
  const removeTopics = await createTopics(brokers, { prefix: topicPrefix, partitions: PARTITIONS })
  const settings: Site['settings'] = (more = {}) => {
    const id = randomBytes(4).toString('hex')
    const redis = (url: string) => ({ urls: [url], keyPrefix: `${name}:${id}:` })
    const sections = {
      kafka: { brokers, topicPrefix, groupPrefix: `${name}-${id}.`, partitions: PARTITIONS },
      registry: { url: registryUrl },
      model: { redis: redis(modelRedisUrl) },
      cache: { redis: redis(cacheRedisUrl) },
      log: { level: 'error' },
      ...more,
    }
    return settingsFrom({ file: { name: 'bench', text: JSON.stringify({ mode: 'distributed', ...sections }) } })
  }
  const remove = async () => {
    await removeTopics()
    await Promise.all([modelRedisUrl, cacheRedisUrl].map((url) => removeKeys(url, `${name}:*`)))
  }
  return { brokers, modelRedisUrl, cacheRedisUrl, topicPrefix, settings, remove }
}

/** Removes the keys of a pattern. */
export async function removeKeys(url: string, pattern: string): Promise<void> {
  const client = new Redis(url)
  for await (const names of client.scanStream({ match: pattern, count: 1_000 })) {
    if (names.length > 0) await client.unlink(names)
  }
  client.disconnect()
}

/** Processor seconds that this process and a Redis have used so far. */
export async function processorSeconds(redis: Redis): Promise<number> {
  const { user, system } = process.cpuUsage()
  const info = await redis.info('cpu')
  const ofRedis = [...info.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)].reduce(
    (sum, [, text]) => sum + Number(text),
    0,
  )
  return (user + system) / 1_000_000 + ofRedis
}
