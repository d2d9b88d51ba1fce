import { join } from 'node:path'
import { Redis } from 'ioredis'
import kafkajs, { type Admin } from 'kafkajs'
import { expect, inject, it, onTestFinished } from 'vitest'
import { createKafkaClient } from '../../src/adapters/kafka/connection.ts'
import { metaOf } from '../../src/flows/ingest/model-meta.ts'
import { type Deployment, deploy } from '../support/deployment.ts'
import { makeFolder } from '../support/folder.ts'
import { spawnForewarm } from '../support/process.ts'
import { issueCertificates } from '../support/services/certificates.ts'
import { clockOffBy } from '../support/services/faketime.ts'
import { AUTHORIZER, plainUsers, startGuardedKafka } from '../support/services/guarded-kafka.ts'
import { freePort } from '../support/services/ports.ts'
import { startRedis } from '../support/services/redis.ts'
import { startRedisCluster } from '../support/services/redis-cluster.ts'

type Finding = { readonly subject: string; readonly state: string; readonly what: string; readonly mend: string | null }
type Report = { readonly code: number | null; readonly fails: number; readonly findings: readonly Finding[] }

/** What `forewarm doctor --json` says of a deployment in which this and that is otherwise. */
async function examine(env: Readonly<Record<string, string>>, ...roles: readonly string[]): Promise<Report> {
  const args = ['doctor', '--json', ...roles.flatMap((role) => ['--role', role])]
  const child = spawnForewarm(args, { env })
  const { code } = await child.exit()
  expect(child.stderr()).toBe('')
  return { code, ...JSON.parse(child.stdout()) }
}

const broken = ({ findings }: Report) => findings.filter(({ state }) => state === 'fail')

/** What is wrong with one subject; each comes with a mend. */
function wrong(report: Report, subject: string): string {
  const found = report.findings.filter((one) => one.subject === subject && ['fail', 'warn'].includes(one.state))
  for (const { mend } of found) expect(mend).not.toBe('')
  return found.map(({ state, what }) => `${state}: ${what}`).join('\n')
}

async function deployed(options: Parameters<typeof deploy>[0] = {}): Promise<Deployment> {
  const folder = await makeFolder({ 'main.ts': 'export {}\n' })
  const deployment = await deploy({ workspaces: new Map([['acme/web', folder]]), ...options })
  onTestFinished(deployment.close)
  return deployment
}

/** A Redis of its own, told by these commands who may use it once it runs. */
async function redis(settings: Record<string, string>, ...acl: readonly string[]): Promise<string> {
  const { url, stop } = await startRedis({ settings })
  onTestFinished(stop)
  const client = new Redis(url)
  await client.call('ACL', ['SETUSER', ...acl])
  client.disconnect()
  return url
}

async function openAdmin(broker: string): Promise<Admin> {
  const admin = createKafkaClient({ brokers: [broker], clientId: 'test' }).admin()
  await admin.connect()
  onTestFinished(() => admin.disconnect())
  return admin
}

const [kafka, registry, models, cache] = ['Kafka', 'the registry', 'Redis of the models', 'Redis of the cache']

