import { setTimeout as delay } from 'node:timers/promises'
import kafkajs, { type Admin, type ITopicMetadata } from 'kafkajs'
import { ForewarmError } from '../../ports/errors.ts'
import type { Log } from '../../ports/telemetry.ts'
import type { DesiredTopic, PresentTopic, TopicAdmin } from '../../ports/topic-admin.ts'
import { createKafkaClient, type KafkaConnection } from './connection.ts'
import { toForewarmError } from './errors.ts'

const VISIBLE_MS = 20_000
const POLL_MS = 100

/** Topics on Kafka. It connects at its first use. */
export function createKafkaTopicAdmin(connection: KafkaConnection, log?: Log): TopicAdmin {
  const admin = createKafkaClient(connection, log).admin()
  let connecting: Promise<void> | null = null
  const ask = async <Answer>(doing: string, request: () => Promise<Answer>): Promise<Answer> => {
    try {
      connecting ??= admin.connect()
      await connecting
      return await request()
    } catch (error) {
      throw toForewarmError(error, doing)
    }
  }
  return {
    describe: (names) => ask('asking for the topics', () => describeTopics(admin, names)),
    brokers: () => ask('asking for the brokers', async () => (await admin.describeCluster()).brokers.length),
    create: (topic) => ask(`making the topic ${topic.name}`, () => createTopic(admin, topic)),
    configure: (name, settings) => ask(`configuring the topic ${name}`, () => configureTopic(admin, name, settings)),
    close: () => admin.disconnect(),
  }
}

async function describeTopics(admin: Admin, names: readonly string[]): Promise<ReadonlyMap<string, PresentTopic>> {
  const all = new Set(await admin.listTopics())
  const there = names.filter((name) => all.has(name))
  if (there.length === 0) return new Map()
  const { topics } = await admin.fetchTopicMetadata({ topics: there })
  const settings = await describeSettings(admin, there)
  return new Map(topics.map((topic) => [topic.name, toPresent(topic, settings.get(topic.name) ?? [])]))
}

export type Setting = { readonly configName: string; readonly configValue: string; readonly configSource: number }

/** The settings of topics as the brokers tell them, by the name of the topic. */
export async function describeSettings(
  admin: Admin,
  names: readonly string[],
): Promise<ReadonlyMap<string, readonly Setting[]>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  })
  return new Map(resources.map(({ resourceName, configEntries }) => [resourceName, configEntries]))
}

const toPresent = ({ name, partitions }: ITopicMetadata, settings: readonly Setting[]): PresentTopic => ({
  name,
  partitions: partitions.length,
  replicationFactor: Math.min(...partitions.map(({ replicas }) => replicas.length)),
  settings: settingsMap(settings),
})

export const settingsMap = (settings: readonly Setting[]): ReadonlyMap<string, string> =>
  new Map(settings.map(({ configName, configValue }) => [configName, configValue]))

async function createTopic(admin: Admin, topic: DesiredTopic): Promise<void> {
  await requestTopic(admin, topic)
  const deadlineMs = performance.now() + VISIBLE_MS
  while (!(await hasLeaders(admin, topic))) {
    if (performance.now() > deadlineMs) {
      const message = `the topic ${topic.name} was made, but is not served yet; look at the brokers, then run this again`
      throw new ForewarmError('FW_LOG_UNAVAILABLE', message, { retriable: true })
    }
    await delay(POLL_MS)
  }
}

async function requestTopic(admin: Admin, topic: DesiredTopic): Promise<void> {
  const { name, partitions, replicationFactor } = topic
  const asked = { topic: name, numPartitions: partitions, replicationFactor, configEntries: entriesOf(topic.settings) }
  // kafkajs gives up when the broker that it asks has not heard of the topic yet.
  await admin.createTopics({ waitForLeaders: false, topics: [asked] })
}

async function hasLeaders(admin: Admin, { name, partitions }: DesiredTopic): Promise<boolean> {
  if (!(await admin.listTopics()).includes(name)) return false
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [name] })
    const served = topics[0]?.partitions.filter(({ leader }) => leader >= 0) ?? []
    return served.length === partitions
  } catch {
    // What is wrong for longer than a moment shows at the deadline.
    return false
  }
}

/** The request replaces all of a topic's own settings, so those that are there go along. */
async function configureTopic(admin: Admin, name: string, changes: ReadonlyMap<string, string>): Promise<void> {
  const present = (await describeSettings(admin, [name])).get(name) ?? []
  const own = present.filter(({ configSource }) => configSource === kafkajs.ConfigSource.TOPIC_CONFIG)
  const settings = new Map([
    ...own.map(({ configName, configValue }) => [configName, configValue] as const),
    ...changes,
  ])
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name, configEntries: entriesOf(settings) }],
  })
}

const entriesOf = (settings: ReadonlyMap<string, string>): { name: string; value: string }[] =>
  [...settings].map(([name, value]) => ({ name, value }))
