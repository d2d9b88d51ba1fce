import { randomUUID } from 'node:crypto'
import kafkajs, { type Admin } from 'kafkajs'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { createKafkaClient } from '../../src/adapters/kafka/connection.ts'
import { createKafkaTopicAdmin } from '../../src/adapters/kafka/topics.ts'
import { type SubjectPlan, topicsCommand } from '../../src/cli/topics.ts'
import { desiredTopics, type TopicOptions } from '../../src/flows/topics.ts'

const { kafka: brokers } = inject('services')
const DAY_MS = 86_400_000
const { TOPIC } = kafkajs.ConfigResourceTypes

describe('forewarm topics on Kafka', () => {
  let options: TopicOptions
  let admin: Admin

  beforeEach(async () => {
    options = {
      topicPrefix: `topics-${randomUUID()}.`,
      partitions: 4,
      requestPartitions: 1,
      commandPartitions: 2,
      deadLetterPartitions: 1,
      replicationFactor: 1,
      minInsyncReplicas: 1,
      retentionMs: 10 * DAY_MS,
      memoryMs: 5 * DAY_MS,
    }
    admin = createKafkaClient({ brokers, clientId: 'test' }).admin()
    await admin.connect()
  })
  afterEach(async () => {
    const topics = (await admin.listTopics()).filter((name) => name.startsWith(options.topicPrefix))
    if (topics.length > 0) await admin.deleteTopics({ topics })
    await admin.disconnect()
  })

  /** Runs the command as the command line does; answers what it wrote and its exit code. */
  const run = async (...words: string[]) => {
    let written = ''
    let code = 0
    const none = async (): Promise<readonly SubjectPlan[]> => []
    const command = topicsCommand({
      open: () => ({
        admin: createKafkaTopicAdmin({ brokers, clientId: 'test' }),
        desired: desiredTopics(options),
        subjects: { plan: none, apply: none },
      }),
      write: (text) => {
        written += text
      },
      exit: (given) => {
        code = given
      },
    })
    await command.exitOverride().parseAsync(words, { from: 'user' })
    return { written, code }
  }
  const actions = async (verb: string) => {
    const { written } = await run(verb, '--json')
    return JSON.parse(written).topics.map((plan: { action: string }) => plan.action)
  }
  const settingOf = async (role: string, name: string) => {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: TOPIC, name: `${options.topicPrefix}${role}`, configNames: [name] }],
    })
    return resources[0]?.configEntries[0]?.configValue
  }

  it('says how many copies the brokers can keep, in the plan already', async () => {
    options = { ...options, replicationFactor: 30_000 }
    const said = /(\d+) brokers? cannot keep 30000 copies of it: set kafka.replicationFactor to \1 at/
    const planned = await run('plan')
    expect(planned).toEqual({ written: expect.stringMatching(said), code: 1 })
    await expect(run('apply')).rejects.toMatchObject({
      code: 'FW_TOPIC_MISMATCH',
      message: expect.stringMatching(said),
    })
    expect(await admin.listTopics()).not.toContain(`${options.topicPrefix}access-events`)
  })

  it('plans without changing anything, applies, and then has nothing left to do', async () => {
    expect(await actions('plan')).toEqual(Array(5).fill('create'))
    expect(await actions('plan')).toEqual(Array(5).fill('create'))
    expect(await actions('apply')).toEqual(Array(5).fill('create'))
    expect(await actions('apply')).toEqual(Array(5).fill('keep'))
    const { topics } = await admin.fetchTopicMetadata({ topics: [`${options.topicPrefix}warm-outcomes`] })
    expect(topics[0]?.partitions).toHaveLength(4)
    expect(await settingOf('access-events', 'retention.ms')).toBe(String(10 * DAY_MS))
  })

  it('raises a retention, never shortens one, and leaves settings of others alone', async () => {
    expect((await run('apply')).written).toMatch(/\d+ changes made\n$/)
    expect((await run('plan')).written).toMatch(/nothing to change\n$/)
    const name = `${options.topicPrefix}access-events`
    const configEntries = [
      { name: 'retention.ms', value: String(10 * DAY_MS) },
      { name: 'segment.bytes', value: '2097152' },
    ]
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: TOPIC, name, configEntries }] })
    options = { ...options, retentionMs: 20 * DAY_MS }
    const { written } = await run('plan')
    expect(written).toMatch(/access-events +change +retention\.ms +864000000 +1728000000/)
    expect((await run('apply')).written).toMatch(/3 changes made\n$/)
    expect(await settingOf('access-events', 'retention.ms')).toBe(String(20 * DAY_MS))
    expect(await settingOf('access-events', 'segment.bytes')).toBe('2097152')
    options = { ...options, retentionMs: 8 * DAY_MS }
    await run('apply')
    expect(await settingOf('access-events', 'retention.ms')).toBe(String(20 * DAY_MS))
  })

  it('refuses another number of partitions with its cause, and then does nothing at all', async () => {
    await run('apply')
    await admin.deleteTopics({ topics: [`${options.topicPrefix}dead-letters`] })
    options = { ...options, partitions: 8 }
    const { written, code } = await run('plan')
    expect(code).toBe(1)
    expect(written).toContain('new model version')
    await expect(run('apply')).rejects.toMatchObject({ code: 'FW_TOPIC_MISMATCH' })
    expect(await admin.listTopics()).not.toContain(`${options.topicPrefix}dead-letters`)
  })

  it('refuses when more replicas must be in sync than a topic has', async () => {
    await run('apply')
    options = { ...options, replicationFactor: 3, minInsyncReplicas: 2 }
    await expect(run('apply')).rejects.toThrow(/would stop all writing/)
  })
})
