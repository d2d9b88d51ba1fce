import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { ACL_FILES } from '../../deploy/redis/generate.ts'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { createRedisCache } from '../../src/adapters/redis/cache.ts'
import { openRedis, type RedisSettings } from '../../src/adapters/redis/connect.ts'
import { createRedisModelStore } from '../../src/adapters/redis/model-store.ts'
import { certificates } from '../../src/compose/certificates.ts'
import { examine } from '../../src/compose/doctor.ts'
import { settingsFrom } from '../../src/config/load.ts'
import type { Finding } from '../../src/flows/doctor/finding.ts'
import { DOCTOR_ROLES, type DoctorRole } from '../../src/flows/doctor/needs.ts'
import { type Deployment, deploy } from '../support/deployment.ts'
import { makeFolder } from '../support/folder.ts'
import { PATIENT } from '../support/patient.ts'
import { spawnForewarm } from '../support/process.ts'
import { issueCertificates } from '../support/services/certificates.ts'
import { makeRunFolder } from '../support/services/locations.ts'
import { freePort } from '../support/services/ports.ts'
import { startRedis } from '../support/services/redis.ts'
import { startRedisCluster } from '../support/services/redis-cluster.ts'

const password = 'open sesame'
const digest = sha256Hex(password)
const everything = 'user default on nopass ~* &* +@all'

/** A server that lets only clients with a certificate in over TLS, as users of deploy/redis; its plain port is the test's. */
type Guarded = { readonly url: string; readonly admin: Redis; readonly stop: () => Promise<void> }

let folder: string
let model: Guarded
let cache: Guarded

const tlsSettings = () => ({
  'tls-cert-file': join(folder, 'server.crt'),
  'tls-key-file': join(folder, 'server.key'),
  'tls-ca-cert-file': join(folder, 'ca.crt'),
  'tls-auth-clients': 'yes',
})

