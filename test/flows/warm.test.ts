import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { createManualClock } from '../../src/adapters/memory/clock.ts'
import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import { createDirectoryOrigin } from '../../src/adapters/origins/directory.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import { inControlGroup, shortId } from '../../src/model/identity.ts'
import type { Cache } from '../../src/ports/cache.ts'
import { ForewarmError } from '../../src/ports/errors.ts'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'
import { eventually } from '../support/eventually.ts'
import {
  aCommand,
  aFile,
  contentKey,
  createCountingOrigin,
  createWorker,
  pressureOf,
  sha256Hex,
} from '../support/warm-worker.ts'

const files = new Map([
  ['src/a.ts', 'a'],
  ['src/b.ts', 'b'],
  ['src/c.ts', 'c'],
])
const paths = (...names: string[]) => names.map((path) => aFile({ path }))
const away = (code: 'FW_ORIGIN_UNAVAILABLE' | 'FW_CACHE_UNAVAILABLE') =>
  new ForewarmError(code, 'away', { retriable: true })

test('a warmed file can be read from the cache, and says which command and trace brought it', async () => {
  const origin = createCountingOrigin(files)
  const worker = createWorker({ origin })
  expect(await worker.warm(paths('src/a.ts'))).toEqual(['warmed'])
  const entry = await worker.cache.get(contentKey('src/a.ts', 'v-a'))
  const span = worker.telemetry.spans.find(({ name }) => name === 'warm')
  expect(new TextDecoder().decode(entry?.value)).toBe('a')
  expect(entry).toMatchObject({
    firstRead: true,
    source: { kind: 'warm', commandId: 'command-1', traceparent: span?.traceparent },
  })
})

test('an outcome says for every file in the order of the command what the command said of it', async () => {
  const worker = createWorker({ origin: createCountingOrigin(files) })
  const command = aCommand({
    id: 'c',
    shard: 3,
    runId: 'run',
    files: [aFile({ expectedAtMs: 9, reason: 'profile', probability: 0.25, horizonAtMs: 77 }), aFile({ path: 'no' })],
  })
  await worker.handle([command])
  const [outcome] = await worker.outcomes()
  expect(outcome).toMatchObject({ commandId: 'c', workspace: 'shop', shard: 3, runId: 'run', worker: 'worker-1' })
  expect(outcome?.issuedAtMs).toBe(command.issuedAtMs)
  expect(outcome?.files).toMatchObject([
    { path: 'src/a.ts', version: 'v-a', outcome: 'warmed', bytes: 1, reason: 'profile', probability: 0.25 },
    { path: 'no', version: null, outcome: 'missing', bytes: 0 },
  ])
  expect(outcome?.files[0]?.horizonAtMs).toBe(77)
})

test('a version that is there already is present: the origin is not read and the entry stays unread', async () => {
  const origin = createCountingOrigin(files)
  const worker = createWorker({ origin })
  await worker.warm([aFile({ version: 'v-a' })])
  expect(await worker.warm([aFile({ version: 'v-a' })])).toEqual(['present'])
  expect(origin.reads).toHaveLength(1)
  expect(await worker.cache.get(contentKey('src/a.ts', 'v-a'))).toMatchObject({ firstRead: true })
})

test('a file without a wanted version is not read again when the origin knows that its version is there', async () => {
  const origin = createCountingOrigin(files)
  const worker = createWorker({ origin })
  await worker.warm([aFile()])
  expect(await worker.warm([aFile()])).toEqual(['present'])
  origin.version = async () => 'v-a'
  expect(await worker.warm([aFile()])).toEqual(['present'])
  expect(origin.reads).toHaveLength(2)
})

test('an origin is asked once for the version of a file that is not in the cache, and again after another command read it', async () => {
  const origin = createCountingOrigin(files, async () => {
    await eventually(
      () => asked.length,
      (count) => count >= 2,
    )
    return null
  })
  const asked: string[] = []
  origin.version = async (path) => {
    asked.push(path)
    return origin.finished.has(path) ? 'v-a' : null
  }
  const worker = createWorker({ origin, settings: { leasePollMs: 1 } })
  const both = [aCommand({ id: 'one' }), aCommand({ id: 'two' })]
  await worker.handle(both)
  expect((await worker.outcomes()).map(({ files: [file] }) => file?.outcome)).toEqual(['warmed', 'present'])
  expect(origin.reads).toHaveLength(1)
  expect(asked).toHaveLength(3)
})

