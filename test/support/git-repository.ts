/** Real git repositories for tests, made by git itself. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'

const IDENTITY = ['-c', 'user.name=tester', '-c', 'user.email=tester@example.invalid', '-c', 'commit.gpgSign=false']

const made: string[] = []
// Each test file that uses this has a module graph of its own, so this is after all tests of that file.
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true })
})

/** A folder that is removed after all tests of the file. */
export function makeFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `forewarm-${name}-`))
  made.push(folder)
  return folder
}

/** Runs git in a folder, whatever the user's own configuration says, and returns what it wrote. */
export const runGit = (folder: string, ...args: readonly string[]): string =>
  execFileSync('git', [...IDENTITY, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
  }).trim()

export function writeFiles(folder: string, files: ReadonlyMap<string, Uint8Array | string>): void {
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
}

/** Commits all there is in the work tree; returns the commit's id. */
export function commitAll(folder: string, message = 'a change'): string {
  runGit(folder, 'add', '--all', '.')
  runGit(folder, 'commit', '--quiet', '--allow-empty', '--message', message)
  return runGit(folder, 'rev-parse', 'HEAD')
}

/** A repository with a work tree on branch `main`, the files committed. */
export function makeRepository(files: ReadonlyMap<string, Uint8Array | string>): string {
  const folder = makeFolder('repository')
  runGit(folder, 'init', '--quiet', '--initial-branch=main')
  writeFiles(folder, files)
  commitAll(folder)
  return folder
}

/** A bare mirror of a repository. */
export function mirrorOf(repository: string): string {
  const folder = makeFolder('mirror')
  runGit(folder, 'clone', '--quiet', '--mirror', repository, '.')
  return folder
}
