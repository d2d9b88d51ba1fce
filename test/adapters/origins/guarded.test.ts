import { beforeEach, expect, test } from 'vitest'
import { createMemoryTelemetry, type MemoryTelemetry } from '../../../src/adapters/memory/telemetry.ts'
import type { GuardOptions } from '../../../src/adapters/origins/guard.ts'
import { guardOrigin } from '../../../src/adapters/origins/guarded.ts'
import { ForewarmError } from '../../../src/ports/errors.ts'
import type { Origin } from '../../../src/ports/origin.ts'
import { awayError } from '../../support/away-error.ts'
import { eventually } from '../../support/eventually.ts'
import {
  aCommand,
  type CountingOrigin,
  createCountingOrigin,
  createWorker,
  filesAt,
} from '../../support/warm-worker.ts'

const { signal } = new AbortController()
const limits = { bytesMax: 100, signal }
const files = new Map(Array.from({ length: 40 }, (_, at) => [`f${at}`, `content ${at}`]))
const away = (): Promise<never> => Promise.reject(awayError('FW_ORIGIN_UNAVAILABLE'))
const hanging = () => new Promise<never>(() => {})

let telemetry: MemoryTelemetry
let inner: CountingOrigin

beforeEach(() => {
  telemetry = createMemoryTelemetry()
  inner = createCountingOrigin(files)
})

const guard = (options: Partial<GuardOptions> = {}, origin: Origin = inner): Origin =>
  guardOrigin(origin, {
    workspace: 'shop',
    concurrency: 4,
    timeoutMs: 5_000,
    retryShare: 0.1,
    failureShare: 0.5,
    restMs: 100,
    telemetry,
    ...options,
  })

const breakerStates = (): readonly number[] =>
  telemetry.measures.filter(({ metric }) => metric === 'forewarm.origin.breaker').map(({ value }) => value)

const failures = async (origin: Origin, count: number): Promise<readonly ForewarmError[]> => {
  const errors: ForewarmError[] = []
  for (let at = 0; at < count; at += 1) await origin.read('f0', limits).catch((error) => errors.push(error))
  return errors
}

test('a well origin is read as it is, and each request is counted', async () => {
  const origin = guard()
  expect(await origin.read('f0', limits)).toMatchObject({ outcome: 'read' })
  expect(await origin.read('none', limits)).toEqual({ outcome: 'missing' })
  expect(await origin.version('f0', signal)).toBeNull()
  const listed: string[] = []
  for await (const { path } of origin.list(signal)) listed.push(path)
  expect(listed).toEqual([...files.keys()])
  const requests = (attributes: object) =>
    telemetry.total('forewarm.origin.requests', { workspace: 'shop', ...attributes })
  expect(requests({ operation: 'read', outcome: 'read' })).toBe(1)
  expect(requests({ operation: 'read', outcome: 'missing' })).toBe(1)
  expect(requests({ operation: 'list' })).toBe(1)
  expect(breakerStates()).toEqual([0])
})

test('no more requests are in flight than there are places, also when nobody waits for them any more', async () => {
  inner.answer = hanging
  const origin = guard({ timeoutMs: 50, failureShare: 0.95 })
  const ended = await Promise.allSettled([...files.keys()].map((path) => origin.read(path, limits)))
  for (const end of ended) expect(end).toMatchObject({ status: 'rejected', reason: { code: 'FW_ORIGIN_UNAVAILABLE' } })
  expect(inner.inFlightMax).toBe(4)
  expect(inner.inFlight).toBe(4)
})

test('a request without answer fails in time, whether the origin obeys its signal or not', async () => {
  inner.answer = hanging
  await expect(guard({ timeoutMs: 50 }).read('f0', limits)).rejects.toThrow(/no answer within 50 ms/)
  inner.answer = (_, signal) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  await expect(guard({ timeoutMs: 50 }).read('f0', limits)).rejects.toMatchObject({ code: 'FW_ORIGIN_UNAVAILABLE' })
})

test('an origin that fails is left alone, probed after a while, and used again once it is well', async () => {
  inner.answer = away
  const origin = guard()
  expect((await failures(origin, 4)).every(({ retriable }) => retriable)).toBe(true)
  const asked = inner.reads.length
  const [refused] = await failures(origin, 1)
  expect(refused).toMatchObject({ code: 'FW_ORIGIN_UNAVAILABLE', retriable: false })
  expect(refused?.message).toContain('left alone')
  expect(inner.reads).toHaveLength(asked)
  delete inner.answer
  await eventually(
    () => origin.read('f0', limits),
    ({ outcome }) => outcome === 'read',
  )
  expect(breakerStates()).toEqual([0, 2, 1, 0])
  expect(telemetry.total('forewarm.origin.requests', { outcome: 'refused' })).toBeGreaterThan(0)
})

test('while one request probes, the others are refused at once', async () => {
  inner.answer = away
  const origin = guard({ restMs: 100 })
  await failures(origin, 5)
  inner.answer = hanging
  const asked = inner.reads.length
  await eventually(
    () => {
      origin.read('f1', limits).catch(() => {})
      return inner.reads.length
    },
    (reads) => reads === asked + 1,
  )
  const [refused] = await failures(origin, 1)
  expect(refused?.message).toContain('left alone')
  expect(inner.reads).toHaveLength(asked + 1)
})

