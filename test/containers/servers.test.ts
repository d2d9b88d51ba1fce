import { randomUUID } from 'node:crypto'
import { Cluster, Redis } from 'ioredis'
import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startKafkaContainer, startRedisClusterContainer, startRedisContainer } from '../support/services/containers.ts'

describe('servers in containers', () => {
  it('Kafka gives back a record that was produced to it', async () => {
    const { address, stop } = await startKafkaContainer()
    onTestFinished(stop)
    const kafka = new Kafka({ clientId: 'containers-test', brokers: address, logLevel: logLevel.NOTHING })
    const topic = randomUUID()
    const admin = kafka.admin()
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] })
    await admin.disconnect()
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({ topic, messages: [{ key: 'k', value: 'v' }] })
    await producer.disconnect()
    const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 100 })
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    const record = await new Promise((resolve) => {
      consumer.run({ eachMessage: async ({ message }) => resolve([String(message.key), String(message.value)]) })
    })
    expect(record).toEqual(['k', 'v'])
    await consumer.disconnect()
  })

  it('Redis keeps a key, runs a script and has the settings it was given', async () => {
    const { address, stop } = await startRedisContainer({ 'maxmemory-policy': 'noeviction', appendonly: 'yes' })
    onTestFinished(stop)
    const redis = new Redis(address)
    onTestFinished(() => redis.disconnect())
    await redis.set('key', '1')
    expect(await redis.eval('return redis.call("incrby", KEYS[1], ARGV[1])', 1, 'key', 41)).toBe(42)
    expect(await redis.get('key')).toBe('42')
    expect(await redis.config('GET', 'appendonly')).toContain('yes')
  })

  it('Redis Cluster sends its clients to addresses that hold outside of the container', async () => {
    const { address, stop } = await startRedisClusterContainer()
    onTestFinished(stop)
    const cluster = new Cluster(address.slice(0, 1))
    onTestFinished(() => cluster.disconnect())
    const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`)
    await Promise.all(keys.map((key) => cluster.set(key, key)))
    expect(await Promise.all(keys.map((key) => cluster.get(key)))).toEqual(keys)
    expect(cluster.nodes('master')).toHaveLength(3)
  })
})
