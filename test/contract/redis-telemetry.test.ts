import { Redis } from 'ioredis'
import { expect, inject, onTestFinished, test } from 'vitest'
import { createMemoryTelemetry } from '../../src/adapters/memory/telemetry.ts'
import { measureRedisCommands } from '../../src/adapters/telemetry/redis-commands.ts'

test('commands to Redis are measured by name, failed ones by their error, and no argument is seen', async () => {
  const telemetry = createMemoryTelemetry()
  const end = measureRedisCommands(telemetry)
  const redis = new Redis(inject('services').cacheRedisUrl)
  onTestFinished(() => redis.disconnect())
  const key = 'canary-key'
  await redis.set(key, 'canary-value', 'PX', 10_000)
  await redis.get(key)
  await redis.pipeline().get(key).del(key).exec()
  await redis.hset(key, 'canary-field', 'x')
  await expect(redis.get(key)).rejects.toThrow('WRONGTYPE')
  await redis.del(key)
  const metric = 'db.client.operation.duration'
  const named = (name: string) =>
    telemetry.measures.filter((one) => one.metric === metric && one.attributes['db.operation.name'] === name)
  expect(named('SET').map(({ attributes }) => attributes)).toEqual([
    { 'db.system.name': 'redis', 'db.operation.name': 'SET' },
  ])
  expect(named('GET').map(({ attributes }) => attributes['error.type'])).toEqual([undefined, undefined, 'WRONGTYPE'])
  for (const { value } of named('SET')) expect(value).toBeGreaterThan(0)
  expect(JSON.stringify(telemetry.measures)).not.toContain('canary')
  end()
  const before = telemetry.measures.length
  await redis.ping()
  expect(telemetry.measures).toHaveLength(before)
})