test('the rests grow while an origin stays away', async () => {
  inner.answer = away
  const origin = guard({ restMs: 50 })
  await failures(origin, 5)
  const probes: number[] = []
  const startedMs = performance.now()
  const asked = inner.reads.length
  await eventually(
    async () => {
      const before = inner.reads.length
      await failures(origin, 1)
      if (inner.reads.length > before) probes.push(performance.now() - startedMs)
      return inner.reads.length - asked
    },
    (count) => count === 4,
    { everyMs: 2 },
  )
  const [first = 0, second = 0, third = 0, fourth = 0] = probes
  expect(second - first).toBeGreaterThan(80)
  expect(third - second).toBeGreaterThan(160)
  expect(fourth - third).toBeGreaterThan(320)
})

test('what an origin is sure of opens no breaker, nor does a caller that goes away', async () => {
  inner.answer = async () => ({ outcome: 'denied', detail: 'outside' })
  const origin = guard()
  for (let at = 0; at < 20; at += 1) await origin.read('f0', limits)
  inner.answer = hanging
  for (let at = 0; at < 3; at += 1) {
    const given = new AbortController()
    const read = origin.read('f0', { bytesMax: 100, signal: given.signal })
    given.abort(new Error('given up'))
    await expect(read).rejects.toThrow('given up')
  }
  await expect(
    guard(
      {},
      { ...inner, changedSince: () => Promise.reject(new ForewarmError('FW_ORIGIN_NO_HISTORY', 'none')) },
    ).changedSince('x', signal),
  ).rejects.toMatchObject({ code: 'FW_ORIGIN_NO_HISTORY' })
  expect(breakerStates().filter((state) => state !== 0)).toEqual([])
})

test('retries are a share of the requests: beyond it a failure is not to be tried again', async () => {
  inner.answer = away
  // One more succeeds than fails, so the breaker stays closed.
  let at = 0
  inner.answer = async () => {
    at += 1
    return at % 2 === 1 ? null : away()
  }
  const origin = guard({ retryShare: 0.1 })
  const errors = await failures(origin, 400)
  expect(errors).toHaveLength(200)
  const retriable = errors.filter((error) => error.retriable).length
  // Ten are in store, and 400 requests earn forty.
  expect(retriable).toBeGreaterThanOrEqual(45)
  expect(retriable).toBeLessThanOrEqual(50)
})

test('other revisions share the guard; an origin without any stays itself', async () => {
  const origin = guard()
  expect(origin.at('main')).toBe(origin)
  const other = createCountingOrigin(files, away)
  const revised = guard({}, { ...inner, at: () => other })
  await failures(revised.at('main'), 5)
  const [refused] = await failures(revised, 1)
  expect(refused?.message).toContain('left alone')
})

test('a listing that stops in the middle rejects with the signal, and one of an open origin is refused', async () => {
  const stuck: Origin = {
    ...inner,
    async *list() {
      yield { path: 'f0', version: null, signature: null, bytes: null }
      await hanging()
    },
  }
  const given = new AbortController()
  const origin = guard({}, stuck)
  const listing = async () => {
    for await (const { path } of origin.list(given.signal)) {
      expect(path).toBe('f0')
      setTimeout(() => given.abort(new Error('given up')), 10)
    }
  }
  await expect(listing()).rejects.toThrow('given up')
  inner.answer = away
  const sick = guard({ restMs: 60_000 })
  await failures(sick, 5)
  const refused = async () => {
    for await (const _ of sick.list(signal)) expect.unreachable()
  }
  await expect(refused()).rejects.toMatchObject({ code: 'FW_ORIGIN_UNAVAILABLE', retriable: true })
})

/** A worker with one workspace whose origin hangs, and one that is well; eight files in flight, four of each. */
function twoWorkspaces() {
  const sick = createCountingOrigin(files, hanging)
  const well = createCountingOrigin(files)
  const origins = new Map([
    ['sick', guard({ workspace: 'sick', timeoutMs: 1_000, restMs: 60_000 }, sick)],
    ['well', guard({ workspace: 'well' }, well)],
  ])
  const worker = createWorker({
    origin: well,
    telemetry,
    origins: (workspace) => origins.get(workspace) ?? null,
    settings: {
      filesInFlightMax: 8,
      originFilesInFlightMax: new Map([['sick', 4], ['well', 4]]), // biome-ignore format: one line
      attemptMs: 5_000,
    },
  })
  const command = (workspace: string) => aCommand({ id: `${workspace}-1`, workspace, files: filesAt(...files.keys()) })
  return { sick, well, worker, command }
}

test('an origin that hangs does not hold up another one in the same worker', async () => {
  const { sick, worker, command } = twoWorkspaces()
  const hung = worker.handle([command('sick')])
  await eventually(
    () => sick.reads.length,
    (reads) => reads === 4,
  )
  await worker.handle([command('well')])
  const [well] = await worker.outcomes()
  expect(well?.workspace).toBe('well')
  expect(well?.files.map(({ outcome }) => outcome)).toEqual(Array.from(files, () => 'warmed'))
  await hung
})

test('a batch of both takes as long as it takes to see that one hangs; the next one does not ask it', async () => {
  const { sick, worker, command } = twoWorkspaces()
  const startedMs = performance.now()
  await worker.handle([command('sick'), command('well')])
  expect(performance.now() - startedMs).toBeGreaterThan(990)
  const outcomes = await worker.outcomes()
  const endings = (workspace: string) =>
    new Set(outcomes.find((one) => one.workspace === workspace)?.files.map((file) => `${file.outcome} ${file.detail}`))
  expect(endings('sick')).toEqual(new Set(['failed origin']))
  expect(endings('well')).toEqual(new Set(['warmed ']))
  const asked = sick.reads.length
  await worker.handle([command('sick'), command('well')])
  expect(sick.reads).toHaveLength(asked)
})
