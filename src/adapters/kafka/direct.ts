import { setTimeout as delay } from 'node:timers/promises'
import type { Broker, Cluster, Kafka, KafkaMessage } from 'kafkajs'
import { createAssigner } from './assigner.ts'
import { isPassing, isTopicMissing, toForewarmError } from './errors.ts'

/** A partition by the topic's name on the broker. */
export type NamedPartition = { readonly topic: string; readonly partition: number }

/** Requests to the cluster outside of any group. They go on over the loss of a broker until their deadline. */
export type DirectCluster = {
  partitions(topic: string): Promise<number>
  bounds(at: NamedPartition): Promise<{ readonly first: number; readonly end: number }>
  /** Resolves once a broker coordinates the group for this client; rejects where that is refused. */
  coordinated(group: string): Promise<void>
  /** Offset that a group committed, or null. */
  committed(group: string, at: NamedPartition): Promise<number | null>
  /** Raw messages from an offset on, some of which may lie before it; at least one if there is any. */
  fetch(at: NamedPartition, from: number): Promise<readonly KafkaMessage[]>
  healthy(): Promise<boolean>
  close(): Promise<void>
}

export type Connected = { readonly cluster: Cluster; close(): Promise<void> }

const DEADLINE_MS = 20_000
const RETRY_MS = 200
const FETCH_WAIT_MS = 500
const FETCH_BYTES_MAX = 4 * 1024 * 1024
const READ_COMMITTED = 1

export function createDirectCluster(kafka: Kafka): DirectCluster {
  const connection = createConnection(kafka)
  const ask = <Answer>(doing: string, request: (cluster: Cluster) => Promise<Answer>): Promise<Answer> =>
    insist(connection, doing, request)
  return {
    partitions: (topic) =>
      ask(`asking for the partitions of ${topic}`, async (cluster) => {
        await cluster.addTargetTopic(topic)
        await cluster.refreshMetadata()
        return cluster.findTopicPartitionMetadata(topic).length
      }),
    bounds: (at) =>
      ask(`asking for the bounds of ${at.topic}/${at.partition}`, async (cluster) => {
        const [first, end] = await Promise.all([offsetOf(cluster, at, true), offsetOf(cluster, at, false)])
        return { first, end }
      }),
    coordinated: (group) =>
      ask(`asking who coordinates the group ${group}`, async (cluster) => void (await coordinatorOf(cluster, group))),
    committed: (group, at) =>
      ask(`asking for the offsets of the group ${group}`, (cluster) => committedOf(cluster, group, at)),
    fetch: (at, from) => ask(`reading ${at.topic}/${at.partition}`, (cluster) => fetchFrom(cluster, at, from)),
    healthy: () =>
      connection
        .use()
        .then(async ({ cluster }) => cluster.metadata().then(() => true))
        .catch(() => {
          connection.drop()
          return false
        }),
    close: () => connection.close(),
  }
}

/** Retries what may pass, each time with a new connection, until the deadline. */
async function insist<Answer>(
  connection: Connection,
  doing: string,
  request: (cluster: Cluster) => Promise<Answer>,
): Promise<Answer> {
  const deadlineMs = performance.now() + DEADLINE_MS
  for (;;) {
    try {
      const { cluster } = await connection.use()
      return await request(cluster)
    } catch (error) {
      const over = connection.closed() || performance.now() > deadlineMs
      if (over || !isPassing(error) || isTopicMissing(error)) throw toForewarmError(error, doing)
      connection.drop()
      await delay(RETRY_MS)
    }
  }
}

type Connection = {
  use(): Promise<Connected>
  /** Forgets a connection that failed; those who still use it see their requests fail and ask for a new one. */
  drop(): void
  closed(): boolean
  close(): Promise<void>
}

