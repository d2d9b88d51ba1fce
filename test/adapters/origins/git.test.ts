import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { chmod, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createDirectoryOrigin } from '../../../src/adapters/origins/directory.ts'
import { createGitOrigin, type GitOriginOptions } from '../../../src/adapters/origins/git/origin.ts'
import type { Origin } from '../../../src/ports/origin.ts'
import { eventually } from '../../support/eventually.ts'
import { commitAll, makeFolder, makeRepository, mirrorOf, runGit, writeFiles } from '../../support/git-repository.ts'

const { signal } = new AbortController()
const limits = { bytesMax: 10_000, signal }
const opened: Origin[] = []

function openGit(repository: string, options: Partial<GitOriginOptions> = {}): Origin {
  const searchPath = process.env['PATH']
  const origin = createGitOrigin({ repository, revision: 'main', searchPath, timeoutMs: 10_000, ...options })
  opened.push(origin)
  return origin
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((origin) => origin.close()))
})

const textAt = async (origin: Origin, path: string): Promise<string> => {
  const got = await origin.read(path, limits)
  return got.outcome === 'read' ? new TextDecoder().decode(got.file.bytes) : JSON.stringify(got)
}

const listed = async (origin: Origin): Promise<readonly string[]> => {
  const paths: string[] = []
  for await (const { path } of origin.list(signal)) paths.push(path)
  return paths.sort()
}

/** Ids of the `git cat-file` processes that this test's process has started. */
const gitProcesses = (): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const parent = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
        return Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('cat-file')
      } catch {
        return false
      }
    })

test('a commit is read as it was, whatever the work tree or the branch became', async () => {
  const repository = makeRepository(new Map([['a', 'one']]))
  const first = runGit(repository, 'rev-parse', 'HEAD')
  const origin = openGit(repository, { revision: first })
  writeFiles(repository, new Map([['a', 'two']]))
  expect(await textAt(origin, 'a')).toBe('one')
  commitAll(repository)
  expect(await textAt(origin, 'a')).toBe('one')
  expect(await origin.revision(signal)).toBe(first)
})

test('a branch is followed, a tag and a short id are understood, another revision shares the process', async () => {
  const repository = makeRepository(new Map([['a', 'one']]))
  const first = runGit(repository, 'rev-parse', 'HEAD')
  runGit(repository, 'tag', '-a', 'v1', '-m', 'first')
  const origin = openGit(repository)
  expect(await textAt(origin, 'a')).toBe('one')
  writeFiles(repository, new Map([['a', 'two']]))
  const second = commitAll(repository)
  await eventually(
    () => textAt(origin, 'a'),
    (text) => text === 'two',
  )
  expect(await origin.revision(signal)).toBe(second)
  for (const name of ['v1', first, first.slice(0, 12), 'main~1', 'refs/tags/v1']) {
    expect(await textAt(origin.at(name), 'a'), name).toBe('one')
    expect(await origin.at(name).revision(signal), name).toBe(first)
  }
  expect(gitProcesses()).toHaveLength(1)
  await origin.at('v1').close()
  expect(await textAt(origin, 'a')).toBe('two')
})

test('of a revision that came with a request and is unknown every file is missing; an unknown one in the settings is a fault', async () => {
  const repository = makeRepository(new Map([['a', 'one']]))
  const other = openGit(repository).at('gone')
  expect(await other.read('a', limits)).toEqual({ outcome: 'missing' })
  expect(await other.version('a', signal)).toBeNull()
  await expect(listed(other)).rejects.toMatchObject({ code: 'FW_ORIGIN_NO_HISTORY' })
  const configured = openGit(repository, { revision: 'gone' })
  await expect(configured.read('a', limits)).rejects.toMatchObject({ code: 'FW_ORIGIN_UNAVAILABLE', retriable: true })
  const away = openGit(join(repository, 'nowhere'))
  await expect(away.read('a', limits)).rejects.toMatchObject({ code: 'FW_ORIGIN_UNAVAILABLE', retriable: true })
})

test('a repository may be named relative to the working directory', async () => {
  const origin = openGit(relative(process.cwd(), makeRepository(new Map([['a', 'one']]))))
  expect(await textAt(origin, 'a')).toBe('one')
  expect(await listed(origin)).toEqual(['a'])
})

