import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createRedisCache } from '../../src/adapters/redis/cache.ts'
import { openRedis } from '../../src/adapters/redis/connect.ts'
import { WARM_DEFAULTS } from '../../src/flows/warm/dependencies.ts'
import { LEVEL_MIN } from '../../src/warming/governor.ts'
import { eventually } from '../support/eventually.ts'
import { startLossyProxy } from '../support/lossy-proxy.ts'
import { PATIENT } from '../support/patient.ts'
import { startRedis } from '../support/services/redis.ts'
import { slowdown } from '../support/slowdown.ts'
import { aFile, createCountingOrigin, createWorker } from '../support/warm-worker.ts'

const CONCURRENCY = 16
const FILES_PER_COMMAND = 50

/** A slack that no machine goes beyond by itself, however busy it is, and a delay well beyond it. */
const BUSY = slowdown()
const governor = { growthMax: 0.5, cacheSlackMs: 40 * BUSY, originSlackMs: 1_000 * BUSY }
const DELAY_MS = 120 * BUSY

async function startSlowable() {
  const server = await startRedis({ settings: { maxmemory: '256mb' } })
  onTestFinished(() => server.stop())
  const proxy = await startLossyProxy(server.port)
  onTestFinished(() => proxy.stop())
  const connection = openRedis({ urls: [`redis://127.0.0.1:${proxy.port}`], cluster: false, ...PATIENT }, 'cache')
  const cache = createRedisCache(connection)
  onTestFinished(() => cache.close())
  return { proxy, cache }
}

/** Files that there is no end of; each takes its origin a moment. */
function startWarming(cache: Awaited<ReturnType<typeof startSlowable>>['cache']) {
  const answer = async (path: string) => {
    await pause(5)
    return { outcome: 'read' as const, file: { bytes: Buffer.from(path), version: `v-${path}` } }
  }
  const origin = createCountingOrigin(new Map(), answer)
  const settings = { filesInFlightMax: CONCURRENCY, pressureSampleMs: WARM_DEFAULTS.pressureSampleMs, governor }
  const worker = createWorker({ origin, cache, settings })
  let isOver = false
  const running = (async () => {
    for (let command = 0; !isOver; command += 1) {
      const files = Array.from({ length: FILES_PER_COMMAND }, (_, at) => aFile({ path: `f${command}/${at}` }))
      const ends = await worker.warm(files, { pressureMax: 1, deadlineMs: Date.now() + 3_600_000 })
      expect(new Set(ends)).toEqual(new Set(['warmed']))
    }
  })()
  const level = () =>
    worker.telemetry.measures.findLast(
      ({ metric, attributes }) => metric === 'forewarm.warm.governor' && attributes['guards'] === 'cache',
    )?.value ?? 1
  /** The most files in flight from now on until so many more were read. */
  const inFlight = async (reads: number): Promise<number> => {
    const until = origin.reads.length + reads
    origin.inFlightMax = 0
    await eventually(
      () => origin.reads.length,
      (now) => now >= until,
      { what: `${reads} more reads`, withinMs: 60_000 },
    )
    return origin.inFlightMax
  }
  const stop = async () => {
    isOver = true
    await running
  }
  return { level, inFlight, stop }
}

test('warming slows down to one file when the cache gets slower for all, goes on at that, and recovers with it', async () => {
  const { proxy, cache } = await startSlowable()
  const { level, inFlight, stop } = startWarming(cache)
  expect(await inFlight(300)).toBeGreaterThan(CONCURRENCY / 2)
  expect(level()).toBe(1)

  proxy.delayAnswers(DELAY_MS)
  await eventually(level, (now) => now === LEVEL_MIN, { what: 'the lowest level', withinMs: 120_000 })
  await inFlight(3)
  expect(await inFlight(5)).toBe(1)
  expect(level()).toBe(LEVEL_MIN)

  proxy.delayAnswers(0)
  await eventually(level, (now) => now === 1, { what: 'full speed', withinMs: 120_000 })
  expect(await inFlight(200)).toBeGreaterThan(CONCURRENCY / 2)
  await stop()
})
