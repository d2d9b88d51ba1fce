import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { expect, inject, onTestFinished, test } from 'vitest'
import { openRedis, type RedisSettings } from '../../src/adapters/redis/connect.ts'
import { createRedisModelStore } from '../../src/adapters/redis/model-store.ts'
import type { ModelStore, RowWrite } from '../../src/ports/model-store.ts'
import { eventually } from '../support/eventually.ts'
import { startLossyProxy } from '../support/lossy-proxy.ts'
import { PATIENT } from '../support/patient.ts'
import { freePort } from '../support/services/ports.ts'
import { startRedis } from '../support/services/redis.ts'
import { startRedisCluster } from '../support/services/redis-cluster.ts'

const services = inject('services')
const shard = '0123456789abcdef'
const rows = (text: string, count = 1): RowWrite[] =>
  Array.from({ length: count }, (_, at) => ({ shard, space: 'model', row: `r${at}`, value: Buffer.from(text) }))

type Opened = { store: ModelStore; prefix: string }

function open(settings: Partial<RedisSettings> = {}, prefix = `${randomUUID()}:`): Opened {
  const all = { urls: [services.modelRedisUrl], cluster: false, ...PATIENT, ...settings }
  const store = createRedisModelStore(openRedis(all, 'store'), { modelVersion: '1', keyPrefix: prefix })
  onTestFinished(() => store.close())
  return { store, prefix }
}

function client(url = services.modelRedisUrl): Redis {
  const redis = new Redis(url)
  onTestFinished(() => redis.disconnect())
  return redis
}

test('a server that forgot its scripts gets them again', async () => {
  const { store } = open()
  await store.apply({ bucket: 1, expected: null, next: '1', rows: rows('1') })
  await client().script('FLUSH')
  expect(await store.apply({ bucket: 1, expected: '1', next: '2', rows: rows('2') })).toEqual({ applied: true })
})

test('a change whose answer was lost is known to be made, and is made once', async () => {
  const proxy = await startLossyProxy(Number(new URL(services.modelRedisUrl).port))
  onTestFinished(proxy.stop)
  const { store } = open({ urls: [`redis://127.0.0.1:${proxy.port}`] })
  await store.apply({ bucket: 1, expected: null, next: '1', rows: rows('1') })
  for (let at = 1; at <= 20; at += 1) {
    proxy.loseAnswerTo('evalsha', (at % 3) + 1)
    const request = { bucket: 1, expected: `${at}`, next: `${at + 1}`, rows: rows(`${at + 1}`, 40) }
    expect(await store.apply(request)).toEqual({ applied: true })
  }
  expect(proxy.lost()).toBeGreaterThanOrEqual(20)
  expect(await store.fences([1])).toEqual(['21'])
})

test('a change whose answer was lost, and after which somebody else wrote, is not taken for the present state', async () => {
  const proxy = await startLossyProxy(Number(new URL(services.modelRedisUrl).port))
  onTestFinished(proxy.stop)
  const { store, prefix } = open({ urls: [`redis://127.0.0.1:${proxy.port}`] })
  const { store: other } = open({}, prefix)
  await store.apply({ bucket: 1, expected: null, next: '1', rows: rows('1') })
  proxy.loseAnswerTo('evalsha', 1)
  const sending = store.apply({ bucket: 1, expected: '1', next: '2', rows: rows('2') })
  while ((await other.apply({ bucket: 1, expected: '2', next: '3', rows: rows('3') })).applied === false) {
    // The other writer goes on as soon as it sees the change.
  }
  expect([{ applied: true }, { applied: false, fence: '3' }]).toContainEqual(await sending)
  expect(await store.fences([1])).toEqual(['3'])
})

test('a store whose Redis may evict is refused, and the message names the mend', async () => {
  const { store } = open({ urls: [services.cacheRedisUrl] })
  await expect(store.verify()).rejects.toMatchObject({ code: 'FW_STORE_MAY_EVICT', retriable: false })
  await expect(store.verify()).rejects.toThrow(/volatile-ttl.*CONFIG SET maxmemory-policy noeviction/)
})

test('keys that Redis evicts after somebody changed its policy are told of, and how full it is', async () => {
  const redis = await startRedis({ settings: { maxmemory: '4mb', 'maxmemory-policy': 'noeviction' } })
  onTestFinished(() => redis.stop())
  const { store } = open({ urls: [redis.url] })
  const before = await store.room()
  expect(before?.evicted).toBe(0)
  expect(before?.memoryShare).toBeGreaterThan(0)
  const admin = client(redis.url)
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru')
  for (let key = 0; key < 64; key += 1) await admin.set(`other:${key}`, 'x'.repeat(100_000))
  const after = await store.room()
  expect(after?.evicted).toBeGreaterThan(0)
  expect(after?.memoryShare).toBeGreaterThan(before?.memoryShare ?? 1)
})