test('links and submodules are denied and not listed; a file of Git LFS is its pointer', async () => {
  const inner = makeRepository(new Map([['secret', 'SECRET']]))
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n'
  const repository = makeRepository(new Map([['large.bin', pointer]]))
  symlinkSync('../outside', join(repository, 'link'))
  symlinkSync('.', join(repository, 'folder'))
  runGit(repository, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner, 'module')
  commitAll(repository)
  const origin = openGit(repository, { revision: runGit(repository, 'rev-parse', 'HEAD') })
  expect(await origin.read('link', limits)).toEqual({ outcome: 'denied', detail: 'link' })
  expect(await origin.read('folder/large.bin', limits)).toEqual({ outcome: 'denied', detail: 'link' })
  expect(await origin.read('module', limits)).toEqual({ outcome: 'denied', detail: 'submodule' })
  expect(await origin.read('module/secret', limits)).toEqual({ outcome: 'denied', detail: 'submodule' })
  expect(await textAt(origin, 'large.bin')).toBe(pointer)
  expect(await listed(origin)).toEqual(['.gitmodules', 'large.bin'])
})

test('names that a commit holds but no path may be are neither read nor listed', async () => {
  const repository = makeRepository(new Map([['good', 'x']]))
  const blob = runGit(repository, 'rev-parse', 'HEAD:good')
  const entry = (mode: string, name: string, id: string) =>
    Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')])
  const tree = Buffer.concat([
    ...['..', '.git', 'good'].map((name) => entry('100644', name, blob)),
    Buffer.concat([Buffer.from('100644 bad-\xff\0', 'latin1'), Buffer.from(blob, 'hex')]),
  ])
  const write = (...args: string[]) =>
    execFileSync('git', ['hash-object', '-w', '--literally', '--stdin', ...args], { cwd: repository, input: tree })
  const id = write('-t', 'tree').toString().trim()
  const commit = runGit(repository, 'commit-tree', id, '-m', 'hostile')
  const origin = openGit(repository, { revision: commit })
  expect(await listed(origin)).toEqual(['good'])
  expect(await origin.read('..', limits)).toEqual({ outcome: 'denied', detail: 'path' })
  expect(await origin.read('.git', limits)).toEqual({ outcome: 'denied', detail: 'git' })
  expect(await origin.read('bad-\ufffd', limits)).toEqual({ outcome: 'missing' })
  expect(await textAt(origin, 'good')).toBe('x')
})

test('what changed since a revision: changed and new files, not deleted ones, links or modes of folders', async () => {
  const repository = makeRepository(
    new Map([
      ['same', 'x'],
      ['changed', 'one'],
      ['deleted', 'x'],
      ['moved/from', 'moves'],
    ]),
  )
  runGit(repository, 'tag', 'base')
  await rm(join(repository, 'deleted'))
  await rename(join(repository, 'moved/from'), join(repository, 'moved/to'))
  writeFiles(repository, new Map([['changed', 'two'], ['new\n:100644 file', 'x']])) // biome-ignore format: one a line
  symlinkSync('same', join(repository, 'link'))
  commitAll(repository)
  const origin = openGit(mirrorOf(repository))
  expect([...(await origin.changedSince('base', signal))].sort()).toEqual(['changed', 'moved/to', 'new\n:100644 file'])
  expect(await origin.changedSince('main', signal)).toEqual([])
  expect(await origin.at('base').changedSince('main', signal)).toEqual(['changed', 'deleted', 'moved/from'])
})

test('a git that died is replaced at the next read', async () => {
  const origin = openGit(makeRepository(new Map([['a', 'one']])))
  expect(await textAt(origin, 'a')).toBe('one')
  const [pid = 0] = gitProcesses()
  process.kill(pid, 'SIGKILL')
  await eventually(gitProcesses, (pids) => !pids.includes(pid))
  await eventually(
    () => textAt(origin, 'a'),
    (text) => text === 'one',
  )
  expect(gitProcesses()).toHaveLength(1)
})

test('a git that hangs is killed in time, every waiting read fails for the moment, and the next ones work', async () => {
  const origin = openGit(makeRepository(new Map([['a', 'one']])), { timeoutMs: 2_000 })
  expect(await textAt(origin, 'a')).toBe('one')
  const [pid = 0] = gitProcesses()
  process.kill(pid, 'SIGSTOP')
  const reads = await Promise.allSettled([1, 2, 3].map(() => origin.read('a', limits)))
  for (const read of reads) {
    expect(read).toMatchObject({ status: 'rejected', reason: { code: 'FW_ORIGIN_UNAVAILABLE', retriable: true } })
  }
  expect(await textAt(origin, 'a')).toBe('one')
  await eventually(gitProcesses, (pids) => !pids.includes(pid))
})

test('after the end nothing runs and nothing is read', async () => {
  const origin = openGit(makeRepository(new Map([['a', 'one']])))
  expect(await textAt(origin, 'a')).toBe('one')
  await origin.close()
  await eventually(gitProcesses, (pids) => pids.length === 0)
  await expect(origin.read('a', limits)).rejects.toMatchObject({ code: 'FW_ORIGIN_UNAVAILABLE' })
})

