import { expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { CONTENT_LAYER, type LayerFile, type LayerProducer, layersOf } from '../../src/ports/layer.ts'
import { valueKey } from '../../src/warming/cache-key.ts'
import { aFile, createCountingOrigin, createWorker } from '../support/warm-worker.ts'

const files = new Map(['good', 'throws', 'rejects', 'hangs', 'text', 'none', 'large'].map((name) => [name, name]))
const encode = (text: string) => new TextEncoder().encode(text)

/** Does to each file what its name says. */
const moody: LayerProducer = {
  name: 'moody',
  version: '3',
  handles: (path) => path !== 'other',
  produce: ({ path, version, workspace, revision }: LayerFile, signal) => {
    if (path === 'throws') throw new TypeError('a bug')
    if (path === 'rejects') return Promise.reject(new Error('no'))
    if (path === 'hangs')
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    if (path === 'text') return 'no bytes' as unknown as Uint8Array
    if (path === 'large') return new Uint8Array(101)
    return path === 'none' ? null : encode([workspace, path, version, revision].join())
  },
}
const layers = layersOf([CONTENT_LAYER, moody])
const all = (...names: string[]) => names.map((path) => aFile({ path, layer: 'moody' }))

test('a layer gets the file with its version and revision, and its value is found under the version of the layer', async () => {
  const worker = createWorker({ origin: createCountingOrigin(files), layers })
  expect(await worker.warm(all('good'), { revision: 'r1' })).toEqual(['warmed'])
  const name = { workspace: 'shop', layer: 'moody', path: 'good', version: 'v-good' }
  const entry = await worker.cache.get(valueKey({ ...name, producerVersion: '3' }, sha256Hex))
  expect(new TextDecoder().decode(entry?.value)).toBe('shop,good,v-good,r1')
  expect(await worker.cache.get(valueKey({ ...name, producerVersion: '2' }, sha256Hex))).toBeNull()
})

test('a producer that throws, rejects, hangs or gives no bytes fails its file alone', async () => {
  const worker = createWorker({
    origin: createCountingOrigin(files),
    layers,
    settings: { produceMs: 50, fileBytesMax: 100 },
  })
  expect(await worker.warm([...all('throws', 'rejects', 'hangs', 'text', 'large', 'good'), aFile()])).toEqual([
    ...['failed layer', 'failed layer', 'failed layer', 'failed layer', 'skipped size', 'warmed'],
    'missing',
  ])
})

test('a file of which the layer has no value is skipped; by its path alone without a look at the origin', async () => {
  const origin = createCountingOrigin(files)
  const worker = createWorker({ origin, layers })
  expect(await worker.warm(all('none', 'other'))).toEqual(['skipped language', 'skipped language'])
  expect(await worker.warm(all('other'), { mode: 'check' })).toEqual(['skipped language'])
  expect(origin.reads).toEqual(['none'])
})
