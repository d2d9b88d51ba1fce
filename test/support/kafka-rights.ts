/** What a user of Kafka may do, tried request by request. Only what no role may do would change anything. */
import kafkajs, { type Admin, type Cluster } from 'kafkajs'
import { createKafkaClient, type KafkaConnection } from '../../src/adapters/kafka/connection.ts'
import { createKafkaDiagnosis } from '../../src/adapters/kafka/diagnose.ts'
import { connectCluster } from '../../src/adapters/kafka/direct.ts'
import { errorTypes } from '../../src/adapters/kafka/errors.ts'
import { NEEDS, type Needs } from '../../src/flows/doctor/needs.ts'
import type { LogDiagnosis, Right } from '../../src/ports/diagnosis.ts'

const TOPICS = NEEDS.topics.manages
const GROUPS = ['ingest', 'predict', 'warm', 'pointers', 'of-another-application']

type Tries = Readonly<Record<string, () => Promise<Right>>>

/** What one may do who logs in so, in words; sorted. `prefix` is that of topics and groups. */
export async function rightsOf(connection: KafkaConnection, prefix: string): Promise<readonly string[]> {
  const kafka = createKafkaClient(connection)
  const [diagnosis, admin] = [createKafkaDiagnosis(connection, prefix), kafka.admin()]
  const [{ cluster, close }] = await Promise.all([connectCluster(kafka), admin.connect()])
  try {
    const tries = {
      ...ofTopics(diagnosis, admin, prefix),
      ...ofGroups(diagnosis, await onlyBroker(cluster), prefix),
      ...ofTheCluster(admin),
    }
    const answers = await Promise.all(Object.entries(tries).map(async ([what, ask]) => [what, await ask()] as const))
    return answers.flatMap(([what, right]) => (right === 'no' ? [] : [right === 'yes' ? what : `${what}?`])).toSorted()
  } finally {
    await Promise.all([diagnosis.close(), admin.disconnect(), close()])
  }
}

/** What kafkajs's own types lack of its internals. */
type Requests = {
  offsetFetch(request: { groupId: string; topics: readonly [] }): Promise<unknown>
  initProducerId(request: { transactionalId: string; transactionTimeout: number }): Promise<unknown>
}

/** Asked itself: kafkajs hides why nobody may be found who coordinates a group or a transaction. */
async function onlyBroker(cluster: Cluster): Promise<Requests> {
  const { brokers } = await cluster.metadata()
  const broker: unknown = await cluster.findBroker({ nodeId: String(brokers[0]?.nodeId) })
  return broker as Requests
}

/** The same words for what a role needs: it may do no more. */
export const rightsNeeded = ({ reads, writes, groups, manages }: Needs): readonly string[] =>
  [
    ...reads.map((topic) => `read ${topic}`),
    ...writes.map((topic) => `write ${topic}`),
    ...groups.flatMap((group) => [`join ${group}`, `see the offsets of ${group}`]),
    ...manages.flatMap((topic) => [`make ${topic}`, `set up ${topic}`]),
  ].toSorted()

const ofTopics = (diagnosis: LogDiagnosis, admin: Admin, prefix: string): Tries =>
  Object.assign(
    {},
    ...TOPICS.map((role): Tries => {
      const topic = `${prefix}${role}`
      const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries: [] }]
      return {
        [`read ${role}`]: async () => (await diagnosis.mayRead(role)).right,
        [`write ${role}`]: () => diagnosis.mayWrite(role),
        [`make ${role}`]: () => diagnosis.mayCreate(role),
        [`set up ${role}`]: () => granted(() => admin.alterConfigs({ validateOnly: true, resources })),
        [`add partitions to ${role}`]: () =>
          granted(() => admin.createPartitions({ validateOnly: true, topicPartitions: [{ topic, count: 1_000 }] })),
        [`delete ${role}`]: () => granted(() => admin.deleteTopics({ topics: [topic] })),
      }
    }),
  )

const ofGroups = (diagnosis: LogDiagnosis, broker: Requests, prefix: string): Tries =>
  Object.assign(
    {},
    ...GROUPS.map((name): Tries => {
      const groupId = `${prefix}${name}`
      return {
        [`join ${name}`]: () => diagnosis.mayJoin(groupId),
        [`see the offsets of ${name}`]: () => granted(() => broker.offsetFetch({ groupId, topics: [] })),
        [`write the transaction ${name}`]: () =>
          granted(() => broker.initProducerId({ transactionalId: groupId, transactionTimeout: 1_000 })),
      }
    }),
  )

const ofTheCluster = (admin: Admin): Tries => {
  const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs
  const filter = {
    resourceType: AclResourceTypes.ANY,
    resourcePatternType: ResourcePatternTypes.ANY,
    operation: AclOperationTypes.ANY,
    permissionType: AclPermissionTypes.ANY,
  }
  return { 'see who may do what': () => granted(() => admin.describeAcls(filter)) }
}

async function granted(request: () => Promise<unknown>): Promise<Right> {
  try {
    await request()
    return 'yes'
  } catch (error) {
    return errorTypes(error).some((type) => type.endsWith('AUTHORIZATION_FAILED')) ? 'no' : 'unknown'
  }
}
