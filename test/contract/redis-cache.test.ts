import { randomBytes, randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { expect, inject, onTestFinished, test } from 'vitest'
import { DEFAULT_LIFETIMES } from '../../src/adapters/cache-lifetime.ts'
import { createRedisCache, type RedisCacheOptions } from '../../src/adapters/redis/cache.ts'
import { openRedis } from '../../src/adapters/redis/connect.ts'
import { addressOfKey } from '../../src/adapters/redis/node-address.ts'
import type { Cache, CacheKey, EntrySource } from '../../src/ports/cache.ts'
import { PATIENT } from '../support/patient.ts'
import { freePort } from '../support/services/ports.ts'
import { startRedis } from '../support/services/redis.ts'
import { startRedisCluster } from '../support/services/redis-cluster.ts'

const services = inject('services')
const workspaceId = '0123456789abcdef'
const key = { workspaceId, rest: 'v.1' }
const fill: EntrySource = { kind: 'fill' }
const warm: EntrySource = { kind: 'warm', commandId: 'c', traceparent: null }
const text = Buffer.from('text that is packed '.repeat(100))

type Opened = { cache: Cache; redis: Redis; prefix: string }

type OpenOptions = RedisCacheOptions & { readonly commandTimeoutMs?: number }

function open(url = services.cacheRedisUrl, options: OpenOptions = {}): Opened {
  const prefix = `${randomUUID()}:`
  const connection = openRedis({ urls: [url], cluster: false, ...PATIENT, ...options }, 'cache')
  const cache = createRedisCache(connection, { keyPrefix: prefix, ...options })
  const redis = new Redis(url)
  redis.on('error', () => {})
  onTestFinished(async () => {
    redis.disconnect()
    await cache.close()
  })
  return { cache, redis, prefix }
}

test('a damaged entry is a miss, is counted, and makes room for the right value', async () => {
  let damaged = 0
  const { cache, redis, prefix } = open(services.cacheRedisUrl, { onDamaged: () => (damaged += 1) })
  const name = `${prefix}${workspaceId}:ev.1`
  const ways: ((bytes: Buffer) => Buffer)[] = [
    () => Buffer.from(''),
    () => randomBytes(500),
    (bytes) => bytes.subarray(0, bytes.length - 1),
    (bytes) => Buffer.concat([bytes, Buffer.from('x')]),
    (bytes) => Buffer.concat([Buffer.from([2]), bytes.subarray(1)]),
    // The payload's last bytes: the packed text no longer unpacks to its length.
    (bytes) => bytes.fill(0, bytes.length - 20),
  ]
  for (const [at, damage] of ways.entries()) {
    expect(await cache.put(key, text, warm)).toBe('stored')
    await redis.set(name, damage((await redis.getBuffer(name)) ?? Buffer.alloc(0)), 'KEEPTTL')
    expect(await cache.get(key)).toBeNull()
    expect(damaged).toBe(at + 1)
    expect(await redis.exists(name)).toBe(0)
  }
  expect(await cache.put(key, text, fill)).toBe('stored')
  expect(Buffer.from((await cache.get(key))?.value ?? []).equals(text)).toBe(true)
})

test('every key has a time to live, of the length that its kind says; of unread warms shifted alike by every process', async () => {
  const { cache, redis, prefix } = open()
  const keys = Array.from({ length: 100 }, (_, at) => ({ workspaceId, rest: `v.${at}` }))
  const lives = async (kind: string): Promise<number[]> =>
    Promise.all(keys.map(({ rest }) => redis.pttl(`${prefix}${workspaceId}:${kind}${rest}`)))
  /** Where between the shortest (-1) and the longest (1) life each key stands. */
  const shifts = async (lifeMs: number, shiftMsMax: number): Promise<number[]> =>
    (await lives('e')).map((ms) => (ms - lifeMs) / shiftMsMax)
  const { readMs, unreadMs } = DEFAULT_LIFETIMES
  await Promise.all(keys.map((each) => cache.put(each, text, warm)))
  const unread = await shifts(unreadMs, unreadMs / 10)
  await cache.renew(keys)
  const renewed = await shifts(unreadMs, unreadMs / 10)
  await Promise.all(keys.map((each) => cache.get(each)))
  const read = await lives('e')
  expect(Math.min(...read)).toBeGreaterThan(readMs / 2)
  expect(Math.max(...read)).toBeLessThanOrEqual(readMs)
  for (const all of [unread, renewed]) {
    expect(Math.min(...all)).toBeGreaterThan(-1.1)
    expect(Math.max(...all)).toBeLessThan(1.001)
    expect(Math.max(...all) - Math.min(...all)).toBeGreaterThan(1.5)
    expect(all.every((shift, at) => Math.abs(shift - (unread[at] ?? 0)) < 0.2)).toBe(true)
  }
  await cache.movePointer(key, 'v', 1)
  await cache.lease(key, 'holder', 5_000)
  const names = await redis.keys(`${prefix}*`)
  expect(names).toHaveLength(102)
  expect(Math.min(...(await Promise.all(names.map((name) => redis.pttl(name)))))).toBeGreaterThan(0)
})

test('what was used or predicted longest ago has the least time left, also within a second', async () => {
  const { cache, redis, prefix } = open()
  const keys = Array.from({ length: 30 }, (_, at) => ({ workspaceId, rest: `v.order.${at}` }))
  for (const [at, each] of keys.entries()) {
    await cache.put(each, text, [fill, { ...warm, predicted: true }, { ...warm, predicted: true }][at % 3] ?? fill)
    if (at % 3 === 2) await cache.renew([each])
  }
  const ends = await Promise.all(keys.map(({ rest }) => redis.pexpiretime(`${prefix}${workspaceId}:e${rest}`)))
  expect(ends).toEqual(ends.toSorted((one, other) => one - other))
  expect(new Set(ends).size).toBeGreaterThan(1)
})

test('a Redis that is full and evicts nothing answers full, and still gives what it holds', async () => {
  const server = await startRedis({ settings: { maxmemory: '4mb', 'maxmemory-policy': 'noeviction' } })
  onTestFinished(() => server.stop())
  const { cache } = open(server.url)
  await cache.put(key, text, fill)
  let result = 'stored'
  for (let at = 0; at < 2_000 && result === 'stored'; at += 1) {
    result = await cache.put({ workspaceId, rest: `v.more.${at}` }, randomBytes(8_000), warm)
  }
  expect(result).toBe('full')
  expect((await cache.get(key))?.value.length).toBe(text.length)
  await expect(cache.lease({ workspaceId, rest: 'v.x' }, 'h', 1_000)).rejects.toMatchObject({ code: 'FW_CACHE_FULL' })
})

test('a cache that is away is told as something that may pass', async () => {
  const { cache } = open(`redis://127.0.0.1:${await freePort()}`, { commandTimeoutMs: 1_000 })
  await expect(cache.get(key)).rejects.toMatchObject({ code: 'FW_CACHE_UNAVAILABLE', retriable: true })
  expect(await cache.healthy()).toBe(false)
})

test('a cache goes on by itself when its server comes back empty', async () => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const { cache } = open(server.url)
  await cache.put(key, text, warm)
  await cache.get(key)
  await server.process.kill()
  await server.process.start()
  await expect.poll(() => cache.put(key, text, warm).catch(String), { timeout: 60_000 }).toBe('stored')
  expect((await cache.get(key))?.firstRead).toBe(true)
})