it('finds nothing to mend in a deployment that works, changes nothing, and says what it looked at', async () => {
  const { environment, prefix, engines } = await deployed()
  const report = await examine(environment, 'ingest', 'predict', 'warm', 'gateway', 'topics', 'schedule')
  expect(broken(report)).toEqual([])
  expect(report.code).toBe(0)
  const said = report.findings.map(({ subject, what }) => `${subject}: ${what}`).join('\n')
  expect(said).toContain(`topic ${prefix}warm-requests: 4 partitions`)
  expect(said).toMatch(/rights: read access-events, .*write dead-letters, .*join the group .*ingest, .*make/)
  expect(said).toContain(`subject ${prefix}warm-commands-value`)
  expect(said).toContain('the files: acme/web: can be listed')
  expect(said.match(/its clock and this machine's agree/g)).toHaveLength(2)
  for (const topic of ['access-events', 'dead-letters', 'warm-requests'] as const) {
    expect(await engines.log.bounds({ topic, partition: 0 })).toEqual({ first: 0, end: 0 })
  }
})

it('finds a missing topic, too few partitions, changed settings and a missing subject', async () => {
  const { environment, prefix } = await deployed()
  const admin = await openAdmin(inject('services').kafka[0] ?? '')
  await admin.deleteTopics({ topics: [`${prefix}warm-commands`] })
  await admin.alterConfigs({
    validateOnly: false,
    resources: [
      {
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name: `${prefix}dead-letters`,
        configEntries: [{ name: 'retention.ms', value: '1000' }],
      },
    ],
  })
  const subject = `${inject('services').registryUrl}/subjects/${prefix}warm-outcomes-value`
  expect((await fetch(subject, { method: 'DELETE' })).status).toBe(200)
  const report = await examine({ ...environment, FOREWARM_KAFKA__PARTITIONS: '8' })
  expect(report.code).toBe(1)
  expect(wrong(report, kafka)).toContain(`fail: topic ${prefix}warm-commands is missing`)
  expect(wrong(report, kafka)).toContain(`fail: topic ${prefix}access-events: it has 4 partitions, not 8`)
  expect(wrong(report, kafka)).toContain(`warn: topic ${prefix}dead-letters: retention.ms is 1000`)
  expect(wrong(report, registry)).toContain(`fail: subject ${prefix}warm-outcomes-value: has not the schema`)
})

it('finds the wrong policies, little room, missing rights, one Redis for both, and wrong passwords', async () => {
  const { environment } = await deployed()
  const one = await redis({ 'maxmemory-policy': 'allkeys-lru', maxmemory: '1mb' }, 'default', 'resetpass', '>secret')
  const shared = {
    ...environment,
    FOREWARM_MODEL__REDIS__URLS: one,
    FOREWARM_MODEL__REDIS__PASSWORD: 'secret',
    FOREWARM_CACHE__REDIS__URLS: one,
    FOREWARM_CACHE__REDIS__PASSWORD: 'wrong',
  }
  const report = await examine(shared, 'ingest', 'gateway')
  expect(wrong(report, models)).toContain(`fail: ${new URL(one).host}: maxmemory-policy allkeys-lru`)
  expect(wrong(report, models)).toMatch(/fail: .* of maxmemory are taken, \d+ %: writes are refused/)
  expect(wrong(report, models)).toContain('appendonly no')
  expect(wrong(report, cache)).toContain('FW_CACHE_UNAVAILABLE')
  expect(wrong(report, cache)).toContain('WRONGPASS')

  const user = await redis({}, 'narrow', 'on', '>secret', '~fwc:*', '+@all', '-set', '-time')
  const narrow = {
    ...environment,
    FOREWARM_CACHE__REDIS__URLS: user,
    FOREWARM_CACHE__REDIS__USERNAME: 'narrow',
    FOREWARM_CACHE__REDIS__PASSWORD: 'secret',
    FOREWARM_CACHE__REDIS__KEY_PREFIX: 'fwc:',
  }
  const [lacking, foreign, same] = await Promise.all([
    examine(narrow, 'warm', 'gateway'),
    examine({ ...narrow, FOREWARM_CACHE__REDIS__KEY_PREFIX: 'other:' }, 'gateway'),
    examine({ ...shared, FOREWARM_CACHE__REDIS__PASSWORD: 'secret' }, 'gateway'),
  ])
  expect(wrong(lacking, cache)).toContain('fail: warm, gateway may not run SET on its keys')
  expect(wrong(lacking, cache)).toContain('fail: warm may not run TIME on its keys')
  expect(wrong(lacking, cache)).not.toContain('GETEX')
  expect(wrong(lacking, cache)).toMatch(/fail: .*maxmemory-policy noeviction/)
  expect(wrong(lacking, cache)).toMatch(/warn: .*no maxmemory/)
  expect(wrong(foreign, cache)).toContain('fail: gateway may not run GETEX on its keys')
  expect(wrong(same, cache)).toContain('is the Redis of the models too')
})

it('finds a clock that is off, by both Redis and by the newest record of the log', async ({ skip }) => {
  const [early, late] = await Promise.all([clockOffBy(-900), clockOffBy(900)])
  if (early === null || late === null) return skip('not run: libfaketime cannot be had')
  const { environment, engines } = await deployed()
  const records = Array.from({ length: 32 }, (_, key) => ({
    key: `${key}`,
    value: new Uint8Array(1),
    headers: new Map(),
  }))
  await engines.log.append('warm-commands', records)
  const [behind, ahead] = await Promise.all([
    examine({ ...environment, ...early }, 'warm'),
    examine({ ...environment, ...late }, 'warm', 'gateway'),
  ])
  expect(wrong(behind, kafka)).toMatch(/fail: its clock is \d{3}\.\d s ahead of this machine's/)
  expect(wrong(behind, cache)).toMatch(/fail: its clock is \d{3}\.\d s ahead of this machine's/)
  expect(wrong(ahead, models)).toMatch(/fail: its clock is \d{3}\.\d s behind this machine's/)
  expect(wrong(ahead, cache)).toMatch(/fail: its clock is \d{3}\.\d s behind this machine's/)
})

it('finds what a Kafka user may not do, a wrong password, and engines that are away', async () => {
  // The user `ingest` may only see and read what it is told to; the test itself may do all.
  const { open, guarded } = await startGuardedKafka({ ...plainUsers({ ingest: 'secret' }), ...AUTHORIZER })
  const { environment, prefix } = await deployed({ kafka: [open] })
  const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs
  const right = (resourceType: number, resourceName: string, operation: number) => ({
    ...{ resourceType, resourceName, operation },
    ...{ principal: 'User:ingest', host: '*' },
    ...{ resourcePatternType: ResourcePatternTypes.LITERAL, permissionType: AclPermissionTypes.ALLOW },
  })
  const admin = await openAdmin(open)
  await admin.createAcls({
    acl: [
      right(AclResourceTypes.TOPIC, `${prefix}access-events`, AclOperationTypes.READ),
      right(AclResourceTypes.TOPIC, `${prefix}dead-letters`, AclOperationTypes.DESCRIBE),
      right(AclResourceTypes.GROUP, `${prefix}ingest`, AclOperationTypes.DESCRIBE),
    ],
  })
  const login = {
    ...environment,
    FOREWARM_KAFKA__BROKERS: guarded,
    FOREWARM_KAFKA__SASL__MECHANISM: 'plain',
    FOREWARM_KAFKA__SASL__USERNAME: 'ingest',
    FOREWARM_KAFKA__SASL__PASSWORD: 'secret',
  }
  const nowhere = `127.0.0.1:${await freePort()}`
  const away = {
    ...environment,
    FOREWARM_KAFKA__BROKERS: nowhere,
    FOREWARM_REGISTRY__URL: `http://${nowhere}`,
    FOREWARM_MODEL__REDIS__URLS: `redis://${nowhere}`,
  }
  const [narrow, stranger, alone] = await Promise.all([
    examine(login, 'ingest'),
    examine({ ...login, FOREWARM_KAFKA__SASL__PASSWORD: 'wrong' }, 'ingest'),
    examine(away, 'gateway'),
  ])
  expect(narrow.findings).toContainEqual({
    ...{ subject: kafka, state: 'ok', what: 'rights: read access-events', mend: null },
  })
  expect(wrong(narrow, kafka)).toContain(`fail: topic ${prefix}warm-outcomes may not be seen by this user`)
  expect(wrong(narrow, kafka)).toContain('fail: ingest may not write dead-letters')
  expect(wrong(narrow, kafka)).toContain(`fail: ingest may not join the group ${prefix}ingest`)
  expect(wrong(stranger, kafka)).toContain('the brokers refuse this client (login)')
  expect([alone.code, broken(alone).map(({ subject }) => subject)]).toEqual([1, [kafka, registry, models]])
})

it('looks at a Redis Cluster over TLS as at one server, and finds another model and certificates near their end', async () => {
  const folder = await makeFolder({})
  await issueCertificates(folder)
  const [caFile, certFile, keyFile] = ['ca.crt', 'client.crt', 'client.key'].map((name) => join(folder, name))
  const cluster = await startRedisCluster({
    settings: { appendonly: 'yes' },
    tls: {
      'tls-cert-file': join(folder, 'server.crt'),
      'tls-key-file': join(folder, 'server.key'),
      'tls-ca-cert-file': join(folder, 'ca.crt'),
    },
  })
  onTestFinished(cluster.stop)
  const tls = {
    FOREWARM_MODEL__REDIS__TLS__ENABLED: 'true',
    FOREWARM_MODEL__REDIS__TLS__CA_FILE: caFile ?? '',
    FOREWARM_MODEL__REDIS__COMMAND_TIMEOUT_MS: '30000',
  }
  const { environment, engines, settings } = await deployed({
    modelRedisUrls: cluster.tlsPorts.map((port) => `rediss://127.0.0.1:${port}`),
    env: {
      ...tls,
      FOREWARM_MODEL__REDIS__TLS__CERT_FILE: certFile ?? '',
      FOREWARM_MODEL__REDIS__TLS__KEY_FILE: keyFile ?? '',
    },
  })
  await engines.store().claim(metaOf(settings.model.limits, settings.kafka.partitions))
  const [good, other, single, stranger] = await Promise.all([
    examine(environment, 'ingest'),
    examine({ ...environment, FOREWARM_KAFKA__PARTITIONS: '8' }, 'ingest'),
    examine({ ...environment, FOREWARM_MODEL__REDIS__CLUSTER: 'false' }, 'ingest'),
    examine(
      {
        ...environment,
        FOREWARM_MODEL__REDIS__TLS__CERT_FILE: '',
        FOREWARM_MODEL__REDIS__TLS__KEY_FILE: '',
        FOREWARM_MODEL__REDIS__COMMAND_TIMEOUT_MS: '3000',
      },
      'ingest',
    ),
  ])
  const told = good.findings.filter(({ subject }) => subject === models)
  expect(broken(good)).toEqual([])
  expect(told.filter(({ what }) => what.includes('maxmemory-policy noeviction'))).toHaveLength(3)
  expect(told.map(({ what }) => what)).toContain('the stored model was made with these settings')
  // They are good for two days: both files, and each server's own.
  const near = wrong(good, models)
  expect(
    near.match(/warn: model\.redis\.tls\.(?:caFile|certFile): the certificate of CN=.* ends on .*, in 1 day$/gm),
  ).toHaveLength(2)
  expect(near.match(/warn: 127\.0\.0\.1:\d+: the certificate of CN=forewarm-server ends on/g)).toHaveLength(3)
  expect(wrong(other, models)).toContain(
    'fail: FW_MODEL_MISMATCH: the stored model was made with other settings than partitions=8',
  )
  expect(wrong(single, models)).toContain('is a node of a cluster, which the settings do not say')
  expect(wrong(stranger, models)).not.toContain('FW_STORE_UNAVAILABLE')
  expect(wrong(stranger, models)).toMatch(
    /fail: 127\.0\.0\.1:\d+ takes only clients with a certificate, and none is set \(ERR_SSL_.*CERTIFICATE_REQUIRED\)/,
  )
})
