import { execFileSync } from 'node:child_process'
import { chmod, link, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createDirectoryOrigin } from '../../../src/adapters/origins/directory.ts'
import type { Origin, OriginRead } from '../../../src/ports/origin.ts'
import { eventually } from '../../support/eventually.ts'

let base: string
let root: string
const limits = { bytesMax: 1_000, signal: new AbortController().signal }
let origin: Origin
const read = (path: string): Promise<OriginRead> => origin.read(path, limits)

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'forewarm-origin-'))
  root = join(base, 'root')
  origin = createDirectoryOrigin(root)
  await mkdir(join(root, 'src'), { recursive: true })
  await mkdir(join(base, 'root-beside'))
  await writeFile(join(root, 'src/a.ts'), 'export const a = 1\n')
  await writeFile(join(base, 'secret'), 'SECRET')
  await writeFile(join(base, 'root-beside/secret'), 'SECRET')
})

afterEach(() => rm(base, { recursive: true, force: true }))

test('a file is read with the version that git gives it', async () => {
  const byGit = execFileSync('git', ['hash-object', join(root, 'src/a.ts')], { encoding: 'utf8' }).trim()
  expect(await read('src/a.ts')).toEqual({
    outcome: 'read',
    file: { bytes: new Uint8Array(await readFile(join(root, 'src/a.ts'))), version: byGit },
  })
})