test('one evicting node of a cluster is enough to refuse it, a replica too', async () => {
  const cluster = await startRedisCluster({ replicas: 1 })
  onTestFinished(() => cluster.stop())
  const { store } = open({ urls: cluster.nodes.map((node) => node.url), cluster: true })
  await expect(store.verify()).resolves.toBeUndefined()
  const replica = cluster.nodes.at(-1)
  await client(replica?.url).config('SET', 'maxmemory-policy', 'allkeys-lru')
  const refusal = `127.0.0.1:${replica?.port} has maxmemory-policy allkeys-lru`
  // The cluster's nodes tell one another of their replicas within a second or two.
  await expect.poll(() => store.verify().catch(String), { timeout: 60_000 }).toContain(refusal)
})

test('the policy is seen without the right to CONFIG, and without INFO the message says what to allow', async () => {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  const admin = client(redis.url)
  await admin.call('ACL', 'SETUSER', 'modest', 'on', '>pass word', '~*', '+@all', '-config')
  await admin.call('ACL', 'SETUSER', 'blind', 'on', '>secret', '~*', '+@all', '-config', '-info')
  const credentials = { username: 'modest', password: 'pass word' }
  await expect(open({ urls: [redis.url], ...credentials }).store.verify()).resolves.toBeUndefined()
  const blind = open({ urls: [`redis://blind:secret@127.0.0.1:${redis.port}`] })
  await expect(blind.store.verify()).rejects.toThrow(/does not tell its maxmemory-policy: allow/)
})

test('a Redis out of memory takes no part of a change, and all of it once there is room', async () => {
  const redis = await startRedis({ settings: { maxmemory: '0', 'maxmemory-policy': 'noeviction' } })
  onTestFinished(() => redis.stop())
  const { store } = open({ urls: [redis.url] })
  await store.apply({ bucket: 1, expected: null, next: '1', rows: rows('old', 3) })
  await client(redis.url).config('SET', 'maxmemory', '1mb')
  const deletions = rows('', 2).map((row) => ({ ...row, value: null }))
  const request = { bucket: 1, expected: '1', next: '2', rows: [...deletions, ...rows('new', 3).slice(2)] }
  await expect(store.apply(request)).rejects.toMatchObject({ code: 'FW_STORE_FULL', retriable: true })
  expect(await store.fences([1])).toEqual(['1'])
  expect((await store.get({ bucket: 1, shard, space: 'model' }, ['r0', 'r1', 'r2'])).map(String)).toEqual([
    'old',
    'old',
    'old',
  ])
  await client(redis.url).config('SET', 'maxmemory', '0')
  expect(await store.apply(request)).toEqual({ applied: true })
})

test('a Redis out of memory takes no part of a call of notes', async () => {
  const redis = await startRedis({ settings: { maxmemory: '0', 'maxmemory-policy': 'noeviction' } })
  onTestFinished(() => redis.stop())
  const { notes } = open({ urls: [redis.url] }).store
  const note = (name: string, text: string | null) => ({ name, value: text === null ? null : Buffer.from(text) })
  await notes.put('run', [note('a', 'old'), note('b', 'old')])
  await client(redis.url).config('SET', 'maxmemory', '1mb')
  const full = { code: 'FW_STORE_FULL', retriable: true }
  await expect(notes.put('run', [note('a', null), note('b', 'new')])).rejects.toMatchObject(full)
  await expect(notes.putNew('run', 'c', Buffer.from('new'))).rejects.toMatchObject(full)
  expect((await notes.get('run', ['a', 'b', 'c'])).map(String)).toEqual(['old', 'old', 'null'])
  await notes.drop('run')
})

test('a foreign value in the place of rows stops the change before anything is written', async () => {
  const { store, prefix } = open()
  await client().set(`${prefix}{m1.5}:q:${shard}`, 'not a hash')
  const request = {
    bucket: 5,
    expected: null,
    next: '1',
    rows: [...rows('1'), ...rows('2').map((row) => ({ ...row, space: 'sequences' as const }))],
  }
  await expect(store.apply(request)).rejects.toThrow(/WRONGTYPE/)
  expect(await store.fences([5])).toEqual([null])
  expect(await store.get({ bucket: 5, shard, space: 'model' }, ['r0'])).toEqual([null])
})

