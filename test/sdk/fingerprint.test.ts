import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { createMemoryNotes } from '../../src/adapters/memory/notes.ts'
import { createMemoryTelemetry, SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { blobId } from '../../src/adapters/origins/blob-id.ts'
import { createDirectoryOrigin } from '../../src/adapters/origins/directory.ts'
import { createGitOrigin } from '../../src/adapters/origins/git/origin.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import { openLayers } from '../../src/compose/layers.ts'
import { settingsFrom } from '../../src/config/load.ts'
import type { Origin } from '../../src/ports/origin.ts'
import type { NewAccess } from '../../src/sdk/access-publisher.ts'
import { type CachedSession, createCachedReader } from '../../src/sdk/cached-reader.ts'
import { commitAll, runGit } from '../support/git-repository.ts'
import { aFile, createWorker } from '../support/warm-worker.ts'

/** app -> store -> format; tool -> format; lone. */
const SOURCES = new Map([
  ['src/app.ts', "import { load } from './store.js'\nexport const app = load()\n"],
  ['src/store.ts', "import { format } from './format'\nexport const load = () => format(1)\n"],
  ['src/format.ts', 'export const format = String\n'],
  ['src/tool.ts', "export { format } from './format'\n"],
  ['src/lone.ts', 'export const lone = 1\n'],
  ['tsconfig.json', '{}\n'],
])
const FILES = [...SOURCES.keys()].filter((path) => path.endsWith('.ts'))

const encode = (text = '') => new TextEncoder().encode(text)

let root = ''
const put = async (path: string, text: string) => {
  await mkdir(join(root, dirname(path)), { recursive: true })
  await writeFile(join(root, path), text)
}
const closers: (() => Promise<void>)[] = []
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'forewarm-fingerprint-'))
  for (const [path, text] of SOURCES) await put(path, text)
})
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
  await rm(root, { recursive: true })
})

/** A worker with all its layers and an analyzer's reader, on one cache and one folder. */
async function setUp(origin: Origin = createDirectoryOrigin(root)) {
  const system = createSystemClock()
  let aheadMs = 0
  const clock = { ...system, now: () => system.now() + aheadMs }
  const advance = (ms: number) => {
    aheadMs += ms
  }
  const cache = createMemoryCache({ clock })
  const parts = { settings: settingsFrom({}), clock, origins: () => origin, notes: createMemoryNotes }
  const { layers, close } = openLayers(parts)
  closers.push(close)
  const worker = createWorker({ origin, cache, clock, layers: await layers() })
  const published: NewAccess[] = []
  const publisher = { record: (_: unknown, read: NewAccess) => void published.push(read), endSession: () => {} }
  const reader = createCachedReader(
    {
      ...{ cache, publisher, clock, layers, sha256Hex },
      ...{ origin: createDirectoryOrigin(root), telemetry: createMemoryTelemetry(), logger: SILENT_LOG },
      newId: () => 'id',
    },
    { workspace: 'shop' },
  )
  const warm = (paths: readonly string[] = FILES) =>
    worker.warm(paths.map((path) => aFile({ path, layer: 'incremental' })))
  return { worker, warm, published, advance, session: () => reader.session({ analyzer: 'own' }) }
}

/** An analyzer that keeps its results under fingerprints, as docs/layers.md tells it to. Returns what it analysed. */
async function analyse(session: CachedSession, results: Map<string, string>): Promise<readonly string[]> {
  const analysed: string[] = []
  for (const path of FILES) {
    const print = await session.fingerprint(path)
    if (print?.verified === true && results.get(path) === print.digest) continue
    analysed.push(path)
    if (print?.verified === true) results.set(path, print.digest)
    else results.delete(path)
  }
  return analysed
}

const digests = async (session: CachedSession) =>
  new Map(await Promise.all(FILES.map(async (path) => [path, (await session.fingerprint(path))?.digest] as const)))

