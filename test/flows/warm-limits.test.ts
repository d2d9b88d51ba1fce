import { expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { createManualClock } from '../../src/adapters/memory/clock.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import { shortId } from '../../src/model/identity.ts'
import { awayError } from '../support/away-error.ts'
import { eventually } from '../support/eventually.ts'
import { inTime } from '../support/in-time.ts'
import { aCommand, createCountingOrigin, createWorker, filesAt } from '../support/warm-worker.ts'

const NONE = { bytesPerSecondMax: 0, filesPerSecondMax: 0, originRequestsPerSecondMax: 0 }

/** Files `f0`, `f1`, … of so many bytes each. */
const made = (count: number, bytes = 10) =>
  new Map(Array.from({ length: count }, (_, at) => [`f${at}`, String(at).padStart(bytes, '.')]))
const wanted = (files: ReadonlyMap<string, string>) => filesAt(...files.keys())

/** Workers on one cache, which notes when each value was put and how long it was. */
function fleet(workers: number, files: ReadonlyMap<string, string>, limits: Partial<typeof NONE>) {
  const clock = createSystemClock()
  const puts: { atMs: number; bytes: number }[] = []
  const memory = createMemoryCache({ clock })
  const startedMs = performance.now()
  const cache: typeof memory = {
    ...memory,
    put: (key, value, source) => {
      puts.push({ atMs: performance.now() - startedMs, bytes: value.byteLength })
      return memory.put(key, value, source)
    },
  }
  const origin = createCountingOrigin(files)
  const all = Array.from({ length: workers }, (_, at) =>
    createWorker({ origin, cache, settings: { worker: `w${at}`, limits: { ...NONE, ...limits } } }),
  )
  return { origin, puts, all }
}

/** Each put must come no earlier than the rate gives for all before it. */
function expectWithin(puts: readonly { atMs: number; amount: number }[], perSecond: number, burst: number) {
  let sum = 0
  for (const { atMs, amount } of puts) {
    sum += amount
    expect(sum).toBeLessThanOrEqual(burst + (perSecond * (atMs + 2)) / 1_000)
  }
}

test('files a second hold over all workers together', async () => {
  const files = made(45)
  const { all, puts } = fleet(3, files, { filesPerSecondMax: 30 })
  const thirds = [0, 1, 2].map((third) => wanted(files).filter((_, at) => at % 3 === third))
  const outcomes = await Promise.all(all.map((worker, at) => worker.warm(thirds[at] ?? [])))
  expect(outcomes.flat()).toEqual(Array.from({ length: 45 }, () => 'warmed'))
  // Each worker may hold a tenth of a second's worth ahead.
  expectWithin(
    puts.map(({ atMs }) => ({ atMs, amount: 1 })),
    30,
    30 + 3 * 3,
  )
})

test('bytes a second hold over all workers, and a value longer than a second gives is waited for', async () => {
  const files = made(4, 100)
  const { all, puts } = fleet(2, files, { bytesPerSecondMax: 90 * 2 })
  const huge = fleet(1, made(1, 100), { bytesPerSecondMax: 70 })
  const halves = [wanted(files).slice(0, 2), wanted(files).slice(2)]
  await Promise.all(all.map((worker, at) => worker.warm(halves[at] ?? [])))
  expect(puts).toHaveLength(4)
  // Each worker may hold a tenth of a second's worth ahead.
  expectWithin(
    puts.map(({ atMs, bytes }) => ({ atMs, amount: bytes })),
    180,
    180 + 2 * 18,
  )
  await huge.all[0]?.warm(wanted(made(1, 100)))
  expect(huge.puts[0]?.atMs).toBeGreaterThan(30_000 / 70)
})

test('a run brings in no more bytes a second than its commands say, whatever worker has them', async () => {
  const files = made(8, 100)
  const { all, puts } = fleet(2, files, {})
  const run = { runId: 'run', bytesPerSecondMax: 500 }
  const halves = [wanted(files).slice(0, 4), wanted(files).slice(4)]
  await Promise.all(all.map((worker, at) => worker.warm(halves[at] ?? [], { ...run, id: `run/${at}` })))
  expect(puts).toHaveLength(8)
  expectWithin(
    puts.map(({ atMs, bytes }) => ({ atMs, amount: bytes })),
    500,
    500,
  )
})

test('calls to the origin a second count each try', async () => {
  const files = made(4)
  const { all, origin } = fleet(1, files, { originRequestsPerSecondMax: 10 })
  const times: number[] = []
  const startedMs = performance.now()
  origin.version = async () => {
    times.push(performance.now() - startedMs)
    return null
  }
  origin.answer = async () => {
    times.push(performance.now() - startedMs)
    throw awayError('FW_ORIGIN_UNAVAILABLE')
  }
  expect(await all[0]?.warm(wanted(files))).toEqual(Array.from({ length: 4 }, () => 'failed origin'))
  // A look for the version and three tries a file.
  expect(times).toHaveLength(4 * 4)
  expectWithin(
    times.map((atMs) => ({ atMs, amount: 1 })),
    10,
    10,
  )
})

test('nobody waits for a limit beyond the deadline, and a pause or a stop ends the waiting', async () => {
  const files = made(4)
  const limits = { ...NONE, filesPerSecondMax: 1 }
  let isPaused = false
  const origin = createCountingOrigin(files)
  let beats = 0
  const beat = () => {
    beats += 1
  }
  const clock = createManualClock(Date.now())
  const worker = createWorker({ origin, clock, settings: { limits }, paused: () => isPaused, beat })
  const soon = { deadlineMs: clock.now() + 700 }
  expect((await inTime(clock, worker.warm(wanted(files), soon)))?.toSorted()).toEqual([
    ...['skipped deadline', 'skipped deadline', 'skipped deadline', 'warmed'],
  ])
  expect(beats).toBeGreaterThanOrEqual(4)
  const waiting = worker.warm(wanted(made(60)).slice(4))
  clock.sleep(100).then(() => {
    isPaused = true
  })
  expect(new Set(await inTime(clock, waiting))).toEqual(new Set(['skipped paused']))
  isPaused = false
  const stopped = createWorker({ origin, settings: { limits } })
  const files2 = wanted(made(9))
  const stopping = stopped.warm(files2)
  await eventually(
    () => origin.reads.length,
    (reads) => reads > 1,
  )
  stopped.stop()
  await stopping
  expect(await stopped.outcomes()).toEqual([])
})

test('a command never brings in more bytes than it may, however many files are in flight', async () => {
  const many = new Map(Array.from({ length: 40 }, (_, index) => [`f${index}`, 'x'.repeat(10)]))
  const worker = createWorker({ origin: createCountingOrigin(many) })
  const results = await worker.warm(filesAt(...many.keys()), { bytesMax: 95 })
  expect(results?.filter((result) => result === 'warmed')).toHaveLength(9)
  expect(results?.filter((result) => result === 'skipped limit')).toHaveLength(31)
  expect(await worker.cache.stats(shortId('shop', sha256Hex))).toMatchObject({ bytes: 90 })
})

test('a file over the size limit is skipped for its size, one over what is left for the limit', async () => {
  const origin = createCountingOrigin(
    new Map([
      ['big', 'x'.repeat(101)],
      ['small', 'x'.repeat(60)],
    ]),
  )
  const worker = createWorker({ origin, settings: { fileBytesMax: 100 } })
  expect(await worker.warm(filesAt('big'))).toEqual(['skipped size'])
  expect(await worker.warm(filesAt('small'), { bytesMax: 50 })).toEqual(['skipped limit'])
})

test('a slow origin holds the partition and never has more files in flight than the worker may', async () => {
  const waiting: (() => void)[] = []
  const many = new Map(Array.from({ length: 1_600 }, (_, index) => [`f${index}`, 'x']))
  const names = [...many.keys()]
  const origin = createCountingOrigin(many, () => new Promise((resolve) => waiting.push(() => resolve(null))))
  const worker = createWorker({ origin, settings: { filesInFlightMax: 8, commandsInHandMax: 12 } })
  let ended = false
  const commands = Array.from({ length: 16 }, (_, index) => {
    return aCommand({ id: `c${index}`, files: filesAt(...names.slice(index * 100, index * 100 + 100)) })
  })
  const handling = worker.handler.batch(await worker.batch(commands), new AbortController().signal).finally(() => {
    ended = true
  })
  await eventually(
    () => origin.inFlight,
    (inFlight) => inFlight === 8,
  )
  expect(ended).toBe(false)
  delete origin.answer
  for (const go of waiting) go()
  const { next, commit, inHand } = await handling
  expect(next).toBe(16)
  expect((await inHand) ?? commit).toBe(16)
  expect(origin.inFlightMax).toBe(8)
})
