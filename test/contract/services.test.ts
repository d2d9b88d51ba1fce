import { randomUUID } from 'node:crypto'
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import { Cluster, Redis } from 'ioredis'
import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, inject, it } from 'vitest'

const services = inject('services')
const unique = (name: string) => `${name}-${randomUUID()}`

describe('the servers of the test harness', () => {
  it('Kafka gives back a record that was produced to it', async () => {
    const kafka = new Kafka({ clientId: 'services-test', brokers: services.kafka, logLevel: logLevel.ERROR })
    const topic = unique('services')
    const admin = kafka.admin()
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] })
    const producer = kafka.producer({ allowAutoTopicCreation: false })
    await producer.connect()
    await producer.send({ topic, messages: [{ key: 'k', value: 'v', headers: { h: '1' } }] })
    const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 100 })
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    const record = await new Promise((resolve) => {
      consumer.run({
        eachMessage: async ({ message }) =>
          resolve([String(message.key), String(message.value), String(message.headers?.['h'])]),
      })
    })
    expect(record).toEqual(['k', 'v', '1'])
    await consumer.disconnect()
    await producer.disconnect()
    await admin.deleteTopics({ topics: [topic] })
    await admin.disconnect()
  })

  it.each([
    ['model', services.modelRedisUrl, 'noeviction'],
    ['cache', services.cacheRedisUrl, 'volatile-ttl'],
  ])('the %s Redis keeps a key and has its eviction policy', async (_name, url, policy) => {
    const redis = new Redis(url)
    const key = unique('services')
    await redis.set(key, 'value', 'EX', 60)
    expect(await redis.get(key)).toBe('value')
    expect(await redis.info('memory')).toContain(`maxmemory_policy:${policy}`)
    await redis.del(key)
    redis.disconnect()
  })

  it('the Redis Cluster has all slots over three masters and runs a script in one slot', async () => {
    const cluster = new Cluster(services.redisCluster)
    const tag = unique('tag')
    const keys = [`{${tag}}.a`, `{${tag}}.b`]
    await cluster.eval('redis.call("set", KEYS[1], ARGV[1]) redis.call("set", KEYS[2], ARGV[1])', 2, ...keys, 'both')
    expect(await cluster.mget(...keys)).toEqual(['both', 'both'])
    expect(await cluster.cluster('INFO')).toContain('cluster_slots_ok:16384')
    expect(cluster.nodes('master').length).toBeGreaterThanOrEqual(3)
    await cluster.del(...keys)
    cluster.disconnect()
  })

  it('the schema registry keeps a schema and encodes with it', async () => {
    const registry = new SchemaRegistry({ host: services.registryUrl })
    const schema = { type: 'record', name: 'Probe', fields: [{ name: 'path', type: 'string' }] }
    const { id } = await registry.register(
      { type: SchemaType.AVRO, schema: JSON.stringify(schema) },
      { subject: unique('services') },
    )
    expect(await registry.decode(await registry.encode(id, { path: 'a.ts' }))).toEqual({ path: 'a.ts' })
  })
})