describe('an analyzer with fingerprints', () => {
  it('analyses everything once, and then exactly what changed: a file and all that import it, however far away', async () => {
    const { warm, session } = await setUp()
    const results = new Map<string, string>()
    expect(await warm()).toEqual(FILES.map(() => 'warmed'))
    expect(await analyse(session(), results)).toEqual(FILES)
    expect(await analyse(session(), results)).toEqual([])

    await put('src/format.ts', 'export const format = JSON.stringify\n')
    const touched = ['src/app.ts', 'src/store.ts', 'src/format.ts', 'src/tool.ts']
    expect(await warm()).toEqual(FILES.map((path) => (touched.includes(path) ? 'warmed' : 'present')))
    expect(await analyse(session(), results)).toEqual(touched)
    expect(await analyse(session(), results)).toEqual([])
  })

  it('never uses a fingerprint that workers have not brought up to date, and uses the others', async () => {
    const { warm, session } = await setUp()
    const results = new Map<string, string>()
    await warm()
    await analyse(session(), results)
    await put('src/store.ts', 'export const load = () => 2\n')
    expect(await analyse(session(), results)).toEqual(['src/app.ts', 'src/store.ts'])
    await put('src/store.ts', SOURCES.get('src/store.ts') ?? '')
    expect(await analyse(session(), results)).toEqual(['src/app.ts', 'src/store.ts'])
    expect(await analyse(session(), results)).toEqual([])
  })

  it('verifies nothing while a new file may lead imports elsewhere; after a warm only what it led there is new', async () => {
    const { warm, session } = await setUp()
    const results = new Map<string, string>()
    await warm()
    await analyse(session(), results)
    const before = await digests(session())
    await put('src/format.d.ts', 'export declare const format: unknown\n')
    await put('src/format/index.ts', 'export {}\n')
    expect(await analyse(session(), new Map(results))).toEqual(FILES)
    await warm()
    expect(await digests(session())).toEqual(before)
    expect(await analyse(session(), results)).toEqual([])
  })

  it('follows imports that a configuration file leads to another file', async () => {
    const { warm, session } = await setUp()
    await put('src/alias.ts', "import '@lib/format'\n")
    await put('lib/format.ts', 'export {}\n')
    await put('tsconfig.json', '{ "compilerOptions": { "paths": { "@lib/*": ["./src/*"] } } }\n')
    expect(await warm(['src/alias.ts'])).toEqual(['warmed'])
    const first = await session().fingerprint('src/alias.ts')
    await put('tsconfig.json', '{ "compilerOptions": { "paths": { "@lib/*": ["./lib/*"] } } }\n')
    expect(await session().fingerprint('src/alias.ts')).toMatchObject({ digest: first?.digest, verified: false })
    await warm(['src/alias.ts'])
    const second = await session().fingerprint('src/alias.ts')
    expect(second).toMatchObject({ version: first?.version, verified: true })
    expect(second?.digest).not.toBe(first?.digest)
  })

  it('counts a verified fingerprint as a read of the file, and nothing else', async () => {
    const { warm, session, published } = await setUp()
    expect(await session().fingerprint('src/app.ts')).toBeNull()
    expect(await session().fingerprint('README.md')).toBeNull()
    await warm(['src/app.ts', 'src/lone.ts'])
    await put('src/lone.ts', 'export const lone = 2\n')
    const run = session()
    for (const path of ['src/app.ts', 'src/app.ts', 'src/lone.ts']) await run.fingerprint(path)
    expect(published.map(({ path, layer, outcome }) => [path, layer, outcome])).toEqual([
      ['src/app.ts', 'incremental', 'warmHit'],
      ['src/app.ts', 'incremental', 'hit'],
    ])
  })

  it('is told that workers alone make the layer when it asks for its value', async () => {
    const { session } = await setUp()
    await expect(session().read('src/app.ts', { layer: 'incremental' })).rejects.toMatchObject({
      code: 'FW_REQUEST_INVALID',
    })
  })
})