test('a machine without git says so', async () => {
  const origin = openGit(makeRepository(new Map([['a', 'one']])), { searchPath: '/nowhere' })
  await expect(origin.read('a', limits)).rejects.toThrow(/install git/)
  await expect(listed(origin)).rejects.toThrow(/install git/)
})

/** A checkout in which everything that git can be made to run leaves a mark. */
async function makeTrap() {
  const repository = makeRepository(
    new Map([
      ['a', 'one'],
      ['sub/b.x', 'two'],
      ['.gitattributes', '*.x filter=evil diff=evil\n'],
    ]),
  )
  const marks = makeFolder('marks')
  const program = join(repository, '.git', 'evil')
  await writeFile(program, `#!/bin/sh\ntouch "${marks}/$1"\nexit 1\n`)
  await chmod(program, 0o755)
  mkdirSync(join(repository, '.git/evil-hooks'))
  for (const hook of ['post-index-change', 'reference-transaction', 'post-checkout', 'fsmonitor-watchman']) {
    await writeFile(join(repository, '.git/evil-hooks', hook), `#!/bin/sh\ntouch "${marks}/hook-${hook}"\n`)
    await chmod(join(repository, '.git/evil-hooks', hook), 0o755)
  }
  const settings = {
    'core.fsmonitor': `${program} fsmonitor`,
    'core.hooksPath': join(repository, '.git/evil-hooks'),
    'core.pager': `${program} pager`,
    'core.sshCommand': `${program} ssh`,
    'filter.evil.clean': `${program} clean`,
    'filter.evil.smudge': `${program} smudge`,
    'filter.evil.process': `${program} process`,
    'diff.evil.textconv': `${program} textconv`,
    'diff.evil.command': `${program} diff`,
    'diff.external': `${program} external`,
    'remote.origin.url': `ext::${program} transport`,
    'remote.origin.promisor': 'true',
    'remote.origin.uploadpack': `${program} uploadpack`,
    'protocol.ext.allow': 'always',
    'extensions.partialClone': 'origin',
    'core.repositoryFormatVersion': '1',
  }
  for (const [name, value] of Object.entries(settings)) runGit(repository, 'config', name, value)
  return { repository, marks: () => readdirSync(marks).sort() }
}

test('the trap of the next tests does snap when git is run without care', async () => {
  const { repository, marks } = await makeTrap()
  await utimes(join(repository, 'sub/b.x'), 1, 1)
  // Its filter is no filter, so git complains; by then it has run.
  expect(() => runGit(repository, 'status')).toThrow()
  expect(marks()).toEqual(expect.arrayContaining(['fsmonitor', 'process']))
  expect(() => runGit(repository, 'cat-file', '-p', '1'.repeat(40))).toThrow()
  expect(marks()).toContain('transport')
})

test('nothing that a repository is configured to run is run: git origin', async () => {
  const { repository, marks } = await makeTrap()
  const commit = runGit(repository, '-c', 'core.fsmonitor=false', 'rev-parse', 'HEAD')
  const tree = runGit(repository, '-c', 'core.fsmonitor=false', 'rev-parse', 'HEAD:sub')
  await rm(join(repository, '.git/objects', tree.slice(0, 2), tree.slice(2)))
  const before = marks()
  const origin = openGit(repository, { revision: commit })
  expect(await textAt(origin, 'a')).toBe('one')
  // Its folder is gone, as in a partial clone: what would fetch it must not run.
  await expect(origin.read('sub/b.x', limits)).rejects.toMatchObject({ code: 'FW_ORIGIN_UNAVAILABLE' })
  await expect(listed(origin)).rejects.toMatchObject({ code: 'FW_ORIGIN_UNAVAILABLE' })
  await expect(origin.changedSince('2'.repeat(40), signal)).rejects.toMatchObject({ code: 'FW_ORIGIN_NO_HISTORY' })
  expect(marks()).toEqual(before)
})

test('nothing that a repository is configured to run is run: changes of a folder', async () => {
  const { repository, marks } = await makeTrap()
  const before = marks()
  await utimes(join(repository, 'sub/b.x'), 1, 1)
  await writeFile(join(repository, 'a'), 'changed')
  const origin = createDirectoryOrigin(repository)
  expect(await origin.changedSince('HEAD', signal)).toContain('a')
  await expect(origin.changedSince('3'.repeat(40), signal)).rejects.toMatchObject({ code: 'FW_ORIGIN_NO_HISTORY' })
  expect(marks()).toEqual(before)
})

