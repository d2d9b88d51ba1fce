/** What a doctor asks the brokers. Every request is one that changes nothing, even where it is allowed. */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Admin, Broker, Cluster, PartitionMetadata } from 'kafkajs'
import type { LogDiagnosis, Right, TopicFacts } from '../../ports/diagnosis.ts'
import type { PresentTopic } from '../../ports/topic-admin.ts'
import { createKafkaClient, type KafkaConnection } from './connection.ts'
import { type Connected, connectCluster, coordinatorOf } from './direct.ts'
import { errorTypes, isTopicMissing, toForewarmError } from './errors.ts'
import { createTopicNames } from './records.ts'
import { describeSettings, settingsMap } from './topics.ts'

const PRODUCE_API = 0
/** No topic has so many partitions: the broker checks the right first, then finds no such partition. */
const NO_PARTITION = 2_000_000_000
const TIMEOUT_MS = 5_000
const FETCH_BYTES_MAX = 1_048_576
const READ_COMMITTED = 1

type Request = (cluster: Cluster) => Promise<unknown>

/** What kafkajs's own types lack of its internals. */
type Describing = { metadata(options: { topics: string[] }): ReturnType<Cluster['metadata']> }
type Producing = { produce(request: object): Promise<unknown> }
type Beating = Broker & { heartbeat(request: object): Promise<unknown> }
type Versions = Readonly<Record<number, { readonly maxVersion: number }>>

/** It connects at its first use, and gives up soon. */
export function createKafkaDiagnosis(connection: KafkaConnection, topicPrefix: string): LogDiagnosis {
  const names = createTopicNames(topicPrefix)
  const { cluster, administer, close } = connectLazily(connection)
  const right = async (request: Request, fine: readonly string[] = []): Promise<Right> =>
    rightOf(async () => request(await cluster()), fine)
  return {
    brokers: () => told('asking the brokers', async () => brokersOf(await cluster())),
    topic: (role) =>
      told(`asking for the topic ${names.nameOf(role)}`, async () =>
        topicFacts(await cluster(), await administer(), names.nameOf(role)),
      ),
    mayRead: async (role) => {
      let newestMs: number | null = null
      const read = async (from: Cluster): Promise<void> => {
        newestMs = await newestOf(from, names.nameOf(role))
      }
      return { right: await right(read), newestMs }
    },
    mayWrite: (role) =>
      right((to) => writeNowhere(to, names.nameOf(role)), ['UNKNOWN_TOPIC_OR_PARTITION', 'NOT_LEADER_FOR_PARTITION']),
    mayJoin: (group) =>
      right(
        (at) =>
          onceThereAreGroups(async () => {
            const coordinator = await coordinatorOf(at, group)
            const beat = { groupId: group, groupGenerationId: 0, memberId: `doctor-${randomUUID()}` }
            await (coordinator as Beating).heartbeat(beat)
          }),
        ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS', 'GROUP_ID_NOT_FOUND'],
      ),
    mayCreate: (role) => {
      const topics = [{ topic: names.nameOf(role) }]
      const check = async () => (await administer()).createTopics({ validateOnly: true, waitForLeaders: false, topics })
      return rightOf(check, ['TOPIC_ALREADY_EXISTS'])
    },
    close,
  }
}

/** The two ways to the brokers, each connected when it is first needed. */
function connectLazily(connection: KafkaConnection) {
  const kafka = createKafkaClient(connection)
  const admin = kafka.admin()
  let connecting: Promise<Connected> | null = null
  let administering: Promise<void> | null = null
  return {
    async cluster(): Promise<Cluster> {
      connecting ??= connectCluster(kafka)
      return (await connecting).cluster
    },
    async administer(): Promise<Admin> {
      administering ??= admin.connect()
      await administering
      return admin
    },
    async close(): Promise<void> {
      await Promise.allSettled([connecting?.then((connected) => connected.close()), admin.disconnect()])
    },
  }
}

async function told<Answer>(doing: string, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask()
  } catch (error) {
    throw toForewarmError(error, doing)
  }
}

/** `fine` are errors that come only after the right was checked. */
async function rightOf(request: () => Promise<unknown>, fine: readonly string[] = []): Promise<Right> {
  try {
    await request()
    return 'yes'
  } catch (error) {
    const types = errorTypes(error)
    if (types.some((type) => type.endsWith('AUTHORIZATION_FAILED'))) return 'no'
    return types.some((type) => fine.includes(type)) ? 'yes' : 'unknown'
  }
}

