import { join } from 'node:path'
import kafkajs, { type Admin } from 'kafkajs'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { createKafkaClient } from '../../src/adapters/kafka/connection.ts'
import { createKafkaDiagnosis } from '../../src/adapters/kafka/diagnose.ts'
import { kafkaConnection } from '../../src/compose/distributed.ts'
import { settingsFrom } from '../../src/config/load.ts'
import { DEAD_LETTER_HEADERS } from '../../src/flows/dead-letter.ts'
import { DOCTOR_ROLES, type DoctorRole, NEEDS } from '../../src/flows/doctor/needs.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { deploy } from '../support/deployment.ts'
import { eventually } from '../support/eventually.ts'
import { makeFolder } from '../support/folder.ts'
import { findHelm } from '../support/helm/binaries.ts'
import { at, examplesFolder, ofKind, render } from '../support/helm/chart.ts'
import { rightsNeeded, rightsOf } from '../support/kafka-rights.ts'
import { recordsOn } from '../support/log-contents.ts'
import { spawnForewarm } from '../support/process.ts'
import { issueCertificates } from '../support/services/certificates.ts'
import { AUTHORIZER, type GuardedKafka, startKafkaWithGuards } from '../support/services/guarded-kafka.ts'
import { makeRunFolder } from '../support/services/locations.ts'

const password = 'secret'
const fetchToolsMs = 120_000
const nameOf = (role: DoctorRole): string => `forewarm-${role}`

let kafka: GuardedKafka
let certificates: string
let admin: Admin

beforeAll(async () => {
  await findHelm('4')
  certificates = await makeRunFolder('kafka-users')
  await issueCertificates(certificates, DOCTOR_ROLES)
  const scramUsers = Object.fromEntries(DOCTOR_ROLES.map((role) => [nameOf(role), password]))
  kafka = await startKafkaWithGuards({ settings: AUTHORIZER, scramUsers, certificates })
  admin = createKafkaClient({ brokers: [kafka.open], clientId: 'test' }).admin()
  await admin.connect()
}, fetchToolsMs)
afterAll(async () => {
  await admin?.disconnect()
  await kafka?.stop()
})

type Acl = {
  readonly resource: { readonly type: 'topic' | 'group'; readonly name: string }
  readonly operations: readonly string[]
}

/** Gives each role what the chart's KafkaUser of it says, by both names that Strimzi would give it. */
async function allow(prefix: string): Promise<void> {
  const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs
  const operations = new Map<string, number>(
    Object.entries(AclOperationTypes).map(([name, type]) => [name.replaceAll('_', '').toLowerCase(), Number(type)]),
  )
  const values = { settings: { kafka: { topicPrefix: prefix, groupPrefix: prefix } } }
  const users = ofKind(await render({ files: [join(examplesFolder, 'strimzi-keda.yaml')], values }), 'KafkaUser')
  expect(users.map(({ metadata }) => metadata.name).toSorted()).toEqual(DOCTOR_ROLES.map(nameOf).toSorted())
  const acl = users.flatMap((user) =>
    (at(user, 'spec.authorization.acls') as readonly Acl[]).flatMap(({ resource, operations: allowed }) =>
      allowed.flatMap((operation) =>
        [user.metadata.name, `CN=${user.metadata.name}`].map((principal) => ({
          resourceType: resource.type === 'topic' ? AclResourceTypes.TOPIC : AclResourceTypes.GROUP,
          resourceName: resource.name,
          resourcePatternType: ResourcePatternTypes.LITERAL,
          principal: `User:${principal}`,
          host: '*',
          operation: operations.get(operation.toLowerCase()) ?? AclOperationTypes.UNKNOWN,
          permissionType: AclPermissionTypes.ALLOW,
        })),
      ),
    ),
  )
  await admin.createAcls({ acl })
}