test('a workspace id that would reach the keys of another workspace is refused', async () => {
  const { cache } = open()
  for (const id of ['', '*', '?', 'a*', '[a-z]', 'a:e', 'a\nb', '\\']) {
    await expect(async () => cache.clear(id)).rejects.toThrow(RangeError)
    await expect(async () => cache.stats(id)).rejects.toThrow(RangeError)
    await expect(async () => cache.get({ workspaceId: id, rest: 'v.1' })).rejects.toThrow(RangeError)
  }
})

test('pressure is measured once for all who ask within its age', async () => {
  const server = await startRedis({ settings: { maxmemory: '64mb' } })
  onTestFinished(() => server.stop())
  // An age that no machine is too busy for.
  const { cache, redis } = open(server.url, { pressureAgeMsMax: 60_000 })
  await cache.put(key, text, fill)
  const infos = async () => Number(/cmdstat_info:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0)
  const before = await infos()
  const answers = await Promise.all([cache.pressure(), cache.pressure(key), cache.pressure()])
  expect(await cache.pressure(key)).toEqual(answers[0])
  expect(answers[1]?.bytesMax).toBe(64 * 1_048_576)
  // One by the cache, one by this test.
  expect((await infos()) - before).toBe(2)
})

test('in a cluster pressure is that of the node that a key goes to', async () => {
  const settings = { maxmemory: '8mb', 'maxmemory-policy': 'volatile-ttl', 'maxmemory-samples': '10' }
  const cluster = await startRedisCluster({ settings })
  onTestFinished(() => cluster.stop())
  const urls = cluster.nodes.map(({ url }) => url)
  const connection = openRedis({ urls, cluster: true, ...PATIENT }, 'cache')
  const cache = createRedisCache(connection, { keyPrefix: '', pressureAgeMsMax: 0 })
  onTestFinished(() => cache.close())
  const keys = Array.from({ length: 6_000 }, (_, at) => ({ workspaceId, rest: `v.${at}` }))
  // The client knows who holds which slots once it has answered.
  await cache.pressure()
  const holders = new Map(keys.map(({ rest }) => [rest, addressOfKey(connection, `${workspaceId}:e${rest}`)]))
  const [first, ...others] = cluster.nodes.map(({ host, port }) => `${host}:${port}`)
  const on = (address: string | undefined) => keys.filter(({ rest }) => holders.get(rest) === address)
  expect(others.map((address) => on(address).length).every((count) => count > 1_000)).toBe(true)
  await Promise.all(on(first).map((each) => cache.put(each, randomBytes(4_000), fill)))
  const pressures = await Promise.all([first, ...others].map(async (address) => cache.pressure(on(address)[0])))
  const [full = 0, ...empty] = pressures.map(({ pressure }) => pressure)
  expect(full).toBeGreaterThan(0.5)
  expect(Math.max(...empty)).toBeLessThan(0.05)
  expect(await cache.pressure()).toMatchObject({ bytesMax: 3 * 8 * 1_048_576, pressure: expect.closeTo(full, 1) })
  expect((await cache.pressure()).pressureMin).toBeLessThan(0.05)
})

