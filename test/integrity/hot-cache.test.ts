import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { Redis as RedisClient } from 'ioredis'
import { beforeAll, describe, expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { createRedisCache } from '../../src/adapters/redis/cache.ts'
import { openRedis } from '../../src/adapters/redis/connect.ts'
import { settingsFrom } from '../../src/config/load.ts'
import { shortId } from '../../src/model/identity.ts'
import { SHARE_MIN } from '../../src/model/warm-share.ts'
import type { Cache, CacheKey } from '../../src/ports/cache.ts'
import { PATIENT } from '../support/patient.ts'
import { startRedis } from '../support/services/redis.ts'
import { aFile, createCountingOrigin, createWorker } from '../support/warm-worker.ts'

const MEMORY_MIB = 64
const HOT_SHARE = 0.95
const VALUE_BYTES = 2_000
const WARMS = 60_000
const PREDICTIONS = 20_000
const FILES_PER_COMMAND = 1_000
const COMMANDS_AT_ONCE = 4
const WORKERS = 2
/** A minute alone on two cores. */
const BUSY_MS_MAX = 600_000

/** On a busy machine the governor would only make it longer. */
const governor = { growthMax: 0.5, cacheSlackMs: 1_000, originSlackMs: 1_000 }

/** Bytes that cannot be packed, and other ones for each name. */
const NOISE = randomBytes(VALUE_BYTES)
const bytesOf = (name: string) => Buffer.concat([Buffer.from(name), NOISE.subarray(name.length)])

type Subject = { readonly cache: Cache; readonly hot: readonly CacheKey[]; readonly clientAt: () => Cache }

/** A Redis whose memory is taken by hot values up to the share. */
async function startFull(): Promise<Subject & { stop(): Promise<void> }> {
  const settings = { 'maxmemory-policy': 'volatile-ttl', 'maxmemory-samples': '10' }
  const server = await startRedis({ settings: { ...settings, maxmemory: `${MEMORY_MIB}mb` } })
  const opened: Cache[] = []
  const clientAt = () => {
    const cache = createRedisCache(openRedis({ urls: [server.url], cluster: false, ...PATIENT }, 'cache'), {
      keyPrefix: '',
    })
    opened.push(cache)
    return cache
  }
  const cache = clientAt()
  const redis = new RedisClient(server.url)
  const used = async () => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]) / (MEMORY_MIB * 1_048_576)
  const hot: CacheKey[] = []
  while ((await used()) < HOT_SHARE) {
    const more = Array.from({ length: 100 }, (_, at) => ({
      workspaceId: shortId('shop', sha256Hex),
      rest: `hot.${hot.length + at}`,
    }))
    await Promise.all(more.map((key) => cache.put(key, bytesOf(key.rest), { kind: 'fill' })))
    hot.push(...more)
  }
  redis.disconnect()
  const stop = async () => {
    await Promise.all(opened.map((one) => one.close()))
    await server.stop()
  }
  return { cache, hot, clientAt, stop }
}

const there = async ({ cache, hot }: Subject) => (await cache.has(hot)).filter(Boolean).length

/** Reads hot values all the time, as analyzers do, but fills in none that is missing. */
function readHot({ cache, hot }: Subject) {
  let [isOver, reads, hits] = [false, 0, 0]
  const running = (async () => {
    while (!isOver) {
      const keys = Array.from({ length: 10 }, (_, at) => hot[((reads + at) * 7_919) % hot.length])
      const found = await Promise.all(keys.map((key) => (key === undefined ? null : cache.get(key))))
      reads += keys.length
      hits += found.filter((entry) => entry !== null).length
      await pause(5)
    }
  })()
  return async () => {
    isOver = true
    await running
    return { reads, hits }
  }
}

type Warming = { readonly pressureMax: number; readonly count: number; readonly runId: string | null }

