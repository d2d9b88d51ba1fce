import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis as Client } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { deploy } from '../support/deployment.ts'
import { startRedis } from '../support/services/redis.ts'
import { createTraffic, newSeed } from '../support/traffic.ts'

const RECORDS = 250

it('a Redis that lost everything is filled from the log again, by whoever runs and by whoever starts', async () => {
  const traffic = createTraffic(newSeed())
  const redis = await startRedis({ settings: { appendonly: 'yes', appendfsync: 'always' } })
  onTestFinished(redis.stop)
  const deployment = await deploy({ modelRedisUrls: [redis.url] })
  onTestFinished(deployment.close)
  const ingest = await deployment.start('ingest')
  await deployment.append(traffic.take(RECORDS))
  await deployment.drain()

  const client = new Client(redis.url)
  await client.flushall()
  expect(await deployment.reached()).toBe(0)
  client.disconnect()
  await deployment.drain()
  await deployment.append(traffic.take(RECORDS))
  await deployment.drain()
  const afterFlush = await deployment.compareWithOracle()

  await redis.process.kill()
  await ingest.kill()
  await rm(join(redis.folder, 'appendonlydir'), { recursive: true })
  await redis.process.restart()
  expect(await deployment.reached()).toBe(0)
  await deployment.start('ingest', { FOREWARM_KAFKA__GROUP_PREFIX: `${deployment.prefix}next.` })
  await deployment.drain()
  expect(await deployment.compareWithOracle()).toEqual(afterFlush)
})