/** A cluster makes the topic in which it keeps groups when it is first asked for one. */
async function onceThereAreGroups(request: () => Promise<void>): Promise<void> {
  for (let turn = 1; ; turn += 1) {
    try {
      return await request()
    } catch (error) {
      if (turn === TURNS_MAX || !errorTypes(error).some((type) => NO_GROUPS_YET.includes(type))) throw error
    }
    await delay(TURN_MS)
  }
}

const NO_GROUPS_YET = ['GROUP_COORDINATOR_NOT_AVAILABLE', 'GROUP_LOAD_IN_PROGRESS', 'NOT_COORDINATOR_FOR_GROUP']
const TURNS_MAX = 20
const TURN_MS = 250

async function brokersOf(cluster: Cluster): Promise<Awaited<ReturnType<LogDiagnosis['brokers']>>> {
  const { brokers } = await cluster.metadata()
  const [first] = brokers
  const broker: Broker | null = first === undefined ? null : await cluster.findBroker({ nodeId: String(first.nodeId) })
  const versions: Versions = (await broker?.apiVersions()) ?? {}
  return { count: brokers.length, produceVersionMax: versions[PRODUCE_API]?.maxVersion ?? 0 }
}

const NOT_THERE: Omit<TopicFacts, 'state'> = { present: null, settingsShown: false, inSyncMin: null }

async function topicFacts(cluster: Cluster, admin: Admin, name: string): Promise<TopicFacts> {
  let partitions: readonly PartitionMetadata[]
  try {
    partitions = await partitionsOf(cluster, name)
  } catch (error) {
    if (isTopicMissing(error)) return { state: 'missing', ...NOT_THERE }
    const types = errorTypes(error)
    if (types.includes('TOPIC_AUTHORIZATION_FAILED')) return { state: 'hidden', ...NOT_THERE }
    if (types.includes('LEADER_NOT_AVAILABLE')) return { state: 'leaderless', ...NOT_THERE }
    throw error
  }
  const settings = await shownSettings(admin, name)
  const present: PresentTopic = {
    name,
    partitions: partitions.length,
    replicationFactor: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    settings: settings ?? new Map(),
  }
  const inSyncMin = Math.min(...partitions.map(({ isr }) => isr.length))
  return { state: 'there', present, settingsShown: settings !== null, inSyncMin }
}

/** Asked for one topic alone: one that is denied spoils the answer for all. */
async function partitionsOf(cluster: Cluster, name: string): Promise<readonly PartitionMetadata[]> {
  const { topicMetadata } = await (cluster as Describing).metadata({ topics: [name] })
  return topicMetadata[0]?.partitionMetadata ?? []
}

async function shownSettings(admin: Admin, name: string): Promise<ReadonlyMap<string, string> | null> {
  try {
    return settingsMap((await describeSettings(admin, [name])).get(name) ?? [])
  } catch (error) {
    if (errorTypes(error).includes('TOPIC_AUTHORIZATION_FAILED')) return null
    throw error
  }
}

type FetchAnswer = { responses: readonly { partitions: readonly { messages: readonly { timestamp: string }[] }[] }[] }

/** Broker time of the last record of partition 0; null when it is empty. */
async function newestOf(cluster: Cluster, topic: string): Promise<number | null> {
  const { broker, partition } = await leaderOfFirst(cluster, topic)
  await cluster.addTargetTopic(topic)
  await cluster.refreshMetadataIfNecessary()
  const [found] = await cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning: false }])
  const end = Number(found?.partitions[0]?.offset ?? 0)
  const answer: FetchAnswer = await broker.fetch({
    isolationLevel: READ_COMMITTED,
    maxWaitTime: 0,
    minBytes: 0,
    maxBytes: FETCH_BYTES_MAX,
    topics: [
      { topic, partitions: [{ partition, fetchOffset: String(Math.max(0, end - 1)), maxBytes: FETCH_BYTES_MAX }] },
    ],
  })
  const last = answer.responses[0]?.partitions[0]?.messages.at(-1)
  return last === undefined ? null : Number(last.timestamp)
}

async function leaderOfFirst(cluster: Cluster, topic: string): Promise<{ broker: Broker; partition: number }> {
  const first = (await partitionsOf(cluster, topic)).find(({ partitionId }) => partitionId === 0)
  return { broker: await cluster.findBroker({ nodeId: String(first?.leader ?? -1) }), partition: 0 }
}

async function writeNowhere(cluster: Cluster, topic: string): Promise<void> {
  const { broker } = await leaderOfFirst(cluster, topic)
  const partitions = [{ partition: NO_PARTITION, messages: [{ key: null, value: Buffer.from('doctor') }] }]
  await (broker as Producing).produce({ topicData: [{ topic, partitions }], acks: -1, timeout: TIMEOUT_MS })
}
