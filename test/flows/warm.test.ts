import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { createManualClock } from '../../src/adapters/memory/clock.ts'
import { createDirectoryOrigin } from '../../src/adapters/origins/directory.ts'
import { inControlGroup, shortId } from '../../src/model/identity.ts'
import { eventually } from '../support/eventually.ts'
import {
  aCommand,
  aFile,
  contentKey,
  createCountingOrigin,
  createWorker,
  filesAt,
  threeFiles,
} from '../support/warm-worker.ts'

test('a warmed file can be read from the cache, and says which command and trace brought it', async () => {
  const origin = createCountingOrigin(threeFiles)
  const worker = createWorker({ origin })
  expect(await worker.warm(filesAt('src/a.ts'))).toEqual(['warmed'])
  const entry = await worker.cache.get(contentKey('src/a.ts', 'v-a'))
  const span = worker.telemetry.spans.find(({ name }) => name === 'warm')
  expect(new TextDecoder().decode(entry?.value)).toBe('a')
  expect(entry).toMatchObject({
    firstRead: true,
    source: { kind: 'warm', commandId: 'command-1', traceparent: span?.traceparent },
  })
})

test('an outcome says for every file in the order of the command what the command said of it', async () => {
  const worker = createWorker({ origin: createCountingOrigin(threeFiles) })
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
  const origin = createCountingOrigin(threeFiles)
  const worker = createWorker({ origin })
  await worker.warm([aFile({ version: 'v-a' })])
  expect(await worker.warm([aFile({ version: 'v-a' })])).toEqual(['present'])
  expect(origin.reads).toHaveLength(1)
  expect(await worker.cache.get(contentKey('src/a.ts', 'v-a'))).toMatchObject({ firstRead: true })
})

test('a file without a wanted version is not read again when the origin knows that its version is there', async () => {
  const origin = createCountingOrigin(threeFiles)
  const worker = createWorker({ origin })
  await worker.warm([aFile()])
  expect(await worker.warm([aFile()])).toEqual(['present'])
  origin.version = async () => 'v-a'
  expect(await worker.warm([aFile()])).toEqual(['present'])
  expect(origin.reads).toHaveLength(2)
})

test('an origin is asked once for the version of a file that is not in the cache, and again after another command read it', async () => {
  const origin = createCountingOrigin(threeFiles, async () => {
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
  const origin = createCountingOrigin(threeFiles)
  const worker = createWorker({ origin, clock, cache })
  const command = { deadlineMs: clock.now() + 60_000 }
  await worker.warm([aFile({ version: 'v-a' })], command)
  clock.advance(900)
  expect(await worker.warm([aFile({ version: 'v-a' })], command)).toEqual(['present'])
  clock.advance(900)
  expect(await cache.has([contentKey('src/a.ts', 'v-a')])).toEqual([true])
})

test('another version than the wanted one is warmed under no name at all', async () => {
  const worker = createWorker({ origin: createCountingOrigin(threeFiles) })
  expect(await worker.warm([aFile({ version: 'v-old' })])).toEqual(['missing version'])
  expect(await worker.cache.stats(shortId('shop', sha256Hex))).toMatchObject({ entries: 0 })
})

test('files of the control group are answered and never touched, even past the deadline', async () => {
  const origin = createCountingOrigin(threeFiles)
  const worker = createWorker({ origin })
  expect(inControlGroup('0'.repeat(16))).toBe(true)
  expect(await worker.warm([aFile({ control: true })], { deadlineMs: Date.now() - 1 })).toEqual(['control'])
  expect(origin.reads).toEqual([])
})

test('what never can be warmed is denied or skipped without a look at origin or cache', async () => {
  const origin = createCountingOrigin(threeFiles)
  const worker = createWorker({ origin })
  expect(await worker.warm([aFile({ path: '.git/config' }), aFile({ layer: 'ast' })])).toEqual([
    'denied git',
    'skipped layer',
  ])
  expect(await worker.warm(filesAt('src/a.ts', 'src/b.ts'), { workspace: 'other' })).toEqual([
    'skipped workspace',
    'skipped workspace',
  ])
  expect(origin.reads).toEqual([])
})

test('spans and metrics tell the command`s story without naming a path', async () => {
  const worker = createWorker({ origin: createCountingOrigin(threeFiles) })
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const observedAt = Date.now() - 5_000
  const headers = new Map([
    ['traceparent', parent],
    ['forewarm.observed-at', String(observedAt)],
  ])
  await worker.handle([aCommand({ files: filesAt('src/a.ts', 'no-such') })], headers)
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
    expect(await worker.warm(filesAt('src/a.ts', 'link', 'src', 'gone'))).toEqual([
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
