import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { expect, inject, it, onTestFinished } from 'vitest'
import { SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { createSilentTelemetry } from '../../src/adapters/telemetry/silent.ts'
import { registryClient } from '../../src/compose/distributed.ts'
import { openEngines } from '../../src/compose/engines.ts'
import { settingsFrom } from '../../src/config/load.ts'
import { eventually } from '../support/eventually.ts'
import { makeFolder } from '../support/folder.ts'
import { createTopics } from '../support/kafka-topics.ts'
import { startGuardedKafka } from '../support/services/guarded-kafka.ts'
import { setScramPasswords } from '../support/services/kafka-users.ts'
import { startPasswordGate } from '../support/services/password-gate.ts'
import { startRedis } from '../support/services/redis.ts'
import { startRedisCluster } from '../support/services/redis-cluster.ts'

const username = 'forewarm'

/** A file with the password `old`, a way to write another into it, and settings that name it. */
async function secret() {
  const passwordFile = join(await makeFolder({ password: 'old\n' }), 'password')
  return { login: { username, passwordFile }, renew: (password: string) => writeFile(passwordFile, `${password}\n`) }
}

const settingsOf = (settings: object) => {
  const file = { name: 'settings', text: JSON.stringify({ mode: 'distributed', ...settings }) }
  return settingsFrom({ file })
}

function enginesOf(settings: object) {
  const reporting = { logger: SILENT_LOG, telemetry: createSilentTelemetry() }
  const engines = openEngines(settingsOf(settings), reporting)
  onTestFinished(() => engines.close())
  return engines
}

/** What a call fails with once its login is refused. */
const refusalOf = (call: () => Promise<unknown>): Promise<unknown> =>
  eventually(
    () =>
      call().then(
        () => null,
        (error: unknown) => error,
      ),
    (error) => /WRONGPASS|SASL/.test(String(error)),
    { withinMs: 60_000, what: 'a refused login' },
  )

const recovery = { withinMs: 60_000, what: 'the engine by its new password' }

it.each(['a Redis', 'a Redis Cluster'])(
  '%s: a new password takes over without a restart, whichever side has it first',
  async (kind) => {
    const cluster = kind === 'a Redis Cluster'
    const servers = cluster ? (await startRedisCluster()).nodes : [await startRedis()]
    onTestFinished(() => Promise.all(servers.map((server) => server.stop())).then(() => {}))
    const admins = servers.map(({ url }) => new Redis(url))
    onTestFinished(() => {
      for (const admin of admins) admin.disconnect()
    })
    const setUser = (...rules: string[]) =>
      Promise.all(admins.map((admin) => admin.call('ACL', 'SETUSER', username, ...rules)))
    const cutOff = () => Promise.all(admins.map((admin) => admin.call('CLIENT', 'KILL', 'USER', username)))
    await setUser('on', '>old', '~*', '&*', '+@all')
    const { login, renew } = await secret()
    const cache = enginesOf({ cache: { redis: { urls: servers.map(({ url }) => url), cluster, ...login } } }).cache()
    const key = { workspaceId: '0123456789abcdef', rest: 'v.1' }
    const put = () => cache.put(key, new Uint8Array(10), { kind: 'fill' })
    expect(await put()).toBe('stored')

    await setUser('resetpass', '>new')
    await cutOff()
    expect(await refusalOf(put)).toMatchObject({ code: 'FW_CACHE_UNAVAILABLE', retriable: true })
    await renew('new')
    expect(await eventually(put, () => true, recovery)).toBe('present')

    await setUser('>newest')
    await renew('newest')
    await setUser('<new')
    await cutOff()
    expect(await eventually(put, () => true, recovery)).toBe('present')
  },
)

it('Redis: a password that was never right is an error that says so', async () => {
  const server = await startRedis()
  onTestFinished(server.stop)
  const admin = new Redis(server.url)
  onTestFinished(() => admin.disconnect())
  await admin.config('SET', 'requirepass', 'right')
  const cache = enginesOf({ cache: { redis: { urls: [server.url], password: 'wrong' } } }).cache()
  await expect(cache.has([{ workspaceId: '0123456789abcdef', rest: 'v.1' }])).rejects.toMatchObject({
    code: 'FW_CACHE_UNAVAILABLE',
    retriable: false,
    message: expect.stringContaining('check user name and password'),
  })
})

it('Kafka: a new password takes over without a restart, and records go on from where they were', async () => {
  const { open, guarded, nodes } = await startGuardedKafka()
  await setScramPasswords(open, { [username]: 'old' })
  await createTopics([open], { prefix: 'renewed.', partitions: 1 })
  const { login, renew } = await secret()
  const sasl = { mechanism: 'scram-sha-512', ...login }
  const prefixes = { topicPrefix: 'renewed.', groupPrefix: 'renewed.' }
  const { log } = enginesOf({ kafka: { brokers: [guarded], sasl, ...prefixes } })
  const seen: string[] = []
  const consumer = await log.consume(
    { group: 'reader', topics: ['warm-requests'], batchRecordsMax: 10 },
    {
      assigned: async (partitions) => partitions.map(() => 'committed' as const),
      revoked: async () => {},
      batch: async ({ records }) => {
        const next = (records.at(-1)?.offset ?? 0) + 1
        seen.push(...records.map(({ value }) => Buffer.from(value ?? []).toString()))
        return { next, commit: next }
      },
    },
  )
  let failure: unknown = null
  consumer.failed.catch((error: unknown) => {
    failure = error
  })
  const append = (text: string) =>
    log.append('warm-requests', [{ key: 'k', value: Buffer.from(text), headers: new Map() }])
  await append('by the old password')

  await setScramPasswords(open, { [username]: 'new' })
  await nodes[0]?.restart()
  expect(await refusalOf(() => append('refused'))).toMatchObject({ code: 'FW_LOG_UNAVAILABLE', retriable: true })
  await renew('new')
  await eventually(
    () => append('by the new password'),
    () => true,
    recovery,
  )
  await eventually(() => seen.includes('by the new password'), Boolean, recovery)
  expect(failure).toBeNull()

  await expect(
    enginesOf({
      kafka: { brokers: [guarded], sasl: { ...sasl, passwordFile: null, password: 'wrong' } },
    }).log.append('warm-requests', [{ key: 'k', value: new Uint8Array(1), headers: new Map() }]),
  ).rejects.toMatchObject({
    code: 'FW_LOG_UNAVAILABLE',
    retriable: false,
    message: expect.stringContaining('credentials'),
  })
})

it('schema registry: a new password takes over without a restart; without the right one nothing is told', async () => {
  const gate = await startPasswordGate(inject('services').registryUrl, { username, password: 'old' })
  const { login, renew } = await secret()
  const client = registryClient(settingsOf({ registry: { url: gate.url, ...login } }))
  expect(await client.versions('no such subject')).toEqual([])
  gate.password = 'new'
  await expect(client.versions('no such subject')).rejects.toMatchObject({
    code: 'FW_SCHEMA_UNAVAILABLE',
    retriable: true,
  })
  await renew('new')
  expect(await client.versions('no such subject')).toEqual([])
  const stranger = registryClient(settingsOf({ registry: { url: gate.url } }))
  await expect(stranger.versions('no such subject')).rejects.toMatchObject({
    code: 'FW_UNAUTHORIZED',
    retriable: false,
  })
})
