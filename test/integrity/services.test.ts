import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis as Client, Cluster } from 'ioredis'
import { Kafka as KafkaClient, logLevel } from 'kafkajs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { spawnForewarm } from '../support/process.ts'
import { startKafka } from '../support/services/kafka.ts'
import { isAlive, makeRunFolder } from '../support/services/locations.ts'
import { startRedis } from '../support/services/redis.ts'
import { startRedisCluster } from '../support/services/redis-cluster.ts'

function connectTo(url: string): Client {
  const client = new Client(url, { retryStrategy: () => 50 })
  // Being cut off is what these tests are about.
  client.on('error', () => {})
  onTestFinished(() => client.disconnect())
  return client
}

describe('faults that the test harness can cause', () => {
  it('a Redis that was killed comes back at its address with what its append-only file holds', async () => {
    const redis = await startRedis({ settings: { appendonly: 'yes', appendfsync: 'always' } })
    onTestFinished(redis.stop)
    const client = connectTo(redis.url)
    await client.set('key', 'value')
    const firstPid = redis.process.pid
    await redis.process.kill()
    expect(isAlive(firstPid)).toBe(false)
    await redis.process.restart()
    expect(await client.get('key')).toBe('value')
  })

  it('a paused Redis answers nothing until it is resumed', async () => {
    const redis = await startRedis()
    onTestFinished(redis.stop)
    const client = connectTo(redis.url)
    await client.ping()
    redis.process.pause()
    let isAnswered = false
    const pong = client.ping().then((reply) => {
      isAnswered = true
      return reply
    })
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(isAnswered).toBe(false)
    redis.process.resume()
    expect(await pong).toBe('PONG')
  })

  it('a replica takes over the slots of a killed master', async () => {
    const { nodes, stop } = await startRedisCluster({ replicas: 1 })
    onTestFinished(stop)
    const cluster = new Cluster(nodes, { clusterRetryStrategy: () => 100, redisOptions: { maxRetriesPerRequest: 0 } })
    cluster.on('error', () => {})
    onTestFinished(() => cluster.disconnect())
    const keys = Array.from({ length: 30 }, (_, index) => `key-${index}`)
    await Promise.all(keys.map((key) => cluster.set(key, key)))
    await Promise.all(nodes.slice(0, 3).map(({ url }) => connectTo(url).wait(1, 5000)))
    await nodes[0]?.process.kill()
    const readAll = () => Promise.all(keys.map((key) => cluster.get(key)))
    expect(await eventually(readAll, () => true, { what: 'the fail-over' })).toEqual(keys)
  })

  it('a Kafka that was killed comes back at its address with its records', async () => {
    const kafka = await startKafka()
    onTestFinished(kafka.stop)
    const client = new KafkaClient({ brokers: kafka.bootstrap, logLevel: logLevel.NOTHING })
    const producer = client.producer()
    await producer.connect()
    const admin = client.admin()
    await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }] })
    await producer.send({ topic: 'kept', acks: -1, messages: [{ value: 'before' }] })
    await kafka.nodes[0]?.kill()
    await kafka.nodes[0]?.restart()
    await producer.send({ topic: 'kept', acks: -1, messages: [{ value: 'after' }] })
    expect(await admin.fetchTopicOffsets('kept')).toMatchObject([{ partition: 0, offset: '2' }])
    await admin.disconnect()
    await producer.disconnect()
  })

  it('a server dies with the test process that started it, even one killed with -9', async () => {
    const folder = await makeRunFolder('parent')
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const entry = join(folder, 'parent.ts')
    const source = join(import.meta.dirname, '../support/services/redis.ts')
    await writeFile(
      entry,
      `import { startRedis } from '${source}'\nconsole.log('pid', (await startRedis()).process.pid)\n`,
    )
    const parent = spawnForewarm([], { entry })
    const serverPid = Number((await parent.line(/^pid \d+$/)).slice(4))
    expect(isAlive(serverPid)).toBe(true)
    await parent.kill()
    await eventually(
      () => isAlive(serverPid),
      (alive) => !alive,
      { what: 'the end of the orphaned server' },
    )
  })
})
