import { expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { createManualClock } from '../../src/adapters/memory/clock.ts'
import { shortId } from '../../src/model/identity.ts'
import { eventually } from '../support/eventually.ts'
import { inTime } from '../support/in-time.ts'
import {
  aCommand,
  aFile,
  contentKey,
  createCountingOrigin,
  createWorker,
  filesAt,
  threeFiles,
} from '../support/warm-worker.ts'

test('after the deadline nothing is begun and nothing renewed', async () => {
  const origin = createCountingOrigin(threeFiles)
  const worker = createWorker({ origin })
  await worker.warm([aFile({ version: 'v-a' })])
  expect(await worker.warm([aFile({ version: 'v-a' })], { deadlineMs: Date.now() - 1 })).toEqual(['skipped deadline'])
})

test('a deadline that passes ends what is in flight; the files read first are those expected first', async () => {
  const answer = async (path: string) => (path === 'src/a.ts' ? null : new Promise<null>(() => {}))
  const origin = createCountingOrigin(threeFiles, answer)
  const clock = createManualClock(Date.now())
  const worker = createWorker({ origin, clock, settings: { filesInFlightMax: 1 } })
  const late = [
    aFile({ path: 'src/c.ts', expectedAtMs: 3 }),
    aFile({ path: 'src/b.ts', expectedAtMs: 2 }),
    aFile({ path: 'src/a.ts', expectedAtMs: 1 }),
  ]
  expect(await inTime(clock, worker.warm(late, { deadlineMs: clock.now() + 300 }))).toEqual([
    'skipped deadline',
    'skipped deadline',
    'warmed',
  ])
  expect(origin.reads).toEqual(['src/a.ts', 'src/b.ts'])
})

test('a pause ends a command in hand: nothing more is begun, and nothing put, from then on', async () => {
  let isPaused = false
  const origin = createCountingOrigin(threeFiles, async (path) => {
    if (path === 'src/b.ts') isPaused = true
    return null
  })
  const worker = createWorker({ origin, settings: { filesInFlightMax: 1 }, paused: () => isPaused })
  const wanted = filesAt('src/a.ts', 'src/b.ts', 'src/c.ts')
  expect(await worker.warm(wanted)).toEqual(['warmed', 'skipped paused', 'skipped paused'])
  expect(origin.reads).toEqual(['src/a.ts', 'src/b.ts'])
  expect(await worker.cache.stats(shortId('shop', sha256Hex))).toMatchObject({ entries: 1 })
  isPaused = false
  origin.answer = async () => null
  expect(await worker.warm(filesAt('src/b.ts', 'src/c.ts'))).toEqual(['warmed', 'warmed'])
})

test('a file that waits for another worker is not read once warming is paused', async () => {
  let isPaused = false
  const origin = createCountingOrigin(threeFiles)
  const worker = createWorker({ origin, settings: { leasePollMs: 1 }, paused: () => isPaused })
  const key = contentKey('src/a.ts', 'v-a')
  await worker.cache.lease(key, 'another worker', 60_000)
  const warming = worker.warm([aFile({ version: 'v-a' })])
  isPaused = true
  await worker.cache.release(key, 'another worker')
  expect(await warming).toEqual(['skipped paused'])
  expect(origin.reads).toEqual([])
})

test('a worker that stops drops what nothing has overtaken at once, without an outcome: another one carries it out', async () => {
  const origin = createCountingOrigin(threeFiles, () => new Promise<null>(() => {}))
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
  const origin = createCountingOrigin(threeFiles, () => going.promise)
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
