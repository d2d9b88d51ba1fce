import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type LayerPlugins, openLayerPlugins, type PluginOptions } from '../../../src/adapters/layer-plugins/plugins.ts'
import type { LayerFile } from '../../../src/ports/layer.ts'

let folder = ''
let opened: LayerPlugins[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forewarm-plugins-'))
})
afterEach(async () => {
  await Promise.all(opened.map((plugins) => plugins.close()))
  opened = []
})
afterAll(() => rm(folder, { recursive: true }))

const plugin = async (name: string, code: string) => {
  const path = join(folder, name)
  await writeFile(path, code)
  return path
}

/** Does to each file what its path says. */
const MOODY = `
let leftBehind = 0
export const layers = [{
  name: 'moody', version: '2', handles: (path) => path !== 'other',
  async produce({ workspace, path, bytes, version, revision }, signal) {
    if (path === 'throws') throw new TypeError('a bug')
    if (path === 'hangs') await new Promise(() => setInterval(() => {}, 1_000))
    if (path === 'obeys') await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('given up'))))
    if (path === 'loops') for (;;) leftBehind += 1
    if (path === 'exits') process.exit(0)
    if (path === 'leaves') setTimeout(() => { throw new Error('later') }, 5)
    if (path === 'hoards') { const all = []; for (;;) all.push(new Array(1_000).fill(path)) }
    if (path === 'text') return 'text'
    if (path === 'none') return null
    if (path === 'pool') return Buffer.from('abc')
    if (path === 'slow') await new Promise((resolve) => setTimeout(resolve, 30))
    return new TextEncoder().encode([workspace, path, new TextDecoder().decode(bytes), version, revision].join())
  },
}]`

async function moody(options: Partial<PluginOptions> = {}) {
  const plugins = await open([await plugin('moody.mjs', MOODY)], options)
  const [layer] = plugins.layers
  if (layer === undefined) throw new Error('no layer')
  const make = async (path: string, signal = new AbortController().signal) => layer.produce(file(path), signal)
  return { layer, make }
}

async function open(paths: readonly string[], options: Partial<PluginOptions> = {}) {
  const plugins = await openLayerPlugins(paths, {
    taken: new Set(['content']),
    produceMs: 500,
    threadsMax: 1,
    ...options,
  })
  opened.push(plugins)
  return plugins
}

const file = (path: string): LayerFile => ({
  ...{ workspace: 'shop', path, version: 'v1', revision: 'r1' },
  bytes: new TextEncoder().encode('bytes'),
})
const text = (value: Uint8Array | null) => new TextDecoder().decode(value ?? undefined)

test('a layer of a module makes its value of the file, in a thread of its own', async () => {
  const { layer, make } = await moody()
  expect([layer.name, layer.version]).toEqual(['moody', '2'])
  expect(text(await make('a.ts'))).toBe('shop,a.ts,bytes,v1,r1')
  expect(await make('none')).toBeNull()
  expect(await make('other')).toBeNull()
  const pooled = await make('pool')
  expect([text(pooled), pooled?.buffer.byteLength]).toEqual(['abc', 3])
})

test.each([
  ['throws', /a bug/],
  ['hangs', /no answer within 700 ms/],
  ['obeys', /given up/],
  ['loops', /no answer within 700 ms/],
  ['exits', /ended its thread/],
  ['text', /gave no bytes/],
])('a plugin that %s fails its file, and makes the next one', async (path, message) => {
  const { make } = await moody()
  await expect(make(path)).rejects.toThrow(message)
  expect(text(await make('next'))).toContain('next')
})

test('a plugin that hoards memory ends its thread, not the process', async () => {
  const { make } = await moody({ heapMegabytesMax: 24, produceMs: 20_000 })
  await expect(make('hoards')).rejects.toThrow(/memory/)
  expect(text(await make('next'))).toContain('next')
})

test('what one file leaves behind ends no other file', async () => {
  const { make } = await moody()
  expect(text(await make('leaves'))).toContain('leaves')
  expect(text(await make('slow'))).toContain('slow')
})

test('time is counted from when a thread takes the file, so who waits behind others does not fail', async () => {
  const { make } = await moody({ produceMs: 200 })
  const values = await Promise.all(Array.from({ length: 12 }, () => make('slow')))
  expect(values.map(text).every((value) => value.includes('slow'))).toBe(true)
})

test('whoever gives up gets the reason at once, waiting or at work, and the others their values', async () => {
  const { make } = await moody()
  const stop = new AbortController()
  const atWork = make('slow', stop.signal)
  const waiting = make('slow', stop.signal)
  const other = make('other-one')
  stop.abort(new Error('stopped'))
  await expect(atWork).rejects.toThrow('stopped')
  await expect(waiting).rejects.toThrow('stopped')
  expect(text(await other)).toContain('other-one')
})

const GOOD = (name: string) => `export const layers = [{ name: '${name}', version: '1', produce: () => null }]`

test.each([
  ['is not there', 'gone.mjs', null, /gone\.mjs cannot be used: Cannot find module/],
  ['does not parse', 'broken.mjs', 'export const = 1', /broken\.mjs cannot be used/],
  ['throws', 'throws.mjs', 'throw new Error("no licence")', /throws\.mjs cannot be used: no licence/],
  ['exports nothing', 'nothing.mjs', 'export default []', /nothing\.mjs cannot be used: it exports no list `layers`/],
  ['has a layer without name', 'name.mjs', 'export const layers = [{ version: "1" }]', /layers\[0\]\.name is no word/],
  ['has no version', 'version.mjs', 'export const layers = [{ name: "x" }]', /version of layer 'x' is no word/],
  ['has no produce', 'produce.mjs', 'export const layers = [{ name: "x", version: "1" }]', /no function produce/],
  ['takes a built-in name', 'content.mjs', GOOD('content'), /layer 'content', which is built in/],
  ['never ends loading', 'endless.mjs', 'await new Promise(() => setInterval(() => {}, 100))', /within 300 ms/],
  ['ends the process', 'exit.mjs', 'process.exit(3)', /cannot be loaded: it ended its thread/],
])('a module that %s is refused with its name and the reason', async (_what, name, code, message) => {
  const path = code === null ? join(folder, name) : await plugin(name, code)
  const opening = open([path], { loadMs: name === 'endless.mjs' ? 300 : 10_000 })
  await expect(opening).rejects.toMatchObject({ code: 'FW_CONFIG_INVALID', message: expect.stringMatching(message) })
})

test('two modules may not name a layer alike', async () => {
  const paths = [await plugin('one.mjs', GOOD('same')), await plugin('two.mjs', GOOD('same'))]
  await expect(open(paths)).rejects.toThrow(/two\.mjs names its layer 'same', which there is already/)
})

test('the module that docs/layers.md shows is one', async () => {
  const page = await readFile('docs/layers.md', 'utf8')
  const [, code = ''] = /```ts\n(export const layers = [\s\S]*?)```/.exec(page) ?? []
  const { layers } = await open([await plugin('shown.ts', code)])
  expect(layers.map(({ name, version }) => [name, version])).toEqual([['line-count', '1']])
  const bytes = new TextEncoder().encode('one\ntwo\n')
  expect(text((await layers[0]?.produce({ ...file('a'), bytes }, AbortSignal.timeout(5_000))) ?? null)).toBe('2')
})
