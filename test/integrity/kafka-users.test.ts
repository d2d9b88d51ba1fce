import { join } from 'node:path'
import kafkajs, { type Admin, type Kafka } from 'kafkajs'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { createKafkaClient } from '../../src/adapters/kafka/connection.ts'
import { DEAD_LETTER_HEADERS } from '../../src/flows/dead-letter.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { deploy } from '../support/deployment.ts'
import { eventually } from '../support/eventually.ts'
import { makeFolder } from '../support/folder.ts'
import { findHelm } from '../support/helm/binaries.ts'
import { at, examplesFolder, ofKind, render } from '../support/helm/chart.ts'
import { spawnForewarm } from '../support/process.ts'
import { AUTHORIZER, plainUsers, startGuardedKafka } from '../support/services/guarded-kafka.ts'

const ROLES = ['ingest', 'predict', 'warm', 'gateway', 'topics', 'schedule'] as const
type Role = (typeof ROLES)[number]
const password = 'secret'
const fetchToolsMs = 120_000

beforeAll(() => findHelm('4'), fetchToolsMs)

/** A broker that allows nothing to those who come by name, and everything to this test. */
const startGuarded = () =>
  startGuardedKafka({ ...plainUsers(Object.fromEntries(ROLES.map((role) => [role, password]))), ...AUTHORIZER })

type Acl = {
  readonly resource: { readonly type: 'topic' | 'group'; readonly name: string }
  readonly operations: readonly string[]
}

/** Gives each role what the chart's KafkaUser of it says, as Strimzi would. */
async function allow(admin: Admin, prefix: string): Promise<void> {
  const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs
  const operations = new Map<string, number>(
    Object.entries(AclOperationTypes).map(([name, type]) => [name.replaceAll('_', '').toLowerCase(), Number(type)]),
  )
  const values = { settings: { kafka: { topicPrefix: prefix, groupPrefix: prefix } } }
  const manifests = await render({ files: [join(examplesFolder, 'strimzi-keda.yaml')], values })
  const acl = ofKind(manifests, 'KafkaUser').flatMap((user) =>
    (at(user, 'spec.authorization.acls') as readonly Acl[]).flatMap(({ resource, operations: allowed }) =>
      allowed.map((operation) => ({
        resourceType: resource.type === 'topic' ? AclResourceTypes.TOPIC : AclResourceTypes.GROUP,
        resourceName: resource.name,
        resourcePatternType: ResourcePatternTypes.LITERAL,
        principal: `User:${user.metadata.name.replace('forewarm-', '')}`,
        host: '*',
        operation: operations.get(operation.toLowerCase()) ?? AclOperationTypes.UNKNOWN,
        permissionType: AclPermissionTypes.ALLOW,
      })),
    ),
  )
  await admin.createAcls({ acl })
}

const loginOf = (role: Role, guarded: string) => ({
  FOREWARM_KAFKA__BROKERS: guarded,
  FOREWARM_KAFKA__SASL__MECHANISM: 'plain',
  FOREWARM_KAFKA__SASL__USERNAME: role,
  FOREWARM_KAFKA__SASL__PASSWORD: password,
})

const clientOf = (role: Role, guarded: string): Kafka =>
  createKafkaClient({ brokers: [guarded], clientId: role, sasl: { mechanism: 'plain', username: role, password } })

async function openAdmin(broker: string): Promise<Admin> {
  const admin = createKafkaClient({ brokers: [broker], clientId: 'test' }).admin()
  await admin.connect()
  onTestFinished(() => admin.disconnect())
  return admin
}

/** Stages that have set records aside. */
async function parkedBy(log: EventLog): Promise<readonly string[]> {
  const stages = new Set<string>()
  for (let partition = 0; partition < (await log.partitions('dead-letters')); partition += 1) {
    for await (const { headers } of log.read({ topic: 'dead-letters', partition }, 0)) {
      stages.add(headers.get(DEAD_LETTER_HEADERS.stage) ?? '')
    }
  }
  return [...stages].toSorted()
}