/** Ways to say who one is: as an environment, and as the settings of a client. */
const WAYS = {
  'SCRAM over TLS': (role: DoctorRole) => ({
    FOREWARM_KAFKA__BROKERS: kafka.guarded,
    FOREWARM_KAFKA__SASL__MECHANISM: 'scram-sha-512',
    FOREWARM_KAFKA__SASL__USERNAME: nameOf(role),
    FOREWARM_KAFKA__SASL__PASSWORD: password,
    FOREWARM_KAFKA__TLS__ENABLED: 'true',
    FOREWARM_KAFKA__TLS__CA_FILE: join(certificates, 'ca.crt'),
  }),
  'a client certificate': (role: DoctorRole) => ({
    FOREWARM_KAFKA__BROKERS: kafka.certified,
    FOREWARM_KAFKA__TLS__ENABLED: 'true',
    FOREWARM_KAFKA__TLS__CA_FILE: join(certificates, 'ca.crt'),
    FOREWARM_KAFKA__TLS__CERT_FILE: join(certificates, `${role}.crt`),
    FOREWARM_KAFKA__TLS__KEY_FILE: join(certificates, `${role}.key`),
  }),
} as const
type Way = keyof typeof WAYS

const connectionOf = (login: Readonly<Record<string, string>>) =>
  kafkaConnection(settingsFrom({ environment: new Map(Object.entries(login)) }).kafka)

/** Stages that have set records aside. */
async function parkedBy(log: EventLog): Promise<readonly string[]> {
  const letters = await recordsOn(log, 'dead-letters')
  return [...new Set(letters.map(({ headers }) => headers.get(DEAD_LETTER_HEADERS.stage) ?? ''))].toSorted()
}

it.each(Object.keys(WAYS) as Way[])(
  "by %s the chart's Kafka users do their work, from a read to its warm hit and dead letters, and nothing else",
  async (way) => {
    const loginOf = WAYS[way]
    const folder = await makeFolder({ 'main.ts': 'export {}\n' })
    const deployment = await deploy({ kafka: [kafka.open], workspaces: new Map([['acme/web', folder]]) })
    onTestFinished(deployment.close)
    await allow(deployment.prefix)
    const roles = ['gateway', 'ingest', 'predict', 'warm'] as const
    const [gateway] = await Promise.all(roles.map((role) => deployment.start(role, loginOf(role))))
    const { url } = JSON.parse((await gateway?.line(/the gateway listens/)) ?? '')
    await seeWarmHit(url)
    await warmFromElsewhere({ ...deployment.environment, ...loginOf('schedule') })
    await appendBytes(deployment.prefix)
    await eventually(
      () => parkedBy(deployment.engines.log),
      (stages) => stages.length === 3,
      { what: 'dead letters of ingest, predict and warm', withinMs: 60_000 },
    )

    const rights = DOCTOR_ROLES.map(
      async (role) => [role, await rightsOf(connectionOf(loginOf(role)), deployment.prefix)] as const,
    )
    expect(await Promise.all(rights)).toEqual(DOCTOR_ROLES.map((role) => [role, rightsNeeded(NEEDS[role])]))
  },
)

it('the user of the Job makes the topics and changes their settings, for which no other has the rights', async () => {
  const deployment = await deploy({ kafka: [kafka.open] })
  onTestFinished(deployment.close)
  const prefix = 'made-by-the-job.'
  await allow(prefix)
  const apply = async (role: DoctorRole, env: Record<string, string> = {}) => {
    const login = { ...WAYS['SCRAM over TLS'](role), FOREWARM_KAFKA__TOPIC_PREFIX: prefix, ...env }
    const child = spawnForewarm(['topics', 'apply'], { env: { ...deployment.environment, ...login } })
    return { ...(await child.exit()), said: `${child.stdout()}${child.stderr()}` }
  }
  expect((await apply('predict')).code).toBe(1)
  expect(await admin.listTopics()).not.toContain(`${prefix}access-events`)
  expect(await apply('topics')).toMatchObject({ code: 0, said: expect.stringContaining(`${prefix}warm-outcomes`) })
  const longer = { FOREWARM_KAFKA__RETENTION_MS: '25000000000' }
  expect(await apply('topics', longer)).toMatchObject({ code: 0, said: expect.stringContaining('25000000000') })
  expect((await admin.listTopics()).filter((topic) => topic.startsWith(prefix))).toHaveLength(5)
})