describe('a commit', () => {
  it('has fingerprints of its own, which need no look at any file', async () => {
    runGit(root, 'init', '--quiet', '--initial-branch=main')
    const first = commitAll(root)
    const origin = createGitOrigin({
      ...{ repository: root, revision: 'main' },
      ...{ searchPath: process.env['PATH'], timeoutMs: 5_000 },
    })
    closers.push(() => origin.close())
    const { worker, warm, session } = await setUp(origin)
    const files = FILES.map((path) => aFile({ path, layer: 'incremental' }))
    await worker.warm(files, { revision: first })
    expect(await session().fingerprint('src/app.ts')).toBeNull()
    const ofFirst = await session().fingerprint('src/app.ts', { revision: first })
    expect(ofFirst).toMatchObject({ version: blobId(encode(SOURCES.get('src/app.ts'))), verified: true })

    await put('src/format.ts', 'export const format = 2\n')
    const second = commitAll(root)
    await warm()
    const latest = await session().fingerprint('src/app.ts')
    expect(latest).toMatchObject({ version: ofFirst?.version, verified: true })
    expect(await session().fingerprint('src/app.ts', { revision: second })).toEqual(latest)
    expect(latest?.digest).not.toBe(ofFirst?.digest)
    expect(await session().fingerprint('src/app.ts', { revision: first })).toEqual(ofFirst)
    expect(await session().fingerprint('src/app.ts', { revision: 'main' })).toBeNull()
  })
})

describe('a worker', () => {
  it('checks fingerprints against the imports as they are now', async () => {
    const { worker, warm } = await setUp()
    await warm()
    await put('src/store.ts', 'export const load = () => 3\n')
    const files = FILES.map((path) => aFile({ path, layer: 'incremental' }))
    expect(await worker.warm(files, { mode: 'check' })).toEqual(['cold', 'cold', 'present', 'present', 'present'])
    const [, checked] = await worker.outcomes()
    const named = checked?.files.map(({ path, version }) => aFile({ path, layer: 'incremental', version })) ?? []
    expect(await worker.warm(named, { mode: 'check' })).toEqual(['cold', 'cold', 'present', 'present', 'present'])
    expect(await worker.warm(named)).toEqual(['warmed', 'warmed', 'present', 'present', 'present'])
  })

  it('makes no fingerprint of what is missing, of no language, in another version, or imports what it cannot read', async () => {
    const { worker } = await setUp()
    await put('src/vast.ts', `export const vast = '${'x'.repeat(3 << 20)}'\n`)
    await put('src/uses-vast.ts', "import './vast'\n")
    const paths = ['src/gone.ts', 'README.md', 'src/vast.ts', 'src/uses-vast.ts']
    const files = [...paths.map((path) => aFile({ path, layer: 'incremental' }))]
    const former = aFile({ path: 'src/lone.ts', layer: 'incremental', version: '0'.repeat(40) })
    expect(await worker.warm([...files, former])).toEqual([
      'missing',
      'skipped language',
      'skipped closure',
      'skipped closure',
      'missing version',
    ])
  })

  it('says refreshed for a run where an earlier fingerprint is there', async () => {
    const { worker, warm, advance } = await setUp()
    await warm()
    await put('src/format.ts', 'export const format = 1\n')
    advance(5_000)
    const files = ['src/tool.ts', 'src/lone.ts'].map((path) => aFile({ path, layer: 'incremental' }))
    expect(await worker.warm(files, { runId: 'run' })).toEqual(['refreshed', 'present'])
  })

  it('looks at the imports once for the commands of a run that follow fast, and anew for each prediction', async () => {
    const directory = createDirectoryOrigin(root)
    let listings = 0
    const origin: Origin = {
      ...directory,
      at: () => origin,
      list: (signal) => {
        listings += 1
        return directory.list(signal)
      },
    }
    const { worker, warm } = await setUp(origin)
    const files = FILES.map((path) => aFile({ path, layer: 'incremental' }))
    for (let time = 0; time < 3; time += 1) await worker.warm(files, { runId: 'run' })
    expect(listings).toBe(1)
    await createSystemClock().sleep(2)
    await warm()
    expect(listings).toBe(2)
  })
})
