import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { blobId } from '../../src/adapters/origins/blob-id.ts'
import type { Cache } from '../../src/ports/cache.ts'
import { CONTENT_LAYER } from '../../src/ports/layer.ts'
import { valueKey } from '../../src/warming/cache-key.ts'
import { pythonRelease } from './repositories/pypi.ts'

const run = promisify(execFile)

const LOOKS_AT_ONCE = 64

const DJANGO = {
  name: 'django',
  version: '5.2.1',
  kind: 'sdist',
  sha256: ['57fe1f1b59462caed092c80b3dd324fd92161b620d59a9ba9181c34746c97284'],
} as const

/** A copy of Django's source release (6,872 files) for one test, as a git repository with one commit. */
export async function djangoCheckout(): Promise<string> {
  const release = await pythonRelease(DJANGO)
  const directory = await mkdtemp(join(tmpdir(), 'forewarm-django-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  await cp(join(release, `django-${DJANGO.version}`), directory, { recursive: true })
  await git(directory, 'init', '-q')
  // What git tidies behind a commit's back writes on while the checkout is being removed.
  await git(directory, 'config', 'gc.auto', '0')
  await commitAll(directory, 'first')
  return directory
}

export async function commitAll(directory: string, message: string): Promise<void> {
  await git(directory, 'add', '-A')
  await git(directory, 'commit', '-qm', message)
}

const git = (directory: string, ...args: readonly string[]) =>
  run('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.org', ...args], {
    cwd: directory,
    maxBuffer: 1 << 26,
  })

/** All files of a checkout that its git does not ignore, relative to it. */
export async function filesOf(directory: string): Promise<readonly string[]> {
  const { stdout } = await git(directory, 'ls-files', '-z')
  return stdout.split('\0').filter((path) => path !== '')
}

/** Files of which the cache does not hold exactly the bytes that are on disk now. */
export async function notInCache(
  cache: Cache,
  { workspace, directory, paths }: { workspace: string; directory: string; paths: readonly string[] },
): Promise<readonly string[]> {
  const wrong: string[] = []
  const look = async (path: string) => {
    const bytes = await readFile(join(directory, path))
    const name = { workspace, layer: 'content', producerVersion: CONTENT_LAYER.version, path, version: blobId(bytes) }
    const entry = await cache.get(valueKey(name, sha256Hex))
    if (entry === null || Buffer.compare(entry.value, bytes) !== 0) wrong.push(path)
  }
  for (let at = 0; at < paths.length; at += LOOKS_AT_ONCE) {
    await Promise.all(paths.slice(at, at + LOOKS_AT_ONCE).map(look))
  }
  return wrong
}