it('a wrong password, and a certificate that another authority has given to the same name, are let in nowhere', async () => {
  const others = await makeRunFolder('other-authority')
  await issueCertificates(others, ['ingest'])
  const byCertificate = WAYS['a client certificate']('ingest')
  const strangers = [
    { ...WAYS['SCRAM over TLS']('ingest'), FOREWARM_KAFKA__SASL__PASSWORD: 'wrong' },
    { ...WAYS['SCRAM over TLS']('ingest'), FOREWARM_KAFKA__SASL__USERNAME: 'forewarm-nobody' },
    {
      ...byCertificate,
      FOREWARM_KAFKA__TLS__CERT_FILE: join(others, 'ingest.crt'),
      FOREWARM_KAFKA__TLS__KEY_FILE: join(others, 'ingest.key'),
    },
  ]
  for (const login of strangers) {
    const diagnosis = createKafkaDiagnosis(connectionOf(login), 'any.')
    onTestFinished(() => diagnosis.close())
    await expect(diagnosis.brokers()).rejects.toMatchObject({ code: 'FW_LOG_UNAVAILABLE' })
  }
})

it('a process that may not use its group ends, and says so', async () => {
  const deployment = await deploy({ kafka: [kafka.open] })
  onTestFinished(deployment.close)
  await allow(deployment.prefix)
  // It reads what ingest reads, in a group of its own.
  const login = WAYS['SCRAM over TLS']('predict')
  const child = spawnForewarm(['ingest'], { env: { ...deployment.environment, ...login } })
  const { code } = await child.exit()
  expect([code, child.stderr()]).toEqual([1, expect.stringContaining('GROUP_AUTHORIZATION_FAILED')])
  expect(child.stderr()).toContain('see its credentials and access rules')
})

/** What `helm test` runs. */
async function seeWarmHit(gateway: string): Promise<void> {
  const token = await makeFolder({ token: 'none is asked for on this machine' })
  const child = spawnForewarm([], {
    entry: 'deploy/helm/forewarm/files/warm-hit.mjs',
    env: { GATEWAY: gateway, WORKSPACE: 'acme/web', WARM_PATH: 'main.ts', TOKEN_FILE: join(token, 'token') },
  })
  expect([await child.exit(), `${child.stdout()}${child.stderr()}`]).toEqual([
    { code: 0, signal: null },
    expect.stringContaining('warmHit'),
  ])
}

/** As a CronJob's pod does, which has no files of the workspace. */
async function warmFromElsewhere(env: Readonly<Record<string, string>>): Promise<void> {
  const elsewhere = JSON.stringify({ 'acme/web': { origin: { directory: '/nowhere' } } })
  const child = spawnForewarm(['warm', '--workspace', 'acme/web', '--strategy', 'production', '--json'], {
    env: { ...env, FOREWARM_WORKSPACES: elsewhere },
  })
  expect([await child.exit(), `${child.stdout()}${child.stderr()}`]).toEqual([
    { code: 0, signal: null },
    expect.stringContaining('"type":"ended"'),
  ])
}

/** Brings ingest, predict and warm a record each that none of them can read. */
async function appendBytes(prefix: string): Promise<void> {
  const producer = createKafkaClient({ brokers: [kafka.open], clientId: 'test' }).producer()
  await producer.connect()
  for (const topic of ['access-events', 'warm-requests', 'warm-commands']) {
    await producer.send({ topic: `${prefix}${topic}`, messages: [{ value: 'no record at all' }] })
  }
  await producer.disconnect()
}