test('a present file stays present when its life is renewed and the time since the warm has passed', async () => {
  const clock = createManualClock(1_000_000)
  const cache = createMemoryCache({ clock, lifetimes: { unreadMs: 1_000 } })
  const origin = createCountingOrigin(files)
  const worker = createWorker({ origin, clock, cache })
  const command = { deadlineMs: clock.now() + 60_000 }
  await worker.warm([aFile({ version: 'v-a' })], command)
  clock.advance(900)
  expect(await worker.warm([aFile({ version: 'v-a' })], command)).toEqual(['present'])
  clock.advance(900)
  expect(await cache.has([contentKey('src/a.ts', 'v-a')])).toEqual([true])
})

test('another version than the wanted one is warmed under no name at all', async () => {
  const worker = createWorker({ origin: createCountingOrigin(files) })
  expect(await worker.warm([aFile({ version: 'v-old' })])).toEqual(['missing version'])
  expect(await worker.cache.stats(shortId('shop', sha256Hex))).toMatchObject({ entries: 0 })
})

test('files of the control group are answered and never touched, even past the deadline', async () => {
  const origin = createCountingOrigin(files)
  const worker = createWorker({ origin })
  expect(inControlGroup('0'.repeat(16))).toBe(true)
  expect(await worker.warm([aFile({ control: true })], { deadlineMs: Date.now() - 1 })).toEqual(['control'])
  expect(origin.reads).toEqual([])
})

test('what never can be warmed is denied or skipped without a look at origin or cache', async () => {
  const origin = createCountingOrigin(files)
  const worker = createWorker({ origin })
  expect(await worker.warm([aFile({ path: '.git/config' }), aFile({ layer: 'ast' })])).toEqual([
    'denied git',
    'skipped layer',
  ])
  expect(await worker.warm(paths('src/a.ts', 'src/b.ts'), { workspace: 'other' })).toEqual([
    'skipped workspace',
    'skipped workspace',
  ])
  expect(origin.reads).toEqual([])
})

test('after the deadline nothing is begun and nothing renewed', async () => {
  const origin = createCountingOrigin(files)
  const worker = createWorker({ origin })
  await worker.warm([aFile({ version: 'v-a' })])
  expect(await worker.warm([aFile({ version: 'v-a' })], { deadlineMs: Date.now() - 1 })).toEqual(['skipped deadline'])
})

test('a deadline that passes ends what is in flight; the files read first are those expected first', async () => {
  const answer = async (path: string) => (path === 'src/a.ts' ? null : new Promise<null>(() => {}))
  const origin = createCountingOrigin(files, answer)
  const worker = createWorker({ origin, settings: { filesInFlightMax: 1 } })
  const late = [
    aFile({ path: 'src/c.ts', expectedAtMs: 3 }),
    aFile({ path: 'src/b.ts', expectedAtMs: 2 }),
    aFile({ path: 'src/a.ts', expectedAtMs: 1 }),
  ]
  expect(await worker.warm(late, { deadlineMs: Date.now() + 300 })).toEqual([
    'skipped deadline',
    'skipped deadline',
    'warmed',
  ])
  expect(origin.reads).toEqual(['src/a.ts', 'src/b.ts'])
})

test('a pause ends a command in hand: nothing more is begun, and nothing put, from then on', async () => {
  let isPaused = false
  const origin = createCountingOrigin(files, async (path) => {
    if (path === 'src/b.ts') isPaused = true
    return null
  })
  const worker = createWorker({ origin, settings: { filesInFlightMax: 1 }, paused: () => isPaused })
  const wanted = paths('src/a.ts', 'src/b.ts', 'src/c.ts')
  expect(await worker.warm(wanted)).toEqual(['warmed', 'skipped paused', 'skipped paused'])
  expect(origin.reads).toEqual(['src/a.ts', 'src/b.ts'])
  expect(await worker.cache.stats(shortId('shop', sha256Hex))).toMatchObject({ entries: 1 })
  isPaused = false
  origin.answer = async () => null
  expect(await worker.warm(paths('src/b.ts', 'src/c.ts'))).toEqual(['warmed', 'warmed'])
})

