import { expect, test } from 'vitest'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { createManualClock } from '../../src/adapters/memory/clock.ts'
import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'
import { awayError } from '../support/away-error.ts'
import { eventually } from '../support/eventually.ts'
import { inTime } from '../support/in-time.ts'
import { recordsOn } from '../support/log-contents.ts'
import { aCommand, aFile, createCountingOrigin, createWorker, filesAt, threeFiles } from '../support/warm-worker.ts'

test('an origin that fails for the moment is tried again, one that stays away fails the file', async () => {
  let faults = 2
  const origin = createCountingOrigin(threeFiles, async () => {
    faults -= 1
    if (faults >= 0) throw awayError('FW_ORIGIN_UNAVAILABLE')
    return null
  })
  const worker = createWorker({ origin })
  expect(await worker.warm(filesAt('src/a.ts'))).toEqual(['warmed'])
  faults = Number.POSITIVE_INFINITY
  expect(await worker.warm(filesAt('src/b.ts'))).toEqual(['failed origin'])
  expect(origin.reads).toHaveLength(6)
})

test('what the origin knows for certain is not tried again', async () => {
  const origin = createCountingOrigin(threeFiles, async () => ({ outcome: 'denied', detail: 'outside' }))
  const worker = createWorker({ origin })
  expect(await worker.warm(filesAt('src/a.ts'))).toEqual(['denied outside'])
  expect(origin.reads).toHaveLength(1)
})

test('an origin that never answers fails the file, and keeps its slots until it does', async () => {
  const answers: (() => void)[] = []
  const origin = createCountingOrigin(threeFiles, () => new Promise((resolve) => answers.push(() => resolve(null))))
  const clock = createManualClock(Date.now())
  const worker = createWorker({
    ...{ origin, clock },
    settings: { filesInFlightMax: 1, attemptMs: 20, retry: { attemptsMax: 2, baseMs: 1, capMs: 1 } },
  })
  const wanted = filesAt('src/a.ts', 'src/b.ts')
  expect(await inTime(clock, worker.warm(wanted, { deadlineMs: clock.now() + 300 }))).toEqual([
    'failed origin',
    'skipped deadline',
  ])
  expect(origin.reads).toEqual(['src/a.ts', 'src/a.ts'])
  for (const answer of answers) answer()
  delete origin.answer
  expect(await worker.warm(filesAt('src/b.ts'))).toEqual(['warmed'])
})

test('a cache that is away fails the files, and the origin is left alone', async () => {
  const cache = createMemoryCache({ clock: createSystemClock() })
  const broken = async () => Promise.reject(awayError('FW_CACHE_UNAVAILABLE'))
  const origin = createCountingOrigin(threeFiles)
  const worker = createWorker({ origin, cache: { ...cache, renew: broken, pressure: broken, lease: broken } })
  expect(await worker.warm([aFile({ version: 'v-a' }), aFile({ path: 'src/b.ts' })])).toEqual([
    'failed cache',
    'failed cache',
  ])
  expect(origin.reads).toEqual([])
})

test('a cache without room for a lease leaves the files out, and the worker goes on', async () => {
  const cache = createMemoryCache({ clock: createSystemClock() })
  const full = async () => Promise.reject(awayError('FW_CACHE_FULL'))
  const origin = createCountingOrigin(threeFiles)
  const unleased = createWorker({ origin, cache: { ...cache, lease: full } })
  expect(await unleased.warm([aFile({ version: 'v-a' }), aFile({ path: 'src/b.ts' })])).toEqual([
    'skipped pressure',
    'skipped pressure',
  ])
  const unasked = createWorker({ origin, cache: { ...cache, renew: full, pressure: full } })
  expect(await unasked.warm([aFile({ version: 'v-a' })])).toEqual(['skipped pressure'])
  expect(origin.reads).toEqual([])
})

test('an unknown error ends the batch without a commit', async () => {
  const origin = createCountingOrigin(threeFiles, async () => Promise.reject(new TypeError('a bug')))
  await expect(createWorker({ origin }).warm(filesAt('src/a.ts'))).rejects.toThrow('a bug')
})

test('a record that cannot be read is parked untouched with its place and reason, and the others go on', async () => {
  const worker = createWorker({ origin: createCountingOrigin(threeFiles) })
  const value = new Uint8Array([9, 9, 9])
  const record = {
    topic: 'warm-commands',
    partition: 0,
    key: 'k',
    timestampMs: 5,
    headers: new Map([['h', 'x']]),
  } as const
  const good = { ...record, offset: 8, value: await worker.codec.encode('warm-commands', aCommand()) }
  const batch = {
    topic: 'warm-commands',
    partition: 0,
    endOffset: 9,
    records: [{ ...record, offset: 7, value }, good],
  } as const
  const { next, inHand } = await worker.handler.batch(batch, new AbortController().signal)
  expect([next, await inHand]).toEqual([9, 9])
  const letters = await recordsOn(worker.log, 'dead-letters')
  expect(letters).toMatchObject([{ key: 'k', value }])
  expect(Object.fromEntries(letters[0]?.headers ?? [])).toMatchObject({
    h: 'x',
    'forewarm.error.topic': 'warm-commands',
    'forewarm.error.offset': '7',
    'forewarm.error.stage': 'warm',
  })
  expect(await worker.outcomes()).toHaveLength(1)
})

test('while the registry is away a command waits, nothing is parked, and it is no stall', async () => {
  const codec = createEmbeddedCodec()
  let asked = 0
  let beats = 0
  const decode: typeof codec.decode = async (topic, value) => {
    asked += 1
    return asked < 5 ? { ok: false, retriable: true, reason: 'away' } : codec.decode(topic, value)
  }
  const settings = { pauseMs: 2 }
  const beat = () => {
    beats += asked < 5 ? 1 : 0
  }
  const waiting = createWorker({
    origin: createCountingOrigin(threeFiles),
    codec: { ...codec, decode },
    settings,
    beat,
  })
  expect(await waiting.handle([aCommand()])).toEqual({ next: 1, commit: 1 })
  expect(beats).toBe(4)
  expect(await waiting.log.bounds({ topic: 'dead-letters', partition: 0 })).toEqual({ first: 0, end: 0 })
  expect(await waiting.outcomes()).toHaveLength(1)
})

test('while the log is away an outcome waits, and nothing after it is committed before it', async () => {
  const log = createMemoryEventLog({ partitions: 1 })
  let isAway = true
  let refused = 0
  const append: typeof log.append = async (topic, records) => {
    if (!isAway) return log.append(topic, records)
    refused += 1
    throw awayError('FW_LOG_UNAVAILABLE')
  }
  const worker = createWorker({
    origin: createCountingOrigin(threeFiles),
    log: { ...log, append },
    settings: { pauseMs: 2 },
  })
  const commands = [aCommand({ files: [aFile({ version: 'v-a' })] }), aCommand({ id: 'next', files: [] })]
  const verdict = await worker.handler.batch(await worker.batch(commands), new AbortController().signal)
  expect(verdict).toMatchObject({ next: 2, commit: 0 })
  await eventually(
    () => refused,
    (count) => count > 3,
  )
  isAway = false
  expect(await verdict.inHand).toBe(2)
  const ends = (await worker.outcomes()).map(({ commandId, files: [file] }) => [commandId, file?.outcome])
  expect(new Map(ends.map(([id, end]) => [id, end]))).toEqual(
    new Map([
      ['command-1', 'warmed'],
      ['next', undefined],
    ]),
  )
})