test('in a cluster full of live values warms take the place of the oldest unread warms of their node', async () => {
  const settings = { maxmemory: '12mb', 'maxmemory-policy': 'volatile-ttl', 'maxmemory-samples': '10' }
  const cluster = await startRedisCluster({ settings })
  onTestFinished(() => cluster.stop())
  const connection = openRedis({ urls: cluster.nodes.map(({ url }) => url), cluster: true, ...PATIENT }, 'cache')
  const cache = createRedisCache(connection, { keyPrefix: '', pressureAgeMsMax: 0 })
  onTestFinished(() => cache.close())
  const keysOf = (kind: string, from: number, count: number) =>
    Array.from({ length: count }, (_, at) => ({ workspaceId, rest: `${kind}.${from + at}` }))
  const putAll = (keys: readonly CacheKey[], source: EntrySource) =>
    Promise.all(keys.map((each) => cache.put(each, randomBytes(2_000), source)))
  const countOf = async (keys: readonly CacheKey[]) => (await cache.has(keys)).filter(Boolean).length
  let hot = 0
  for (; (await cache.pressure()).pressure < 0.94; hot += 300) await putAll(keysOf('hot', hot, 300), fill)
  const before = await countOf(keysOf('hot', 0, hot))
  for (let from = 0; from < 5_000; from += 100) {
    await cache.makeRoom(100 * 2_200)
    expect(new Set(await putAll(keysOf('warm', from, 100), warm))).toEqual(new Set(['stored']))
  }
  expect(await countOf(keysOf('hot', 0, hot))).toBeGreaterThanOrEqual(before * 0.99)
  // The latest are there, as many as there is room for; the oldest have left for them.
  expect(await countOf(keysOf('warm', 4_900, 100))).toBeGreaterThanOrEqual(95)
  expect(await countOf(keysOf('warm', 0, 1_000))).toBe(0)
})
