import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { deploy } from '../support/deployment.ts'
import { eventually } from '../support/eventually.ts'
import { startRedis } from '../support/services/redis.ts'
import { createTraffic, newSeed } from '../support/traffic.ts'

const WITHIN_MS = 60_000
const RECORDS = 60

/** Sum of the samples of a metric, as Prometheus reads them, whose labels hold all of `having`; null without any. */
function sampleOf(text: string, metric: string, having = ''): number | null {
  const lines = text.split('\n').filter((line) => line.startsWith(`${metric}{`) && line.includes(having))
  if (lines.length === 0) return null
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}

it('what raises the alerts on ingest is caused, seen in its metrics, and mended as the runbook says', async () => {
  const redis = await startRedis({ settings: { maxmemory: '0', 'maxmemory-policy': 'noeviction' } })
  onTestFinished(() => redis.stop())
  const admin = new Redis(redis.url)
  onTestFinished(() => admin.disconnect())
  const deployment = await deploy({ modelRedisUrls: [redis.url], partitions: 1 })
  onTestFinished(deployment.close)
  const ingest = await deployment.start('ingest', {
    FOREWARM_TELEMETRY__PROMETHEUS__ENABLED: 'true',
    FOREWARM_TELEMETRY__PROMETHEUS__PORT: '0',
  })
  const { url } = JSON.parse(await ingest.line(/metrics are served/))
  const sample = async (metric: string, having?: string) =>
    sampleOf(await (await fetch(url)).text(), `forewarm_${metric}`, having)
  const until = (what: string, metric: string, isSo: (value: number | null) => boolean, having?: string) =>
    eventually(() => sample(metric, having), isSo, { what, withinMs: WITHIN_MS })
  const isSome = (value: number | null) => (value ?? 0) > 0

  // ForewarmDeadLetters: bytes of no schema.
  const bytes = new TextEncoder().encode('no schema')
  await deployment.engines.log.append('access-events', [{ key: 'acme/web#0', value: bytes, headers: new Map() }])
  await until('a dead letter', 'dead_letters_total', (count) => count === 1)

  // ForewarmModelMemory and ForewarmFenceStuck: a Redis that has no room takes no write.
  const traffic = createTraffic(newSeed()).take(RECORDS)
  await admin.config('SET', 'maxmemory', '1kb')
  await until('a full model store', 'model_memory', (share) => share === 1)
  const doneBefore = await sample('ingest_records_total', 'fate="done"')
  await deployment.append(traffic)
  await until('records that are tried again', 'ingest_records_total', isSome, 'fate="retry"')
  await until('records that wait', 'ingest_lag', isSome)
  expect(await sample('ingest_records_total', 'fate="done"')).toBe(doneBefore)
  await admin.config('SET', 'maxmemory', '0')
  await until('no record that waits', 'ingest_lag', (lag) => lag === 0)
  await deployment.drain()
  expect((await deployment.compareWithOracle()).accesses).toBeGreaterThan(0)

  // ForewarmModelEvicting: somebody lets it evict.
  expect(await sample('model_evicted')).toBe(0)
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru')
  await admin.config('SET', 'maxmemory', '1mb')
  await until('evicted keys', 'model_evicted', isSome)
})
