import { progress } from './command.ts'
import {
  startKafkaContainer,
  startRedisClusterContainer,
  startRedisContainer,
  startRegistryContainer,
} from './containers.ts'
import { hasDockerEngine } from './docker-engine.ts'
import { startKafka } from './kafka.ts'
import { startRedis } from './redis.ts'
import { startRedisCluster } from './redis-cluster.ts'
import { startRegistry } from './registry.ts'

export type HostPort = { host: string; port: number }

/** Addresses of the servers that a test run shares: plain data, so that vitest can hand it to its workers. */
export type SharedServices = {
  /** Bootstrap servers. */
  kafka: string[]
  /** The Confluent API's base address. */
  registryUrl: string
  /** As models need it: noeviction, append-only file. */
  modelRedisUrl: string
  /** As the cache needs it: volatile-ttl with 10 samples and a memory limit. */
  cacheRedisUrl: string
  /** Nodes of a Redis Cluster with at least three masters. */
  redisCluster: HostPort[]
}

const modelRedisSettings = { appendonly: 'yes', appendfsync: 'everysec', 'maxmemory-policy': 'noeviction' }
const cacheRedisSettings = { maxmemory: '64mb', 'maxmemory-policy': 'volatile-ttl', 'maxmemory-samples': '10' }

type Started<T> = { address: T; stop: () => Promise<void> }

/** The ways to come by one server, in the order in which they are tried. */
type Ways<T> = {
  name: string
  variable: string
  parse: (text: string) => T
  container: () => Promise<Started<T>>
  local: () => Promise<Started<T>>
}

const kafkaWays: Ways<string[]> = {
  name: 'Kafka',
  variable: 'FOREWARM_TEST_KAFKA',
  parse: (text) => text.split(','),
  container: startKafkaContainer,
  local: async () => {
    const { bootstrap, stop } = await startKafka()
    return { address: bootstrap, stop }
  },
}

const registryWays: Ways<string> = {
  name: 'schema registry',
  variable: 'FOREWARM_TEST_REGISTRY',
  parse: (text) => text,
  container: startRegistryContainer,
  local: async () => {
    const { url, stop } = await startRegistry()
    return { address: url, stop }
  },
}

const clusterWays: Ways<HostPort[]> = {
  name: 'Redis Cluster',
  variable: 'FOREWARM_TEST_REDIS_CLUSTER',
  parse: (text) => text.split(',').map(parseHostPort),
  container: startRedisClusterContainer,
  local: async () => {
    const { nodes, stop } = await startRedisCluster()
    return { address: nodes.map(({ host, port }) => ({ host, port })), stop }
  },
}

function redisWays(name: string, variable: string, settings: Record<string, string>): Ways<string> {
  const local = async () => {
    const { url, stop } = await startRedis({ settings })
    return { address: url, stop }
  }
  return { name, variable, parse: (text) => text, container: () => startRedisContainer(settings), local }
}

/**
 * Finds or starts every shared server: an address from the environment, else testcontainers where a Docker engine
 * answers and has or gets the image, else a local process. FOREWARM_TEST_SOURCE=local leaves the engine out.
 */
export async function startSharedServices(): Promise<{ services: SharedServices; stop: () => Promise<void> }> {
  const stops: (() => Promise<void>)[] = []
  const useEngine = process.env['FOREWARM_TEST_SOURCE'] !== 'local' && (await hasDockerEngine())
  const acquire = async <T>(ways: Ways<T>): Promise<T> => {
    const { address, stop } = await tryWays(ways, useEngine)
    stops.push(stop)
    return address
  }
  const stop = async () => {
    await Promise.all(stops.map((each) => each()))
  }
  const starting = {
    kafka: acquire(kafkaWays),
    registryUrl: acquire(registryWays),
    modelRedisUrl: acquire(redisWays('model Redis', 'FOREWARM_TEST_REDIS', modelRedisSettings)),
    cacheRedisUrl: acquire(redisWays('cache Redis', 'FOREWARM_TEST_REDIS_CACHE', cacheRedisSettings)),
    redisCluster: acquire(clusterWays),
  }
  const settled = await Promise.allSettled(Object.values(starting))
  const failure = settled.find((result) => result.status === 'rejected')
  if (failure) {
    await stop()
    throw failure.reason
  }
  return { services: await allOf(starting), stop }
}

async function tryWays<T>(ways: Ways<T>, useEngine: boolean): Promise<Started<T>> {
  const given = process.env[ways.variable]
  if (given) return { address: ways.parse(given), stop: async () => {} }
  if (useEngine) {
    try {
      return await ways.container()
    } catch (error) {
      progress(`${ways.name} cannot be had as a container (${error}); starting a local process`)
    }
  }
  return ways.local()
}

async function allOf(
  starting: { [Name in keyof SharedServices]: Promise<SharedServices[Name]> },
): Promise<SharedServices> {
  const [kafka, registryUrl] = await Promise.all([starting.kafka, starting.registryUrl])
  const [modelRedisUrl, cacheRedisUrl] = await Promise.all([starting.modelRedisUrl, starting.cacheRedisUrl])
  return { kafka, registryUrl, modelRedisUrl, cacheRedisUrl, redisCluster: await starting.redisCluster }
}

function parseHostPort(text: string): HostPort {
  const separator = text.lastIndexOf(':')
  return { host: text.slice(0, separator), port: Number(text.slice(separator + 1)) }
}
