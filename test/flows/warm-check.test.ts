import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { createManualClock } from '../../src/adapters/memory/clock.ts'
import { createDirectoryOrigin } from '../../src/adapters/origins/directory.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import type { Cache } from '../../src/ports/cache.ts'
import { pointerKey } from '../../src/warming/cache-key.ts'
import { awayError } from '../support/away-error.ts'
import { eventually } from '../support/eventually.ts'
import {
  aFile,
  contentKey,
  createCountingOrigin,
  createWorker,
  filesAt,
  pressureOf,
  threeFiles,
} from '../support/warm-worker.ts'

const check = { mode: 'check' } as const

/** A cache that says which of its operations were used. */
function watched(cache: Cache): { readonly cache: Cache; readonly calls: Map<keyof Cache, number> } {
  const calls = new Map<keyof Cache, number>()
  const proxy = new Proxy(cache, {
    get: (target, name: keyof Cache) => {
      calls.set(name, (calls.get(name) ?? 0) + 1)
      return target[name]
    },
  })
  return { cache: proxy, calls }
}

test('a check of named versions says present or cold with one look at the cache and none at the origin', async () => {
  const origin = createCountingOrigin(threeFiles)
  const { cache, calls } = watched(createMemoryCache({ clock: createSystemClock() }))
  const worker = createWorker({ origin, cache })
  await worker.warm(filesAt('src/a.ts'))
  calls.clear()
  const asked = [
    aFile({ version: 'v-a' }),
    ...filesAt('src/b.ts', 'src/c.ts').map((file) => ({ ...file, version: 'v' })),
  ]
  expect(await worker.warm(asked, check)).toEqual(['present', 'cold', 'cold'])
  const [, outcome] = await worker.outcomes()
  expect(outcome).toMatchObject({ mode: 'check', files: [{ version: 'v-a' }, { version: 'v' }, { version: 'v' }] })
  expect([...calls]).toEqual([['has', 1]])
  expect(origin.reads).toEqual(['src/a.ts'])
})

test('a check of files without a version hashes what the origin holds now, and loads nothing', async () => {
  const root = await mkdtemp(join(tmpdir(), 'forewarm-check-'))
  try {
    for (const [path, text] of [['a', 'one'] as const, ['b', 'two'] as const]) await writeFile(join(root, path), text)
    const { cache, calls } = watched(createMemoryCache({ clock: createSystemClock() }))
    const worker = createWorker({ origin: createDirectoryOrigin(root), cache, settings: { fileBytesMax: 10 } })
    await worker.warm(filesAt('a', 'b'))
    await writeFile(join(root, 'b'), 'changed')
    await writeFile(join(root, 'large'), 'x'.repeat(11))
    calls.clear()
    const asked = filesAt('a', 'b', 'gone', '.git/config', 'large')
    expect(await worker.warm(asked, check)).toEqual(['present', 'cold', 'missing', 'denied git', 'skipped size'])
    expect([...calls.keys()]).toEqual(['has'])
  } finally {
    await rm(root, { recursive: true })
  }
})

test('a check renews nothing: what it found leaves when it would have left', async () => {
  const clock = createManualClock(1_000_000)
  const cache = createMemoryCache({ clock, lifetimes: { readMs: 1_000, unreadMs: 1_000 } })
  const worker = createWorker({ origin: createCountingOrigin(threeFiles), clock, cache })
  const command = { deadlineMs: clock.now() + 60_000 }
  await worker.warm([aFile({ version: 'v-a' })], command)
  clock.advance(900)
  expect(await worker.warm([aFile({ version: 'v-a' })], { ...command, ...check })).toEqual(['present'])
  clock.advance(200)
  expect(await worker.warm([aFile({ version: 'v-a' })], { ...command, ...check })).toEqual(['cold'])
})

test('a check is made under any pressure, and fails with the cache', async () => {
  const cache = createMemoryCache({ clock: createSystemClock() })
  const full: Cache = { ...cache, pressure: async () => pressureOf(1) }
  const origin = createCountingOrigin(threeFiles)
  expect(await createWorker({ origin, cache: full }).warm([aFile(), aFile({ version: 'v-a' })], check)).toEqual([
    'cold',
    'cold',
  ])
  const away: Cache = {
    ...cache,
    has: async () => Promise.reject(awayError('FW_CACHE_UNAVAILABLE')),
  }
  expect(await createWorker({ origin, cache: away }).warm([aFile({ version: 'v-a' })], check)).toEqual(['failed cache'])
})

test('a command has no more files in flight than it may, and leaves the other slots to others', async () => {
  const many = new Map(Array.from({ length: 60 }, (_, index) => [`f${index}`, 'x']))
  const waiting: (() => void)[] = []
  const origin = createCountingOrigin(many, () => new Promise((resolve) => waiting.push(() => resolve(null))))
  const worker = createWorker({ origin, settings: { filesInFlightMax: 8 } })
  const narrow = worker.warm(filesAt(...many.keys()), { id: 'narrow', parallelMax: 2 })
  await eventually(
    () => origin.inFlight,
    (inFlight) => inFlight === 2,
  )
  const wide = worker.warm(filesAt(...many.keys()).slice(20), { id: 'wide' })
  await eventually(
    () => origin.inFlight,
    (inFlight) => inFlight === 8,
  )
  delete origin.answer
  for (const go of waiting) go()
  await Promise.all([narrow, wide])
  expect(origin.inFlightMax).toBe(8)
  origin.inFlightMax = 0
  const slow = createCountingOrigin(many, async () => {
    await createSystemClock().sleep(1)
    return null
  })
  const alone = createWorker({ origin: slow })
  expect(new Set(await alone.warm(filesAt(...many.keys()), { parallelMax: 3 }))).toEqual(new Set(['warmed']))
  expect(slow.inFlightMax).toBe(3)
})

test('a run says refreshed where the cache held the version that the path pointed to before', async () => {
  const origin = createCountingOrigin(threeFiles)
  const worker = createWorker({ origin })
  const former = async (path: string, version: string) =>
    worker.cache.movePointer(pointerKey('shop', path, sha256Hex), version, 1)
  await worker.cache.put(contentKey('src/a.ts', 'v-old'), new Uint8Array(1), { kind: 'fill' })
  await former('src/a.ts', 'v-old')
  await former('src/b.ts', 'v-gone')
  const run = { runId: 'run-1' }
  expect(await worker.warm(filesAt(...threeFiles.keys()), run)).toEqual(['refreshed', 'warmed', 'warmed'])
  expect(await worker.warm([aFile()], run)).toEqual(['present'])
  const [outcome] = await worker.outcomes()
  expect(outcome?.files[0]).toMatchObject({ version: 'v-a', bytes: 1 })
  expect(worker.telemetry.total('forewarm.warm.bytes')).toBe(3)
})

test('what is warmed for a prediction is warmed, whatever was there before', async () => {
  const worker = createWorker({ origin: createCountingOrigin(threeFiles) })
  await worker.cache.put(contentKey('src/a.ts', 'v-old'), new Uint8Array(1), { kind: 'fill' })
  await worker.cache.movePointer(pointerKey('shop', 'src/a.ts', sha256Hex), 'v-old', 1)
  expect(await worker.warm([aFile()])).toEqual(['warmed'])
})
