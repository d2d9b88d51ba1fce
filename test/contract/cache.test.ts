import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { createManualClock } from '../../src/adapters/memory/clock.ts'
import { createRedisCache } from '../../src/adapters/redis/cache.ts'
import { openRedis, type RedisConnection, type RedisSettings } from '../../src/adapters/redis/connect.ts'
import { pipelined, scanKeys } from '../../src/adapters/redis/node.ts'
import { createSqliteCache } from '../../src/adapters/sqlite/cache.ts'
import { openDatabase } from '../../src/adapters/sqlite/database.ts'
import { PATIENT } from '../support/patient.ts'
import { startRedis } from '../support/services/redis.ts'
import { startRedisCluster } from '../support/services/redis-cluster.ts'
import { describeCache } from './cache.contract.ts'
import type { CacheSubject } from './cache-under-test.ts'
import { describeLimitedCache } from './limited-cache.contract.ts'

const services = inject('services')
const MIB = 1_024 * 1_024

function memorySubject(bytesMax: number | null): CacheSubject {
  const clock = createManualClock(1_700_000_000_000)
  const cache = createMemoryCache({ clock, bytesMax })
  return { open: async () => cache, passTime: async (ms) => clock.advance(ms), stop: async () => {} }
}

async function sqliteSubject(bytesMax: number): Promise<CacheSubject> {
  const folder = await mkdtemp(join(tmpdir(), 'forewarm-cache-'))
  const clock = createManualClock(1_700_000_000_000)
  const open = async () => {
    const database = openDatabase(join(folder, 'data.db'))
    return {
      ...createSqliteCache(database, { clock, bytesMax, pressureAgeMsMax: 0 }),
      close: async () => database.close(),
    }
  }
  const stop = () => rm(folder, { recursive: true, force: true })
  return { open, passTime: async (ms) => clock.advance(ms), stop }
}

/** Servers are shared by test files: a prefix of its own gives each suite an empty cache. */
function redisSubject(settings: RedisSettings, stopServer = async () => {}): CacheSubject {
  const keyPrefix = `${randomUUID()}:`
  const connection = openRedis({ ...settings, ...PATIENT }, 'cache')
  return {
    open: async () =>
      createRedisCache(openRedis({ ...settings, ...PATIENT }, 'cache'), {
        keyPrefix,
        pressureAgeMsMax: 0,
        valueBytesMax: 4 * MIB,
      }),
    passTime: (ms) => passTime(connection, `${keyPrefix}*`, ms),
    stop: async () => {
      await connection.close()
      await stopServer()
    },
  }
}

/** Takes the time off every key's life, which is what a server does while it passes. */
async function passTime(connection: RedisConnection, pattern: string, ms: number): Promise<void> {
  for await (const { node, names } of scanKeys(connection, pattern)) {
    const left = await pipelined(
      node,
      names.map((name) => ['pttl', name]),
    )
    const shortened = names.map((name, at) => ['pexpire', name, String(Number(left[at]) - ms)])
    await pipelined(node, shortened)
  }
}

const clusterUrls = (nodes: readonly { host: string; port: number }[]): string[] =>
  nodes.map(({ host, port }) => `redis://${host}:${port}`)

describeCache('memory', async () => memorySubject(null))
describeCache('SQLite', () => sqliteSubject(64 * MIB))
describeCache('Redis', async () => redisSubject({ urls: [services.cacheRedisUrl], cluster: false }))
describeCache('Redis Cluster', async () => redisSubject({ urls: clusterUrls(services.redisCluster), cluster: true }))

const limits = { fits: MIB, tooMany: 3 * MIB, isExact: true }

describeLimitedCache('memory', limits, async () => memorySubject(limits.fits))
describeLimitedCache('SQLite', limits, () => sqliteSubject(limits.fits))

/** As the cache asks for. */
const redisLimits = { maxmemory: '64mb', 'maxmemory-policy': 'volatile-ttl', 'maxmemory-samples': '10' }

// 64 MiB hold 12,000 values of 4 KiB with their keys; beside 4,000 hot ones 20,000 warms do not find room.
describeLimitedCache('Redis', { fits: 12_000 * 4_096, tooMany: 20_000 * 4_096, isExact: false }, async () => {
  const redis = await startRedis({ settings: redisLimits })
  return redisSubject({ urls: [redis.url], cluster: false }, redis.stop)
})

describeLimitedCache('Redis Cluster', { fits: 7_000 * 4_096, tooMany: 12_000 * 4_096, isExact: false }, async () => {
  const cluster = await startRedisCluster({ settings: { ...redisLimits, maxmemory: '16mb' } })
  return redisSubject({ urls: clusterUrls(cluster.nodes), cluster: true }, cluster.stop)
})