/** The file as it is in deploy/redis, with passwords put in, and the test as a further user. */
async function aclFileOf(name: string): Promise<string> {
  const text = ACL_FILES.get(name) ?? ''
  const file = join(folder, name)
  const filled = text
    .replaceAll(/#SHA256-OF-THE-PASSWORD-OF-\w+/g, `#${digest}`)
    .replace('user default off', everything)
  await writeFile(file, filled)
  return file
}

async function startGuarded(name: string, settings: Record<string, string>): Promise<Guarded> {
  const tlsPort = await freePort()
  const aclfile = await aclFileOf(name)
  const server = await startRedis({ settings: { ...tlsSettings(), 'tls-port': String(tlsPort), aclfile, ...settings } })
  const admin = new Redis(server.url)
  const stop = async () => {
    admin.disconnect()
    await server.stop()
  }
  return { url: `rediss://127.0.0.1:${tlsPort}`, admin, stop }
}

beforeAll(async () => {
  folder = await makeRunFolder('redis-users')
  await issueCertificates(folder)
  model = await startGuarded('model.acl', { 'maxmemory-policy': 'noeviction' })
  cache = await startGuarded('cache.acl', { maxmemory: '64mb', 'maxmemory-policy': 'volatile-ttl' })
})
afterAll(() => Promise.all([model?.stop(), cache?.stop()]))

const files = () => {
  const [caFile, certFile, keyFile] = ['ca.crt', 'client.crt', 'client.key'].map((name) => join(folder, name))
  return { caFile: caFile ?? null, certFile: certFile ?? null, keyFile: keyFile ?? null }
}

/** The environment of a role: its users, or the one of the test. */
function asRole(role: string): Record<string, string> {
  const { caFile, certFile, keyFile } = files()
  return Object.fromEntries(
    ['MODEL', 'CACHE'].flatMap((store) =>
      [
        ['USERNAME', role],
        ['PASSWORD', role === 'default' ? '' : password],
        ['TLS__ENABLED', 'true'],
        ['TLS__CA_FILE', caFile ?? ''],
        ['TLS__CERT_FILE', certFile ?? ''],
        ['TLS__KEY_FILE', keyFile ?? ''],
      ].map(([name, value]) => [`FOREWARM_${store}__REDIS__${name}`, value ?? '']),
    ),
  )
}

/** What was refused since the last call: user and command. */
async function refusals(): Promise<readonly string[]> {
  const logs = await Promise.all(
    [model, cache].map(async ({ admin }) => {
      const entries = (await admin.call('ACL', 'LOG', '100')) as unknown[][]
      await admin.call('ACL', 'LOG', 'RESET')
      return entries.map((entry) => {
        const of = (name: string) => entry[entry.indexOf(name) + 1]
        return `${of('username')}: ${of('reason')} ${of('object')} ${of('client-info')}`
      })
    }),
  )
  return logs.flat()
}

/** What the doctor finds wrong at the two Redis with the eyes of a role. */
async function wrongFor(role: DoctorRole, environment: Readonly<Record<string, string>>): Promise<readonly Finding[]> {
  const settings = settingsFrom({ environment: new Map(Object.entries({ ...environment, ...asRole(role) })) })
  const findings = await examine(settings, [role])
  return findings.filter(({ subject, state }) => subject.startsWith('Redis') && state === 'fail')
}

const run = async (deployment: Deployment, role: string, args: readonly string[]) => {
  const process = spawnForewarm(args, { env: { ...deployment.environment, ...asRole(role) } })
  return { ...(await process.exit()), said: `${process.stdout()}${process.stderr()}` }
}

it('each role does all of its work with the rights of its Redis users, over TLS with certificates', async () => {
  const workspace = await makeFolder({ 'main.ts': 'export {}\n', 'other.ts': "import './main.ts'\n" })
  const deployment = await deploy({
    modelRedisUrls: [model.url],
    cacheRedisUrl: cache.url,
    workspaces: new Map([['acme/web', workspace]]),
    env: {
      ...asRole('default'),
      FOREWARM_MODEL__REDIS__KEY_PREFIX: 'fw:',
      FOREWARM_CACHE__REDIS__KEY_PREFIX: 'fwc:',
    },
  })
  onTestFinished(deployment.close)
  const roles = ['gateway', 'ingest', 'predict', 'warm'] as const
  const [gateway] = await Promise.all(roles.map((role) => deployment.start(role, asRole(role))))
  const { url } = JSON.parse((await gateway?.line(/the gateway listens/)) ?? '')
  const token = await makeFolder({ token: 'none is asked for on this machine' })
  const hit = spawnForewarm([], {
    entry: 'deploy/helm/forewarm/files/warm-hit.mjs',
    env: { GATEWAY: url, WORKSPACE: 'acme/web', WARM_PATH: 'main.ts', TOKEN_FILE: join(token, 'token') },
  })
  expect([await hit.exit(), `${hit.stdout()}${hit.stderr()}`]).toEqual([
    { code: 0, signal: null },
    expect.stringContaining('warmHit'),
  ])
  const asked = ['warm', '--workspace', 'acme/web', '--strategy', 'production', '--json']
  expect(await run(deployment, 'schedule', asked)).toMatchObject({ code: 0 })
  for (const path of ['status', 'runs', 'patterns']) {
    expect([path, (await fetch(`${url}/v1/workspaces/acme%2Fweb/${path}`)).status]).toEqual([path, 200])
  }
  for (const word of ['pause', 'resume']) expect(await run(deployment, 'operator', [word])).toMatchObject({ code: 0 })
  const cacheOf = (word: string) => run(deployment, 'operator', ['cache', word, '--workspace', 'acme/web'])
  for (const ran of await Promise.all(['stats', 'clear'].map(cacheOf))) expect(ran).toMatchObject({ code: 0 })
  expect(await refusals()).toEqual([])
  const wrong = DOCTOR_ROLES.map(async (role) => [role, await wrongFor(role, deployment.environment)] as const)
  expect(await Promise.all(wrong)).toEqual(DOCTOR_ROLES.map((role) => [role, []]))
  // It asks for what it may be refused (how many samples are drawn), and does without.
  await refusals()
})

const NEVER = [
  ['flushall'],
  ['config', 'get', '*'],
  ['keys', '*'],
  ['acl', 'list'],
  ['client', 'list'],
  ['monitor'],
  ['script', 'flush'],
  ['get', 'another-application'],
  ['eval', "return redis.call('GET', 'another-application')", '0'],
  ['eval', "return redis.call('FLUSHALL')", '0'],
  ['publish', 'channel', 'x'],
] as const

/** Of these calls those that the server carries out for a user. */
async function allowed(server: Guarded, username: string, calls: readonly (readonly string[])[]): Promise<string[]> {
  const client = new Redis(server.url, { username, password, tls: certificates(files()), disableClientInfo: true })
  onTestFinished(() => client.disconnect())
  await client.ping()
  const answers = await Promise.all(
    calls.map(([command = '', ...args]) =>
      client.call(command, ...args).then(
        () => true,
        (error: Error) => !/NOPERM|ACL failure|can't run this command|can't access/i.test(error.message),
      ),
    ),
  )
  return calls.filter((_, at) => answers[at]).map((call) => call.join(' '))
}

const fence = 'fw:{m1.7}:f'
const set = (key: string) => ['eval', "return redis.call('HSET', KEYS[1], 'a', 'b')", '1', key]
const REACHES: readonly (readonly [string, readonly string[]])[] = [
  ['read models', ['hget', fence, 'f']],
  ['write models', set(fence)],
  ['read switches', ['hget', 'fw:{m1}:x:switches', 'v']],
  ['write switches', set('fw:{m1}:x:switches')],
  ['read notes', ['hget', 'fw:{n1}:n:0', 'a']],
  ['write notes', set('fw:{n1}:n:0')],
]

it.each([
  ['ingest', ['read models', 'write models', 'read switches', 'write switches']],
  ['predict', ['read models', 'read switches', 'write switches', 'read notes', 'write notes']],
  ['warm', ['read switches', 'read notes', 'write notes']],
  ['gateway', ['read models', 'read switches', 'write switches', 'read notes']],
  ['schedule', ['read models', 'read switches', 'read notes']],
  ['operator', REACHES.map(([name]) => name)],
])('at the model Redis %s may %j and nothing else', async (role, expected) => {
  const calls = REACHES.map(([, call]) => call)
  const done = await allowed(model, role, calls)
  expect(REACHES.filter(([, call]) => done.includes(call.join(' '))).map(([name]) => name)).toEqual(expected)
  expect(await allowed(model, role, NEVER)).toEqual([])
  await refusals()
})

const AT_CACHE = [
  ['set', 'fwc:acme:ev.1', 'x', 'PX', '1000'],
  ['set', 'fwc:acme:lv.1', 'x', 'PX', '1000'],
  ['scan', '0'],
]

it.each([
  ['warm', [0, 1]],
  ['gateway', [0, 2]],
  ['analyzer', [0]],
  ['operator', [0, 1, 2]],
])('at the cache Redis %s may do %j and nothing else', async (role, expected) => {
  expect(await allowed(cache, role, AT_CACHE)).toEqual(expected.map((at) => AT_CACHE[at]?.join(' ')))
  expect(await allowed(cache, role, NEVER)).toEqual([])
  await refusals()
})

it('without a certificate, a user or the right password there is no way in', async () => {
  const key = { workspaceId: '0123456789abcdef', rest: 'v.1' }
  const { ca } = certificates(files())
  const tries: readonly Partial<RedisSettings>[] = [
    { username: 'warm', password, ...(ca === undefined ? {} : { tls: { ca } }) },
    { username: 'warm', password: 'wrong', tls: certificates(files()) },
    { username: 'nobody', password, tls: certificates(files()) },
  ]
  for (const settings of tries) {
    const one = createRedisCache(openRedis({ urls: [cache.url], cluster: false, ...PATIENT, ...settings }, 'cache'))
    await expect(one.has([key])).rejects.toMatchObject({ code: 'FW_CACHE_UNAVAILABLE' })
    await one.close()
  }
})

it('on a Redis Cluster with TLS between all nodes models and cache work with the same users', async () => {
  // One cluster for both: it knows the users of both files, of which these names differ.
  const lines = [everything, ...(await userLines('model.acl', 'ingest')), ...(await userLines('cache.acl', 'warm'))]
  const aclfile = join(folder, 'cluster.acl')
  await writeFile(aclfile, `${lines.join('\n')}\n`)
  const cluster = await startRedisCluster({ tls: tlsSettings(), settings: { aclfile } })
  onTestFinished(cluster.stop)
  const urls = cluster.tlsPorts.map((port) => `rediss://127.0.0.1:${port}`)
  const open = (username: string, role: 'store' | 'cache') =>
    openRedis({ urls, cluster: true, ...PATIENT, username, password, tls: certificates(files()) }, role)
  const store = createRedisModelStore(open('ingest', 'store'), { modelVersion: '1' })
  onTestFinished(() => store.close())
  await store.verify()
  const shard = '0123456789abcdef'
  for (const bucket of [1, 2, 3, 4]) {
    const row = { shard, space: 'model' as const, row: 'r', value: Buffer.from('v') }
    expect(await store.apply({ bucket, expected: null, next: '1', rows: [row] })).toEqual({ applied: true })
    await store.dropBucket(bucket)
  }
  expect(await store.fences([1, 2, 3, 4])).toEqual([null, null, null, null])
  const values = createRedisCache(open('warm', 'cache'))
  onTestFinished(() => values.close())
  const keys = Array.from({ length: 30 }, (_, at) => ({ workspaceId: shard, rest: `v.${at}` }))
  const source = { kind: 'warm' as const, commandId: 'c', traceparent: null }
  for (const key of keys) expect(await values.put(key, Buffer.from('value'), source)).toBe('stored')
  for (const key of keys) expect(await values.get(key)).toMatchObject({ firstRead: true })
  await values.makeRoom(1_000)
  expect((await values.pressure()).bytesUsed).toBeGreaterThan(0)
})

/** Lines of a file for one user, with the password put in. */
const userLines = async (name: string, user: string): Promise<readonly string[]> =>
  (ACL_FILES.get(name) ?? '')
    .replaceAll(/#SHA256-OF-THE-PASSWORD-OF-\w+/g, `#${digest}`)
    .split('\n')
    .filter((line) => line.startsWith(`user ${user} `))