test.each([
  '--output=PWNED',
  '--exec=touch PWNED',
  '-n1',
  'HEAD --output=PWNED',
  ':/one',
  'HEAD^{/one}',
  'HEAD:a',
  '@{',
  'a..b',
])('the ref %j is no option and no search', async (ref) => {
  const repository = makeRepository(new Map([['a', 'one']]))
  const git = openGit(repository)
  expect(await git.at(ref).read('a', limits)).toEqual({ outcome: 'missing' })
  for (const origin of [git, createDirectoryOrigin(repository)]) {
    await expect(origin.changedSince(ref, signal)).rejects.toMatchObject({ code: 'FW_ORIGIN_NO_HISTORY' })
  }
  expect(existsSync(join(repository, 'PWNED'))).toBe(false)
  expect(await textAt(git, 'a')).toBe('one')
})

test('a folder tells what changed since a revision: committed or not, new files too, ignored ones not', async () => {
  const repository = makeRepository(
    new Map([
      ['same', 'x'],
      ['committed', 'one'],
      ['staged', 'one'],
      ['dirty', 'one'],
      ['touched', 'one'],
      ['deleted', 'x'],
      ['gone', 'x'],
      ['.gitignore', 'ignored\n'],
    ]),
  )
  runGit(repository, 'tag', 'base')
  writeFiles(repository, new Map([['committed', 'two'], ['gone', 'y']])) // biome-ignore format: one line
  commitAll(repository)
  writeFiles(repository, new Map(['staged', 'dirty'].map((path) => [path, 'two'])))
  runGit(repository, 'add', 'staged')
  writeFiles(repository, new Map(['new', 'ignored', 'ключ\n'].map((path) => [path, 'x'])))
  await writeFile(join(repository, '.git/info/exclude'), 'ignored-here\n')
  writeFiles(repository, new Map([['ignored-here', 'x']]))
  await utimes(join(repository, 'touched'), 1, 1)
  await rm(join(repository, 'deleted'))
  await rm(join(repository, 'gone'))
  makeNested(repository)
  const origin = createDirectoryOrigin(repository)
  expect(await origin.changedSince('base', signal)).toEqual(['committed', 'dirty', 'new', 'staged', 'ключ\n'])
  expect(await origin.changedSince('HEAD', signal)).toEqual(['dirty', 'new', 'staged', 'ключ\n'])
  expect(await origin.revision(signal)).toBeNull()
})

/** A repository inside the work tree that is none of its submodules. */
function makeNested(repository: string): void {
  mkdirSync(join(repository, 'nested'))
  runGit(join(repository, 'nested'), 'init', '--quiet')
  writeFiles(repository, new Map([['nested/file', 'x']]))
}

test('a folder below the top of its work tree tells its own changes, relative to itself', async () => {
  const repository = makeRepository(
    new Map([
      ['outside', 'one'],
      ['packages/web/src/a.ts', 'one'],
    ]),
  )
  writeFiles(
    repository,
    new Map([
      ['outside', 'two'],
      ['packages/web/src/a.ts', 'two'],
      ['packages/web/new.ts', 'x'],
      ['packages/new.ts', 'x'],
    ]),
  )
  const origin = createDirectoryOrigin(join(repository, 'packages/web'))
  expect(await origin.changedSince('HEAD', signal)).toEqual(['new.ts', 'src/a.ts'])
})

test('linked work trees and repositories with SHA-256 ids are understood', async () => {
  const repository = makeRepository(new Map([['a', 'one']]))
  const linked = join(makeFolder('linked'), 'tree')
  runGit(repository, 'worktree', 'add', '--quiet', '-b', 'side', linked)
  writeFiles(linked, new Map([['b', 'new']]))
  expect(await createDirectoryOrigin(linked).changedSince('main', signal)).toEqual(['b'])
  expect(await textAt(openGit(linked, { revision: 'HEAD' }), 'a')).toBe('one')

  const modern = makeFolder('sha256')
  runGit(modern, 'init', '--quiet', '--initial-branch=main', '--object-format=sha256')
  writeFiles(modern, new Map([['src/a', 'one']]))
  commitAll(modern)
  const origin = openGit(modern)
  expect(await textAt(origin, 'src/a')).toBe('one')
  expect(await origin.version('src/a', signal)).toBe(runGit(modern, 'rev-parse', 'HEAD:src/a'))
  writeFiles(modern, new Map([['src/a', 'two']]))
  expect(await createDirectoryOrigin(modern).changedSince('HEAD', signal)).toEqual(['src/a'])
})
