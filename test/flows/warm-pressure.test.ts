import { expect, test } from 'vitest'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import type { Cache } from '../../src/ports/cache.ts'
import { awayError } from '../support/away-error.ts'
import {
  aFile,
  contentKey,
  createCountingOrigin,
  createWorker,
  filesAt,
  pressureOf,
  threeFiles,
} from '../support/warm-worker.ts'

test('at the pressure threshold warming stops in the middle of a command, but present files are still renewed', async () => {
  let puts = 0
  const cache = createMemoryCache({ clock: createSystemClock() })
  const pressed: Cache = {
    ...cache,
    pressure: async () => pressureOf(puts > 0 ? 0.9 : 0.2),
    put: (...put) => {
      puts += 1
      return cache.put(...put)
    },
  }
  const origin = createCountingOrigin(threeFiles)
  const worker = createWorker({ origin, cache: pressed, settings: { filesInFlightMax: 1 } })
  expect(await worker.warm(filesAt('src/a.ts', 'src/b.ts', 'src/c.ts'))).toEqual([
    'warmed',
    'skipped pressure',
    'skipped pressure',
  ])
  expect(await worker.warm([aFile({ version: 'v-a' })])).toEqual(['present'])
  expect(origin.reads).toEqual(['src/a.ts'])
  expect((await worker.outcomes()).map(({ pressure }) => pressure)).toEqual([0.9, 0.9])
})

test('predictions go on under any pressure of the cache while it takes them in, and are put as predictions; a run stops', async () => {
  const memory = createMemoryCache({ clock: createSystemClock() })
  const claims: unknown[] = []
  const pressed: Cache = {
    ...memory,
    pressure: async () => ({ ...pressureOf(0.99), takesPredictions: true }),
    put: (key, value, source) => {
      claims.push(source.kind === 'warm' && source.predicted)
      return memory.put(key, value, source)
    },
  }
  const worker = createWorker({ origin: createCountingOrigin(threeFiles), cache: pressed })
  expect(await worker.warm(filesAt('src/a.ts'), { runId: 'run-1' })).toEqual(['skipped pressure'])
  expect(await worker.warm(filesAt('src/a.ts'))).toEqual(['warmed'])
  expect(await worker.warm(filesAt('src/b.ts'), { runId: 'run-1', pressureMax: 1 })).toEqual(['warmed'])
  expect(claims).toEqual([true, false])
})

test("pressure is also the worker's own memory: the larger of the two counts", async () => {
  const origin = createCountingOrigin(threeFiles)
  const cache: Cache = { ...createMemoryCache({ clock: createSystemClock() }), pressure: async () => pressureOf(0.3) }
  let share = 0.2
  const worker = createWorker({ origin, cache, memory: { share: async () => share } })
  expect(await worker.warm(filesAt('src/a.ts'))).toEqual(['warmed'])
  share = 0.95
  expect(await worker.warm(filesAt('src/b.ts'))).toEqual(['skipped pressure'])
  expect((await worker.outcomes()).map(({ pressure }) => pressure)).toEqual([0.3, 0.95])
  expect(worker.telemetry.measures.filter(({ metric }) => metric === 'forewarm.worker.memory').at(-1)?.value).toBe(0.95)
})

test('in a cluster a file is stopped by the pressure of the node that its value goes to, and by no other', async () => {
  const cache = createMemoryCache({ clock: createSystemClock() })
  const full = contentKey('src/b.ts', 'v-b')
  const pressed: Cache = {
    ...cache,
    pressure: async (key) => ({
      ...pressureOf(0.1),
      pressure: key === undefined || key.rest === full.rest ? 0.9 : 0.1,
    }),
  }
  const origin = createCountingOrigin(threeFiles)
  const worker = createWorker({ origin, cache: pressed })
  const versioned = [aFile({ version: 'v-a' }), aFile({ path: 'src/b.ts', version: 'v-b' })]
  expect(await worker.warm(versioned)).toEqual(['warmed', 'skipped pressure'])
  expect(origin.reads).toEqual(['src/a.ts'])
  expect(await worker.warm(filesAt('src/b.ts', 'src/c.ts'))).toEqual(['skipped pressure', 'warmed'])
})

test('a cache without room for the value skips it for pressure', async () => {
  const cache = createMemoryCache({ clock: createSystemClock(), bytesMax: 2 })
  const origin = createCountingOrigin(new Map([['src/a.ts', 'abc']]))
  expect(await createWorker({ origin, cache }).warm(filesAt('src/a.ts'))).toEqual(['skipped pressure'])
})

test('the cache is asked for room before a command puts its first value; that it makes none fails no file', async () => {
  const calls: string[] = []
  const cache = createMemoryCache({ clock: createSystemClock() })
  const stubborn: Cache = {
    ...cache,
    makeRoom: async (bytes) => {
      calls.push(`room ${bytes >= 1}`)
      throw awayError('FW_CACHE_UNAVAILABLE')
    },
    put: (...put) => {
      calls.push('put')
      return cache.put(...put)
    },
  }
  const worker = createWorker({ origin: createCountingOrigin(threeFiles), cache: stubborn })
  expect(await worker.warm(filesAt(...threeFiles.keys()))).toEqual(['warmed', 'warmed', 'warmed'])
  expect(calls).toEqual(['room true', 'put', 'put', 'put'])
})

test('a cache that is slow to make room holds a value up for a moment only', async () => {
  const cache = createMemoryCache({ clock: createSystemClock() })
  const slow: Cache = { ...cache, makeRoom: () => new Promise(() => {}) }
  expect(
    await createWorker({ origin: createCountingOrigin(threeFiles), cache: slow }).warm(filesAt('src/a.ts')),
  ).toEqual(['warmed'])
})