test('an empty file and one of exactly the limit are read; one byte more is too large', async () => {
  await writeFile(join(root, 'empty'), '')
  await writeFile(join(root, 'limit'), Buffer.alloc(1_000))
  await writeFile(join(root, 'over'), Buffer.alloc(1_001))
  expect(await read('empty')).toMatchObject({ file: { version: 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391' } })
  expect((await read('limit')).outcome).toBe('read')
  expect(await read('over')).toEqual({ outcome: 'tooLarge', bytes: 1_001 })
})

test.each([
  ['../secret', 'path'],
  ['src/../../secret', 'path'],
  ['./src/a.ts', 'path'],
  ['src//a.ts', 'path'],
  ['/etc/passwd', 'path'],
  ['src/a.ts\0.png', 'path'],
  ['', 'path'],
  ['.git/config', 'git'],
  ['src/.GIT/config', 'git'],
  ['.forewarm/forewarm.sqlite', 'own'],
])('the path %j is denied by its text: %s', async (path, detail) => {
  expect(await read(path)).toEqual({ outcome: 'denied', detail })
})

test('links that stay inside are served, links that leave are denied, wherever in the path they stand', async () => {
  await mkdir(join(root, '.git'))
  await writeFile(join(root, '.git/config'), 'SECRET')
  await symlink('src/a.ts', join(root, 'inside'))
  await symlink('src', join(root, 'folder-inside'))
  await symlink('../secret', join(root, 'outside'))
  await symlink(base, join(root, 'folder-outside'))
  await symlink('../root-beside', join(root, 'beside'))
  await symlink('.git/config', join(root, 'config'))
  await symlink('.git', join(root, 'repository'))
  await symlink('loop', join(root, 'loop'))
  await symlink('nowhere', join(root, 'dangling'))
  expect((await read('inside')).outcome).toBe('read')
  expect((await read('folder-inside/a.ts')).outcome).toBe('read')
  expect(await read('outside')).toMatchObject({ outcome: 'denied', detail: 'outside' })
  expect(await read('folder-outside/secret')).toMatchObject({ outcome: 'denied', detail: 'outside' })
  expect(await read('beside/secret')).toMatchObject({ outcome: 'denied', detail: 'outside' })
  expect(await read('config')).toMatchObject({ outcome: 'denied', detail: 'outside' })
  expect(await read('repository/config')).toMatchObject({ outcome: 'denied', detail: 'outside' })
  expect(await read('loop')).toMatchObject({ outcome: 'denied', detail: 'link' })
  expect((await read('dangling')).outcome).toBe('missing')
})

test('a root that is itself a link serves its files', async () => {
  await symlink(root, join(base, 'current'))
  expect((await createDirectoryOrigin(join(base, 'current')).read('src/a.ts', limits)).outcome).toBe('read')
})

test('hard links are files like others', async () => {
  await link(join(root, 'src/a.ts'), join(root, 'hard'))
  expect((await read('hard')).outcome).toBe('read')
})

test('folders, pipes and sockets are denied without waiting for them', async () => {
  execFileSync('mkfifo', [join(root, 'pipe')])
  const server = createServer().listen(join(root, 'socket'))
  await new Promise((resolve) => server.once('listening', resolve))
  for (const path of ['src', 'pipe', 'socket'])
    expect(await read(path)).toMatchObject({ outcome: 'denied', detail: 'kind' })
  await new Promise((resolve) => server.close(resolve))
})

test('what is not there is missing, and a file is no folder', async () => {
  expect(await read('src/b.ts')).toEqual({ outcome: 'missing' })
  expect(await read('src/a.ts/b')).toEqual({ outcome: 'missing' })
  expect(await read(`src/${'x'.repeat(300)}`)).toEqual({ outcome: 'missing' })
})

test('a root that is away is an error to try again, not a missing file', async () => {
  await rm(root, { recursive: true })
  await expect(read('src/a.ts')).rejects.toMatchObject({ code: 'FW_ORIGIN_UNAVAILABLE', retriable: true })
})

test('an aborted read rejects with the reason of the abort', async () => {
  const aborted = AbortSignal.abort(new Error('stopped'))
  await expect(createDirectoryOrigin(root).read('src/a.ts', { bytesMax: 10, signal: aborted })).rejects.toThrow(
    'stopped',
  )
})

test.skipIf(process.getuid?.() === 0)('a file that this user may not read is denied', async () => {
  await chmod(join(root, 'src/a.ts'), 0)
  expect(await read('src/a.ts')).toMatchObject({ outcome: 'denied', detail: 'permission' })
})

test('the listing names every regular file once, follows no link and leaves version control out', async () => {
  await mkdir(join(root, '.git'))
  await writeFile(join(root, '.git/config'), '')
  await mkdir(join(root, 'src/deep/.git'), { recursive: true })
  await writeFile(join(root, 'src/deep/.git/HEAD'), '')
  await writeFile(join(root, 'src/deep/b.ts'), '')
  await symlink(base, join(root, 'away'))
  await symlink('src', join(root, 'again'))
  const names: string[] = []
  for await (const { path } of createDirectoryOrigin(root).list(limits.signal)) names.push(path)
  expect(names.sort()).toEqual(['src/a.ts', 'src/deep/b.ts'])
})

test('the listing tells sizes, and a signature of files at rest that changes with them', async () => {
  const path = join(root, 'src/a.ts')
  const listed = async () => {
    for await (const entry of origin.list(limits.signal)) if (entry.path === 'src/a.ts') return entry
    return expect.unreachable('the file is not listed')
  }
  // Written a moment ago: it may change again within the same time stamp.
  expect(await listed()).toEqual({ path: 'src/a.ts', version: null, signature: null, bytes: 19 })
  const { signature } = await eventually(listed, (entry) => entry.signature !== null)
  expect((await listed()).signature).toBe(signature)
  await writeFile(path, 'export const a = 2\n')
  const changed = await eventually(listed, (entry) => entry.signature !== null)
  expect(changed.bytes).toBe(19)
  expect(changed.signature).not.toBe(signature)
})

test('a version is known without reading once the file was read at rest, and no longer when it has changed', async () => {
  const path = join(root, 'src/a.ts')
  const versionNow = () => origin.version('src/a.ts', limits.signal)
  await read('src/a.ts')
  // Written a moment ago: it may change again within the same time stamp.
  expect(await versionNow()).toBeNull()
  await eventually(
    async () => Date.now() - (await stat(path)).ctimeMs,
    (ms) => ms > 2_100,
  )
  const got = await read('src/a.ts')
  expect(await versionNow()).toBe(got.outcome === 'read' && got.file.version)
  await writeFile(path, 'export const a = 2\n')
  expect(await versionNow()).toBeNull()
})

test('thousands of reads under a thread that swaps links never leave the jail', { timeout: 60_000 }, async () => {
  await mkdir(join(base, 'away'))
  await writeFile(join(base, 'away/a.ts'), 'SECRET')
  await symlink('src', join(root, 'folder'))
  await symlink('src/a.ts', join(root, 'file'))
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const links = [
    [join(root, 'folder'), 'src', '../away'],
    [join(root, 'file'), 'src/a.ts', '../secret'],
  ]
  const worker = new Worker(new URL('./swap-links.worker.ts', import.meta.url), { workerData: { links, stop } })
  const swaps = new Promise<number>((resolve, reject) => worker.once('message', resolve).once('error', reject))
  const counts = await readManyTimes(10_000, ['folder/a.ts', 'file'])
  Atomics.store(stop, 0, 1)
  expect(await swaps).toBeGreaterThan(500)
  expect(counts.get('escaped') ?? 0).toBe(0)
  for (const outcome of ['read', 'denied']) expect(counts.get(outcome) ?? 0).toBeGreaterThan(100)
})

/** Reads the paths in turn and counts what came: `escaped` for bytes from outside, else the outcome. */
async function readManyTimes(times: number, paths: readonly string[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (let at = 0; at < times; at += 1) {
    const got = await read(paths[at % paths.length] ?? '')
    const escaped = got.outcome === 'read' && new TextDecoder().decode(got.file.bytes) === 'SECRET'
    const name = escaped ? 'escaped' : got.outcome
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

test('what git ignores is told beside the listing, relative to the folder, and never the tracked', async () => {
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: root })
  const ignored = () => origin.ignored?.(limits.signal)
  await mkdir(join(root, 'src/made'))
  await writeFile(join(root, 'src/made/out.js'), '1')
  await writeFile(join(root, 'src/tracked.log'), '1')
  await writeFile(join(root, 'src/new.log'), '1')
  await writeFile(join(root, '.gitignore'), '*.log\nmade/\n')
  expect(await ignored()).toEqual([])
  git('init', '-q')
  git('add', '-f', 'src/tracked.log')
  expect(new Set(await ignored())).toEqual(new Set(['src/made/', 'src/new.log']))
  const below = createDirectoryOrigin(join(root, 'src'))
  expect(new Set(await below.ignored?.(limits.signal))).toEqual(new Set(['made/', 'new.log']))
  const listed: string[] = []
  for await (const { path } of origin.list(limits.signal)) listed.push(path)
  expect(listed.sort()).toEqual(['.gitignore', 'src/a.ts', 'src/made/out.js', 'src/new.log', 'src/tracked.log'])
})