test('a file that waits for another worker is not read once warming is paused', async () => {
  let isPaused = false
  const origin = createCountingOrigin(files)
  const worker = createWorker({ origin, settings: { leasePollMs: 1 }, paused: () => isPaused })
  const key = contentKey('src/a.ts', 'v-a')
  await worker.cache.lease(key, 'another worker', 60_000)
  const warming = worker.warm([aFile({ version: 'v-a' })])
  isPaused = true
  await worker.cache.release(key, 'another worker')
  expect(await warming).toEqual(['skipped paused'])
  expect(origin.reads).toEqual([])
})

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
  const origin = createCountingOrigin(files)
  const worker = createWorker({ origin, cache: pressed, settings: { filesInFlightMax: 1 } })
  expect(await worker.warm(paths('src/a.ts', 'src/b.ts', 'src/c.ts'))).toEqual([
    'warmed',
    'skipped pressure',
    'skipped pressure',
  ])
  expect(await worker.warm([aFile({ version: 'v-a' })])).toEqual(['present'])
  expect(origin.reads).toEqual(['src/a.ts'])
  expect((await worker.outcomes()).map(({ pressure }) => pressure)).toEqual([0.9, 0.9])
})

test("pressure is also the worker's own memory: the larger of the two counts", async () => {
  const origin = createCountingOrigin(files)
  const cache: Cache = { ...createMemoryCache({ clock: createSystemClock() }), pressure: async () => pressureOf(0.3) }
  let share = 0.2
  const worker = createWorker({ origin, cache, memory: { share: async () => share } })
  expect(await worker.warm(paths('src/a.ts'))).toEqual(['warmed'])
  share = 0.95
  expect(await worker.warm(paths('src/b.ts'))).toEqual(['skipped pressure'])
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
  const origin = createCountingOrigin(files)
  const worker = createWorker({ origin, cache: pressed })
  const versioned = [aFile({ version: 'v-a' }), aFile({ path: 'src/b.ts', version: 'v-b' })]
  expect(await worker.warm(versioned)).toEqual(['warmed', 'skipped pressure'])
  expect(origin.reads).toEqual(['src/a.ts'])
  expect(await worker.warm(paths('src/b.ts', 'src/c.ts'))).toEqual(['skipped pressure', 'warmed'])
})

test('a cache without room for the value skips it for pressure', async () => {
  const cache = createMemoryCache({ clock: createSystemClock(), bytesMax: 2 })
  const origin = createCountingOrigin(new Map([['src/a.ts', 'abc']]))
  expect(await createWorker({ origin, cache }).warm(paths('src/a.ts'))).toEqual(['skipped pressure'])
})

test('the cache is asked for room before a command puts its first value; that it makes none fails no file', async () => {
  const calls: string[] = []
  const cache = createMemoryCache({ clock: createSystemClock() })
  const stubborn: Cache = {
    ...cache,
    makeRoom: async (bytes) => {
      calls.push(`room ${bytes >= 1}`)
      throw away('FW_CACHE_UNAVAILABLE')
    },
    put: (...put) => {
      calls.push('put')
      return cache.put(...put)
    },
  }
  const worker = createWorker({ origin: createCountingOrigin(files), cache: stubborn })
  expect(await worker.warm(paths(...files.keys()))).toEqual(['warmed', 'warmed', 'warmed'])
  expect(calls).toEqual(['room true', 'put', 'put', 'put'])
})

test('a cache that is slow to make room holds a value up for a moment only', async () => {
  const cache = createMemoryCache({ clock: createSystemClock() })
  const slow: Cache = { ...cache, makeRoom: () => new Promise(() => {}) }
  expect(await createWorker({ origin: createCountingOrigin(files), cache: slow }).warm(paths('src/a.ts'))).toEqual([
    'warmed',
  ])
})

test('a command never brings in more bytes than it may, however many files are in flight', async () => {
  const many = new Map(Array.from({ length: 40 }, (_, index) => [`f${index}`, 'x'.repeat(10)]))
  const worker = createWorker({ origin: createCountingOrigin(many) })
  const results = await worker.warm(paths(...many.keys()), { bytesMax: 95 })
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
  expect(await worker.warm(paths('big'))).toEqual(['skipped size'])
  expect(await worker.warm(paths('small'), { bytesMax: 50 })).toEqual(['skipped limit'])
})

test('an origin that fails for the moment is tried again, one that stays away fails the file', async () => {
  let faults = 2
  const origin = createCountingOrigin(files, async () => {
    faults -= 1
    if (faults >= 0) throw away('FW_ORIGIN_UNAVAILABLE')
    return null
  })
  const worker = createWorker({ origin })
  expect(await worker.warm(paths('src/a.ts'))).toEqual(['warmed'])
  faults = Number.POSITIVE_INFINITY
  expect(await worker.warm(paths('src/b.ts'))).toEqual(['failed origin'])
  expect(origin.reads).toHaveLength(6)
})