function createConnection(kafka: Kafka): Connection {
  let current: Promise<Connected> | null = null
  let closed = false
  const drop = async (): Promise<void> => {
    const dropped = current
    current = null
    await dropped?.then((connected) => connected.close()).catch(() => {})
  }
  return {
    use: () => {
      current ??= connectCluster(kafka)
      return current
    },
    drop: () => void drop(),
    closed: () => closed,
    close: () => {
      closed = true
      return drop()
    },
  }
}

/** kafkajs shows its cluster of connections to partition assigners only; the consumer around it never joins a group. */
export async function connectCluster(kafka: Kafka): Promise<Connected> {
  const found = Promise.withResolvers<Cluster>()
  const consumer = kafka.consumer({
    groupId: 'forewarm-direct',
    allowAutoTopicCreation: false,
    partitionAssigners: [createAssigner(found.resolve)],
  })
  const cluster = await found.promise
  try {
    await consumer.connect()
  } catch (error) {
    await consumer.disconnect().catch(() => {})
    throw error
  }
  return { cluster, close: () => consumer.disconnect() }
}

async function offsetOf(
  cluster: Cluster,
  { topic, partition }: NamedPartition,
  fromBeginning: boolean,
): Promise<number> {
  await cluster.addTargetTopic(topic)
  await cluster.refreshMetadataIfNecessary()
  const [found] = await cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning }])
  const offset = found?.partitions[0]?.offset
  if (offset === undefined) throw new Error(`the broker knows no partition ${partition} of ${topic}`)
  return Number(offset)
}

/** What kafkajs's own types lack of its internals. */
type Seeking = { findGroupCoordinator(request: { groupId: string; coordinatorType: number }): Promise<unknown> }
const GROUP = 0

/**
 * kafkajs asks all brokers and keeps to itself what they answer: somebody whom they refuse the group would wait for
 * ever.
 */
export async function coordinatorOf(cluster: Cluster, groupId: string): Promise<Broker> {
  try {
    return await cluster.findGroupCoordinator({ groupId })
  } catch (error) {
    const [some] = (await cluster.metadata()).brokers
    const broker: unknown = await cluster.findBroker({ nodeId: String(some?.nodeId) })
    await (broker as Seeking).findGroupCoordinator({ groupId, coordinatorType: GROUP })
    throw error
  }
}

/** kafkajs types these requests by their answers; the broker only reads the partition's number. */
async function committedOf(
  cluster: Cluster,
  group: string,
  { topic, partition }: NamedPartition,
): Promise<number | null> {
  const coordinator = await coordinatorOf(cluster, group)
  const { responses } = await coordinator.offsetFetch({
    groupId: group,
    topics: [{ topic, partitions: [{ partition, offset: '' }] }],
  })
  const offset = Number(responses[0]?.partitions[0]?.offset ?? -1)
  return offset < 0 ? null : offset
}

type FetchAnswer = { responses: readonly { partitions: readonly { messages: readonly KafkaMessage[] }[] }[] }

async function fetchFrom(
  cluster: Cluster,
  { topic, partition }: NamedPartition,
  from: number,
): Promise<readonly KafkaMessage[]> {
  const broker = await leaderOf(cluster, { topic, partition })
  const answer: FetchAnswer = await broker.fetch({
    isolationLevel: READ_COMMITTED,
    maxWaitTime: FETCH_WAIT_MS,
    minBytes: 1,
    maxBytes: FETCH_BYTES_MAX,
    topics: [{ topic, partitions: [{ partition, fetchOffset: String(from), maxBytes: FETCH_BYTES_MAX }] }],
  })
  return answer.responses[0]?.partitions[0]?.messages ?? []
}

async function leaderOf(cluster: Cluster, { topic, partition }: NamedPartition): Promise<Broker> {
  await cluster.addTargetTopic(topic)
  await cluster.refreshMetadataIfNecessary()
  const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]))
  if (nodeId === undefined) throw new Error(`the broker knows no partition ${partition} of ${topic}`)
  return cluster.findBroker({ nodeId })
}