test('a server that is away is told within the time-out, as something that may pass', async () => {
  const { store } = open({ urls: [`redis://:secret@127.0.0.1:${await freePort()}`], commandTimeoutMs: 500 })
  const error = await store.fences([1]).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'FW_STORE_UNAVAILABLE', retriable: true })
  expect(String(error)).toMatch(/ECONNREFUSED/)
  expect(String(error)).not.toContain('secret')
  expect(await store.healthy()).toBe(false)
})

test('a cluster that is away is told within the time-out, as something that may pass', async () => {
  const { store } = open({ urls: [`redis://127.0.0.1:${await freePort()}`], cluster: true, commandTimeoutMs: 500 })
  await expect(store.fences([1])).rejects.toMatchObject({ code: 'FW_STORE_UNAVAILABLE', retriable: true })
  expect(await store.healthy()).toBe(false)
})

test('a server that hangs is told within the time-out, and serves again when it goes on', async () => {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  const { store } = open({ urls: [redis.url], commandTimeoutMs: 500 })
  const fences = () => eventually(() => store.fences([1]), Boolean)
  await fences()
  redis.process.pause()
  await expect(store.apply({ bucket: 1, expected: null, next: '1', rows: rows('1') })).rejects.toMatchObject({
    code: 'FW_STORE_UNAVAILABLE',
  })
  redis.process.resume()
  await expect.poll(() => store.healthy(), { timeout: 60_000 }).toBe(true)
  // The change that was given up may have been made after all: its fence tells.
  expect([null, '1']).toContain((await fences())[0])
})

test('a wrong password is told as such, and not as something that may pass', async () => {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  await client(redis.url).config('SET', 'requirepass', 'right')
  const { store } = open({ urls: [`redis://:wrong@127.0.0.1:${redis.port}`], commandTimeoutMs: 1_000 })
  await expect(store.fences([1])).rejects.toMatchObject({ code: 'FW_STORE_UNAVAILABLE' })
  await expect.poll(() => store.fences([1]).catch(String), { timeout: 60_000 }).toMatch(/WRONGPASS|NOAUTH/)
})

test('a connection that fails while it is closed is closed all the same', async () => {
  const connection = openRedis({ urls: [services.modelRedisUrl], cluster: false }, 'store')
  await connection.run(() => connection.client.ping())
  const closed = connection.close()
  connection.client.emit('error', new Error('Command timed out'))
  await closed
  expect(connection.client.status).toBe('end')
})

test('key prefixes and model versions that could move a key are refused', () => {
  for (const keyPrefix of ['{', 'a}b', '*', 'a b', '\n', 'ä']) expect(() => open({}, keyPrefix)).toThrow(RangeError)
  const connection = openRedis({ urls: [services.modelRedisUrl], cluster: false }, 'store')
  onTestFinished(() => connection.close())
  expect(() => createRedisModelStore(connection, { modelVersion: '1}.{2' })).toThrow(RangeError)
})

test('a cluster whose master is killed takes changes again, from the fence that its replica has', async () => {
  const cluster = await startRedisCluster({ replicas: 1, settings: { 'cluster-node-timeout': '1000' } })
  onTestFinished(() => cluster.stop())
  const { store, prefix } = open({
    urls: cluster.nodes.map((node) => node.url),
    cluster: true,
    commandTimeoutMs: 1_000,
  })
  const slot = await client(cluster.nodes[0]?.url).cluster('KEYSLOT', `${prefix}{m1.7}:f`)
  const owner = cluster.nodes[Math.floor((slot * 3) / 16_384)]
  const apply = async () => {
    const fence = Number((await store.fences([7]))[0] ?? '0')
    const expected = fence === 0 ? null : String(fence)
    return store.apply({ bucket: 7, expected, next: String(fence + 1), rows: rows(String(fence + 1), 3) })
  }
  const applied = (result: unknown): boolean => Object(result).applied === true
  for (let at = 0; at < 20; at += 1) await eventually(apply, applied)
  await owner?.process.kill()
  const errors: unknown[] = []
  const attempt = () => apply().catch((error: unknown) => errors.push(error))
  await eventually(attempt, applied)
  expect(errors.length).toBeGreaterThan(0)
  for (const error of errors) expect(error).toMatchObject({ code: 'FW_STORE_UNAVAILABLE', retriable: true })
  const [fence] = await eventually(() => store.fences([7]), Boolean)
  const read = () => store.get({ bucket: 7, shard, space: 'model' }, ['r0', 'r1', 'r2'])
  expect((await eventually(read, Boolean)).map(String)).toEqual([fence, fence, fence])
  await expect.poll(() => store.healthy(), { timeout: 60_000 }).toBe(true)
})