test('what the origin knows for certain is not tried again', async () => {
  const origin = createCountingOrigin(files, async () => ({ outcome: 'denied', detail: 'outside' }))
  const worker = createWorker({ origin })
  expect(await worker.warm(paths('src/a.ts'))).toEqual(['denied outside'])
  expect(origin.reads).toHaveLength(1)
})

test('an origin that never answers fails the file, and keeps its slots until it does', async () => {
  const answers: (() => void)[] = []
  const origin = createCountingOrigin(files, () => new Promise((resolve) => answers.push(() => resolve(null))))
  const worker = createWorker({
    origin,
    settings: { filesInFlightMax: 1, attemptMs: 20, retry: { attemptsMax: 2, baseMs: 1, capMs: 1 } },
  })
  expect(await worker.warm(paths('src/a.ts', 'src/b.ts'), { deadlineMs: Date.now() + 300 })).toEqual([
    'failed origin',
    'skipped deadline',
  ])
  expect(origin.reads).toEqual(['src/a.ts', 'src/a.ts'])
  for (const answer of answers) answer()
  delete origin.answer
  expect(await worker.warm(paths('src/b.ts'))).toEqual(['warmed'])
})

test('a cache that is away fails the files, and the origin is left alone', async () => {
  const cache = createMemoryCache({ clock: createSystemClock() })
  const broken = async () => Promise.reject(away('FW_CACHE_UNAVAILABLE'))
  const origin = createCountingOrigin(files)
  const worker = createWorker({ origin, cache: { ...cache, renew: broken, pressure: broken, lease: broken } })
  expect(await worker.warm([aFile({ version: 'v-a' }), aFile({ path: 'src/b.ts' })])).toEqual([
    'failed cache',
    'failed cache',
  ])
  expect(origin.reads).toEqual([])
})

test('an unknown error ends the batch without a commit', async () => {
  const origin = createCountingOrigin(files, async () => Promise.reject(new TypeError('a bug')))
  await expect(createWorker({ origin }).warm(paths('src/a.ts'))).rejects.toThrow('a bug')
})

test('while another worker loads a file its value is waited for', async () => {
  const origin = createCountingOrigin(files)
  const worker = createWorker({ origin, settings: { leasePollMs: 1 } })
  const key = contentKey('src/a.ts', 'v-a')
  await worker.cache.lease(key, 'somebody', 60_000)
  const warming = worker.warm([aFile({ version: 'v-a' })])
  await worker.cache.put(key, new TextEncoder().encode('a'), { kind: 'fill' })
  expect(await warming).toEqual(['present'])
  expect(origin.reads).toEqual([])
})

test('a lease whose holder died is taken over when it ends; one that is held on is given up', async () => {
  const origin = createCountingOrigin(files)
  const worker = createWorker({ origin, settings: { leasePollMs: 1, leaseMs: 100 } })
  await worker.cache.lease(contentKey('src/a.ts', 'v-a'), 'dead', 30)
  await worker.cache.lease(contentKey('src/b.ts', 'v-b'), 'alive', 60_000)
  const held = [aFile({ version: 'v-a' }), aFile({ path: 'src/b.ts', version: 'v-b' })]
  expect(await worker.warm(held)).toEqual(['warmed', 'skipped held'])
  expect(origin.reads).toEqual(['src/a.ts'])
})

test('a worker that stops drops what nothing has overtaken at once, without an outcome: another one carries it out', async () => {
  const origin = createCountingOrigin(files, () => new Promise<null>(() => {}))
  const worker = createWorker({ origin })
  const handling = worker.handle([aCommand({ id: 'done', files: [] }), aCommand({ id: 'slow' })])
  await eventually(
    () => origin.reads.length,
    (reads) => reads > 0,
  )
  worker.stop()
  expect(await handling).toEqual({ next: 2, commit: 1 })
  expect((await worker.outcomes()).map(({ commandId }) => commandId)).toEqual(['done'])
})

