import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pack } from '../../src/adapters/compression.ts'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { createMemoryNotes } from '../../src/adapters/memory/notes.ts'
import { createDirectoryOrigin } from '../../src/adapters/origins/directory.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import { openLayers } from '../../src/compose/layers.ts'
import { settingsFrom } from '../../src/config/load.ts'
import { valueKey } from '../../src/warming/cache-key.ts'
import { aFile, createWorker } from '../support/warm-worker.ts'

let root = ''
const clock = createSystemClock()
const opened = openLayers({ settings: settingsFrom({}), clock, origins: () => null, notes: createMemoryNotes })
const SOURCES = new Map([
  [
    'a.ts',
    "import type { B } from './b.ts'\nexport function main(b: B) {\n  return import('./c.js')\n}\nconst x = 1\n",
  ],
  ['broken.ts', 'export const a = 1\nfunction (\n'],
  ['notes.md', '# no source\n'],
])
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'forewarm-ast-'))
  for (const [path, text] of SOURCES) await writeFile(join(root, path), text)
})
afterAll(async () => {
  await opened.close()
  await rm(root, { recursive: true })
})

async function warmed(path: string) {
  const layers = await opened.layers()
  const worker = createWorker({ origin: createDirectoryOrigin(root), layers })
  const results = await worker.warm([aFile({ path, layer: 'ast' })])
  const [outcome] = await worker.outcomes()
  const producerVersion = layers.get('ast')?.version ?? ''
  const name = { workspace: 'shop', layer: 'ast', producerVersion, path, version: outcome?.files[0]?.version ?? '' }
  const entry = await worker.cache.get(valueKey(name, sha256Hex))
  return { results, text: new TextDecoder().decode(entry?.value) }
}

test('the ast of a source file has its imports and top-level symbols with lines, as the documented JSON', async () => {
  const { results, text } = await warmed('a.ts')
  expect(results).toEqual(['warmed'])
  expect(JSON.parse(text)).toEqual({
    format: 1,
    language: 'typescript',
    imports: [
      { specifier: './b.ts', kind: 'type', level: 0, names: [] },
      { specifier: './c.js', kind: 'dynamic', level: 0, names: [] },
    ],
    symbols: [
      { name: 'main', kind: 'function', fromLine: 2, toLine: 4, exported: true },
      { name: 'x', kind: 'constant', fromLine: 5, toLine: 5, exported: false },
    ],
    faults: [],
  })
})

test('the ast of a broken file tells its faults', async () => {
  const { results, text } = await warmed('broken.ts')
  expect(results).toEqual(['warmed'])
  expect(JSON.parse(text).faults).toMatchObject([{ line: expect.any(Number), message: expect.any(String) }])
})

test('a file of no known language has no ast', async () => {
  expect((await warmed('notes.md')).results).toEqual(['skipped language'])
})

test('the versions of the parsers are in the version of the layer, and the layer packs where that pays', async () => {
  const layer = (await opened.layers()).get('ast')
  expect(layer?.version).toMatch(/^1 .*typescript:\S+/)
  const symbols = Array.from({ length: 100 }, (_, at) => `export const name${at} = ${at}\n`).join('')
  const file = {
    workspace: 'shop',
    path: 'a.ts',
    bytes: new TextEncoder().encode(symbols),
    version: 'v',
    revision: null,
  }
  const value = layer !== undefined && 'produce' in layer ? await layer.produce(file, AbortSignal.timeout(5_000)) : null
  const packed = await pack(value ?? new Uint8Array())
  expect(packed.compression).toBe('zstd')
  expect(packed.payload.length).toBeLessThan((value?.length ?? 0) / 5)
})