/** Topics, without their prefix, that a role may write to. A topic that is denied spoils a client for its others. */
async function writable(role: Role, guarded: string, topics: readonly string[]): Promise<readonly string[]> {
  const taken: string[] = []
  for (const topic of topics) {
    const producer = clientOf(role, guarded).producer({ retry: { retries: 0 } })
    await producer.connect()
    const sent = producer.send({ topic, messages: [{ value: 'x' }] })
    if (await sent.then(...YES_OR_NO)) taken.push(topic.split('.').at(-1) ?? '')
    await producer.disconnect()
  }
  return taken.toSorted()
}

const YES_OR_NO = [() => true, () => false] as const

it("the chart's Kafka users can do their work, from a read to its warm hit and dead letters, and nothing else", async () => {
  const { open, guarded } = await startGuarded()
  const folder = await makeFolder({ 'main.ts': 'export {}\n' })
  const deployment = await deploy({ kafka: [open], workspaces: new Map([['acme/web', folder]]) })
  onTestFinished(deployment.close)
  const admin = await openAdmin(open)
  await allow(admin, deployment.prefix)
  for (const role of ['ingest', 'predict', 'warm'] as const) await deployment.start(role, loginOf(role, guarded))
  const gateway = await deployment.start('gateway', loginOf('gateway', guarded))
  const { url } = JSON.parse(await gateway.line(/the gateway listens/))

  const token = await makeFolder({ token: 'none is asked for on this machine' })
  const test = spawnForewarm([], {
    entry: 'deploy/helm/forewarm/files/warm-hit.mjs',
    env: { GATEWAY: url, WORKSPACE: 'acme/web', WARM_PATH: 'main.ts', TOKEN_FILE: join(token, 'token') },
  })
  expect([await test.exit(), `${test.stdout()}${test.stderr()}`]).toEqual([
    { code: 0, signal: null },
    expect.stringContaining('warmHit'),
  ])

  // A CronJob's pod has no files of the workspace.
  const elsewhere = JSON.stringify({ 'acme/web': { origin: { directory: '/nowhere' } } })
  const scheduled = spawnForewarm(['warm', '--workspace', 'acme/web', '--strategy', 'production', '--json'], {
    env: { ...deployment.environment, ...loginOf('schedule', guarded), FOREWARM_WORKSPACES: elsewhere },
  })
  expect([await scheduled.exit(), `${scheduled.stdout()}${scheduled.stderr()}`]).toEqual([
    { code: 0, signal: null },
    expect.stringContaining('"type":"ended"'),
  ])

  const producer = createKafkaClient({ brokers: [open], clientId: 'test' }).producer()
  await producer.connect()
  for (const topic of ['access-events', 'warm-requests', 'warm-commands']) {
    await producer.send({ topic: `${deployment.prefix}${topic}`, messages: [{ value: 'no record at all' }] })
  }
  await producer.disconnect()
  await eventually(
    () => parkedBy(deployment.engines.log),
    (stages) => stages.length === 3,
    {
      what: 'dead letters of ingest, predict and warm',
      withinMs: 30_000,
    },
  )

  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(deployment.prefix))
  const rights = await Promise.all(ROLES.map(async (role) => [role, await writable(role, guarded, topics)] as const))
  expect(Object.fromEntries(rights)).toEqual({
    ingest: ['dead-letters'],
    predict: ['dead-letters', 'warm-commands', 'warm-requests'],
    warm: ['dead-letters', 'warm-outcomes'],
    gateway: ['access-events', 'warm-requests'],
    topics: [],
    schedule: ['warm-requests'],
  })
})

it('the user of the Job makes the topics and changes their settings, for which no other has the rights', async () => {
  const { open, guarded } = await startGuarded()
  const deployment = await deploy({ kafka: [open] })
  onTestFinished(deployment.close)
  const admin = await openAdmin(open)
  const prefix = 'made-by-the-job.'
  await allow(admin, prefix)
  const apply = async (role: Role, env: Record<string, string> = {}) => {
    const login = { ...loginOf(role, guarded), FOREWARM_KAFKA__TOPIC_PREFIX: prefix, ...env }
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