test.each([
  ['ends in the while that it gets', true, 3],
  ['is dropped after a while, and carried out again with what has overtaken it', false, 1],
])('a command in hand that was overtaken when its worker stops %s', async (_, answers, commit) => {
  const going = Promise.withResolvers<null>()
  const origin = createCountingOrigin(files, () => going.promise)
  const worker = createWorker({ origin, settings: { drainMs: answers ? 60_000 : 20 } })
  const commands = [aCommand({ id: 'done', files: [] }), aCommand({ id: 'slow' }), aCommand({ id: 'fast', files: [] })]
  const handling = worker.handle(commands)
  await eventually(worker.outcomes, ({ length }) => length === 2)
  worker.stop()
  if (answers) going.resolve(null)
  expect(await handling).toEqual({ next: 3, commit })
  const ended = (await worker.outcomes()).map(({ commandId }) => commandId)
  expect(ended).toEqual(answers ? ['done', 'fast', 'slow'] : ['done', 'fast'])
})

test('a slow origin holds the partition and never has more files in flight than the worker may', async () => {
  const waiting: (() => void)[] = []
  const many = new Map(Array.from({ length: 1_600 }, (_, index) => [`f${index}`, 'x']))
  const names = [...many.keys()]
  const origin = createCountingOrigin(many, () => new Promise((resolve) => waiting.push(() => resolve(null))))
  const worker = createWorker({ origin, settings: { filesInFlightMax: 8, commandsInHandMax: 12 } })
  let ended = false
  const commands = Array.from({ length: 16 }, (_, index) => {
    return aCommand({ id: `c${index}`, files: paths(...names.slice(index * 100, index * 100 + 100)) })
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

test('a record that cannot be read is parked untouched with its place and reason, and the others go on', async () => {
  const worker = createWorker({ origin: createCountingOrigin(files) })
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
  const letters = []
  for await (const letter of worker.log.read({ topic: 'dead-letters', partition: 0 }, 0)) letters.push(letter)
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
  const waiting = createWorker({ origin: createCountingOrigin(files), codec: { ...codec, decode }, settings, beat })
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
    throw new ForewarmError('FW_LOG_UNAVAILABLE', 'away', { retriable: true })
  }
  const worker = createWorker({
    origin: createCountingOrigin(files),
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

test('spans and metrics tell the command`s story without naming a path', async () => {
  const worker = createWorker({ origin: createCountingOrigin(files) })
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const observedAt = Date.now() - 5_000
  const headers = new Map([
    ['traceparent', parent],
    ['forewarm.observed-at', String(observedAt)],
  ])
  await worker.handle([aCommand({ files: paths('src/a.ts', 'no-such') })], headers)
  const { spans, measures } = worker.telemetry
  const warm = spans.find(({ name }) => name === 'warm')
  expect(warm).toMatchObject({ options: { kind: 'internal', links: [parent] } })
  expect(warm?.attributes).toMatchObject({ 'forewarm.command.id': 'command-1', 'forewarm.files.warmed': 1 })
  expect(worker.telemetry.total('forewarm.warm.files', { outcome: 'warmed' })).toBe(1)
  expect(worker.telemetry.total('forewarm.warm.files', { outcome: 'missing' })).toBe(1)
  expect(worker.telemetry.total('forewarm.warm.bytes')).toBe(1)
  expect(worker.telemetry.total('forewarm.event_to_warm.duration')).toBeGreaterThanOrEqual(5)
  expect(measures.filter(({ metric }) => metric === 'forewarm.warm.duration')).toHaveLength(1)
  expect(JSON.stringify([spans, measures])).not.toMatch(/src\/a\.ts|no-such/)
})

test('from a real folder, links out of it are denied and every version is the one that git gives', async () => {
  const base = await mkdtemp(join(tmpdir(), 'forewarm-warm-'))
  try {
    await mkdir(join(base, 'root/src'), { recursive: true })
    await writeFile(join(base, 'root/src/a.ts'), 'real')
    await writeFile(join(base, 'secret'), 'SECRET')
    await symlink('../secret', join(base, 'root/link'))
    const version = execFileSync('git', ['hash-object', join(base, 'root/src/a.ts')], { encoding: 'utf8' }).trim()
    const worker = createWorker({ origin: createDirectoryOrigin(join(base, 'root')) })
    expect(await worker.warm(paths('src/a.ts', 'link', 'src', 'gone'))).toEqual([
      'warmed',
      'denied outside',
      'denied kind',
      'missing',
    ])
    const entry = await worker.cache.get(contentKey('src/a.ts', version))
    expect(new TextDecoder().decode(entry?.value)).toBe('real')
  } finally {
    await rm(base, { recursive: true })
  }
})