/** Gives all files to workers with clients of their own; how each ended, and how often the origin was read. */
async function warmAll({ clientAt }: Subject, { pressureMax, count, runId }: Warming) {
  const origin = createCountingOrigin(new Map(), async (path) => ({
    outcome: 'read' as const,
    file: { bytes: bytesOf(path), version: `v-${path}` },
  }))
  const workers = Array.from({ length: WORKERS }, () =>
    createWorker({ origin, cache: clientAt(), settings: { filesInFlightMax: 32, governor } }),
  )
  for (let at = 0; at < count; at += FILES_PER_COMMAND * COMMANDS_AT_ONCE) {
    const starts = Array.from({ length: COMMANDS_AT_ONCE }, (_, one) => at + one * FILES_PER_COMMAND)
    await Promise.all(
      starts.map((from, one) => {
        const paths = Array.from({ length: FILES_PER_COMMAND }, (_, file) => `f${from + file}`)
        const files = paths.map((path) => aFile({ path, version: `v-${path}` }))
        const fields = { id: `c${from}`, runId, pressureMax, bytesMax: 1_000_000_000, deadlineMs: Date.now() + 600_000 }
        return workers[one % WORKERS]?.warm(files, fields)
      }),
    )
  }
  const outcomes = (await Promise.all(workers.map((worker) => worker.outcomes()))).flat()
  const ends = new Map<string, number>()
  for (const { outcome, detail } of outcomes.flatMap(({ files }) => files)) {
    const end = `${outcome} ${detail}`.trim()
    ends.set(end, (ends.get(end) ?? 0) + 1)
  }
  return { ends, reads: origin.reads.length, pressure: Math.max(...outcomes.map(({ pressure }) => pressure)) }
}

describe('a cache that is 95 % full of hot values, and a run over 60,000 files', () => {
  let subject: Awaited<ReturnType<typeof startFull>>
  beforeAll(async () => {
    subject = await startFull()
    return () => subject.stop()
  })

  test('by default warming stops, says pressure, and reads nothing from the origin', async () => {
    const { pressureMax } = settingsFrom({}).predict
    const before = await there(subject)
    expect(before).toBe(subject.hot.length)
    const { ends, reads, pressure } = await warmAll(subject, { pressureMax, count: WARMS, runId: 'run-1' })
    expect(Object.fromEntries(ends)).toEqual({ 'skipped pressure': WARMS })
    expect(reads).toBe(0)
    expect(pressure).toBeGreaterThan(0.9)
    expect(await there(subject)).toBe(before)
    console.log(`threshold ${pressureMax}: ${WARMS} files skipped at a pressure of ${pressure.toFixed(2)}`)
  })

  test(
    'with the threshold at 1 the order of leaving alone keeps the hot values: at most one point is lost',
    async () => {
      const before = await there(subject)
      const stopReading = readHot(subject)
      const startedMs = performance.now()
      const { ends } = await warmAll(subject, { pressureMax: 1, count: WARMS, runId: 'run-1' })
      const tookMs = performance.now() - startedMs
      const { reads, hits } = await stopReading()
      const after = await there(subject)
      const percent = (share: number) => `${(100 * share).toFixed(2)} %`
      console.log(
        `threshold 1: ${[...ends].map(([end, count]) => `${count} ${end}`)} in ${Math.round(tookMs / 1_000)} s; ` +
          `hot reads meanwhile ${percent(hits / reads)} of ${reads} hits; hot values left ${percent(after / before)} of ${before}`,
      )
      expect(Object.fromEntries(ends)).toEqual({ warmed: WARMS })
      expect(reads).toBeGreaterThan(1_000)
      expect(hits / reads).toBeGreaterThanOrEqual(0.99)
      expect(after / before).toBeGreaterThanOrEqual(0.99)
    },
    BUSY_MS_MAX,
  )

  test(
    'predictions that nobody reads take their share of it and no more, though there are more of them than it earns',
    async () => {
      const before = await there(subject)
      const { ends } = await warmAll(subject, {
        pressureMax: settingsFrom({}).predict.pressureMax,
        count: PREDICTIONS,
        runId: null,
      })
      const left = (await there(subject)) / before
      console.log(
        `predicted: ${[...ends].map(([end, count]) => `${count} ${end}`)}; hot values left ${left.toFixed(3)}`,
      )
      expect(ends.get('skipped pressure')).toBeGreaterThan(0)
      expect(left).toBeGreaterThanOrEqual(1 - 2 * SHARE_MIN)
    },
    BUSY_MS_MAX,
  )
})
