import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { createManualClock } from '../../src/adapters/memory/clock.ts'
import { createMemoryTelemetry, SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { blobId } from '../../src/adapters/origins/blob-id.ts'
import { createDirectoryOrigin } from '../../src/adapters/origins/directory.ts'
import type { Cache } from '../../src/ports/cache.ts'
import { ForewarmError } from '../../src/ports/errors.ts'
import { CONTENT_LAYER, layersOf } from '../../src/ports/layer.ts'
import type { NewAccess } from '../../src/sdk/access-publisher.ts'
import { createCachedReader } from '../../src/sdk/cached-reader.ts'
import type { SessionName } from '../../src/sdk/session-batches.ts'
import { pointerKey, valueKey } from '../../src/warming/cache-key.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const nameOf = (path: string, version: string) => ({
  workspace: 'shop',
  layer: 'content',
  producerVersion: '1',
  path,
  version,
})

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'forewarm-reader-'))
})
beforeEach(() => writeFile(join(root, 'a.ts'), 'export const a = 1\n'))
afterAll(() => rm(root, { recursive: true }))

function setUp(wrap: (cache: Cache) => Cache = (cache) => cache) {
  const clock = createManualClock(1_760_000_000_000)
  const telemetry = createMemoryTelemetry()
  const memory = createMemoryCache({ clock })
  const published: (SessionName & NewAccess)[] = []
  const ended: string[] = []
  const publisher = {
    record: (session: SessionName, read: NewAccess) => {
      published.push({ ...session, ...read })
    },
    endSession: (session: string) => {
      ended.push(session)
    },
  }
  const cache = wrap(memory)
  const origin = createDirectoryOrigin(root)
  const deps = { cache, publisher, origin, clock, telemetry, logger: SILENT_LOG, sha256Hex, newId: () => 'id1' }
  const reader = createCachedReader(
    { ...deps, layers: async () => layersOf([CONTENT_LAYER]) },
    { workspace: 'shop', fileBytesMax: 1_000 },
  )
  return { reader, cache: memory, clock, telemetry, published, ended }
}

const text = (bytes: Uint8Array | null) => (bytes === null ? null : new TextDecoder().decode(bytes))

describe('the cached reader', () => {
  it('loads what is not there, fills the cache, and hits afterwards', async () => {
    const { reader, published, ended } = setUp()
    const version = blobId(bytesOf('export const a = 1\n'))
    const session = reader.session({ analyzer: 'eslint', revision: 'r1' })
    expect(text(await session.read('a.ts', { version }))).toBe('export const a = 1\n')
    await writeFile(join(root, 'a.ts'), 'changed')
    expect(text(await session.read('a.ts', { version }))).toBe('export const a = 1\n')
    session.end()
    expect(published.map(({ outcome }) => outcome)).toEqual(['miss', 'hit'])
    expect(published[0]).toEqual({
      session: 'id1',
      analyzer: 'eslint',
      revision: 'r1',
      path: 'a.ts',
      timeMs: 1_760_000_000_000,
      layer: 'content',
      version,
      outcome: 'miss',
      warmedBy: null,
    })
    expect(ended).toEqual(['id1'])
  })

  it('tells the first read of a warmed value from the later ones, and links it to the warm', async () => {
    const { reader, cache, published, telemetry } = setUp()
    const version = blobId(bytesOf('warm'))
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
    await cache.put(valueKey(nameOf('w.ts', version), sha256Hex), bytesOf('warm'), {
      kind: 'warm',
      commandId: 'c1',
      traceparent,
    })
    const session = reader.session({ analyzer: 'eslint' })
    expect(text(await session.read('w.ts', { version }))).toBe('warm')
    expect(text(await session.read('w.ts', { version }))).toBe('warm')
    expect(published.map(({ outcome, warmedBy }) => [outcome, warmedBy])).toEqual([
      ['warmHit', 'c1'],
      ['hit', null],
    ])
    expect(telemetry.spans.map(({ name, options }) => [name, options.links])).toEqual([
      ['read', [traceparent]],
      ['read', []],
    ])
  })

  it('finds by the current version what a reader without a version asks for', async () => {
    const { reader, cache, published } = setUp()
    const session = reader.session({ analyzer: 'eslint' })
    const version = blobId(bytesOf('export const a = 1\n'))
    await session.read('a.ts')
    await session.read('a.ts')
    await cache.movePointer(pointerKey('shop', 'a.ts', sha256Hex), version, 1)
    await session.read('a.ts')
    expect(published.map(({ outcome, version: wanted }) => [outcome, wanted])).toEqual([
      ['miss', null],
      ['miss', null],
      ['hit', null],
    ])
  })

  it('says stale when only another version is there', async () => {
    const { reader, cache, published } = setUp()
    const session = reader.session({ analyzer: 'eslint' })
    await session.read('a.ts')
    const current = blobId(bytesOf('export const a = 1\n'))
    await cache.movePointer(pointerKey('shop', 'a.ts', sha256Hex), current, 1)
    await session.read('a.ts', { version: '0'.repeat(40) })
    expect(published.map(({ outcome }) => outcome)).toEqual(['miss', 'stale'])
  })

  it('gives null for a file that the origin does not have, and publishes nothing', async () => {
    const { reader, published } = setUp()
    expect(await reader.session({ analyzer: 'eslint' }).read('none.ts')).toBeNull()
    expect(published).toEqual([])
  })

  it.each([
    ['a path outside', '../a.ts', {}, 'FW_PATH_DENIED'],
    ['a file that is too large', 'large.ts', {}, 'FW_FILE_TOO_LARGE'],
    ['a layer that nobody makes', 'a.ts', { layer: 'soup' }, 'FW_REQUEST_INVALID'],
  ])('rejects %s with its code', async (_name, path, options, code) => {
    await writeFile(join(root, 'large.ts'), 'x'.repeat(1_001))
    const { reader, published } = setUp()
    await expect(reader.session({ analyzer: 'eslint' }).read(path, options)).rejects.toMatchObject({ code })
    expect(published).toEqual([])
  })

  it('reads from the origin while the cache is away, and asks it again only after a rest', async () => {
    let asked = 0
    let isAway = true
    const { reader, published, clock } = setUp((cache) => ({
      ...cache,
      get: (key) => {
        asked += 1
        return isAway ? Promise.reject(new ForewarmError('FW_CACHE_UNAVAILABLE', 'away')) : cache.get(key)
      },
    }))
    const version = blobId(bytesOf('export const a = 1\n'))
    const session = reader.session({ analyzer: 'eslint' })
    for (let time = 0; time < 3; time += 1) {
      expect(text(await session.read('a.ts', { version }))).toBe('export const a = 1\n')
    }
    expect(asked).toBe(1)
    isAway = false
    clock.advance(1_000)
    await session.read('a.ts', { version })
    await session.read('a.ts', { version })
    expect(published.map(({ outcome }) => outcome)).toEqual(['miss', 'miss', 'miss', 'miss', 'hit'])
  })
})
