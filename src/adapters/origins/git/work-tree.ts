/**
 * What has changed in a work tree, asked of git without the repository's own configuration: commands that look into a
 * work tree run what is configured there (filters, monitors). They are therefore given an empty repository of our own
 * as theirs, and the real one's index and objects.
 */
import { isUtf8 } from 'node:buffer'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ForewarmError, messageOf } from '../../../ports/errors.ts'
import { pathDenial } from '../../../warming/path.ts'
import { noHistory } from '../unavailable.ts'
import { type Git, GitFailure, type GitOptions, gitRecords, gitText, isObjectId, isRef } from './run.ts'

type WorkTree = {
  /** The folder whose files are asked for; the work tree's own or one below. */
  readonly folder: string
  readonly searchPath: string | undefined
}

/**
 * Files below the folder that differ from what `ref` names, and those that are new and not ignored; relative to the
 * folder. Rejects with FW_ORIGIN_NO_HISTORY when the folder is in no repository or that one does not know the ref.
 */
export async function changesInWorkTree(
  { folder, searchPath }: WorkTree,
  ref: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const top = await topOf(folder)
  if (top === null) throw noHistory(`${folder} is in no git work tree, so there is no telling what changed`)
  const git: Git = { directory: join(top, '.git'), searchPath }
  const paths = new Set<string>()
  try {
    const commit = await commitOf(git, ref, signal)
    await inBareConfiguration({ git, top, signal }, async (options, excludes) => {
      const withFolder = { ...options, cwd: folder }
      for await (const path of gitRecords(git, changed(commit), withFolder)) addPath(paths, path)
      for await (const path of gitRecords(git, untracked(excludes), withFolder)) addPath(paths, path)
    })
  } catch (cause) {
    if (cause instanceof GitFailure) throw noHistory(`git cannot compare ${folder} (${messageOf(cause)})`, cause)
    throw cause
  }
  return [...paths].sort()
}

/**
 * What git ignores below the folder and has not in its index: files, and whole folders with a slash at their end. Nothing
 * where the folder is in no work tree, and where git cannot tell: then nothing is left out.
 */
export async function ignoredInWorkTree(
  { folder, searchPath }: WorkTree,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const top = await topOf(folder)
  if (top === null) return []
  const git: Git = { directory: join(top, '.git'), searchPath }
  const paths: string[] = []
  try {
    await inBareConfiguration({ git, top, signal }, async (options, excludes) => {
      const args = [...untracked(excludes), '--ignored', '--directory']
      for await (const record of gitRecords(git, args, { ...options, cwd: folder })) {
        if (isUtf8(record)) paths.push(record.toString())
      }
    })
  } catch (cause) {
    const cannotTell =
      cause instanceof GitFailure || (cause instanceof ForewarmError && cause.code === 'FW_TOOL_MISSING')
    if (!cannotTell) throw cause
  }
  return paths
}

const changed = (commit: string): readonly string[] => [
  ...['-c', 'core.fileMode=false', 'diff', '--name-only', '-z', '--relative', '--diff-filter=d', '--no-renames'],
  ...['--no-ext-diff', '--no-textconv', '--ignore-submodules=all', commit, '--'],
]

const untracked = (excludes: string): readonly string[] => [
  ...['ls-files', '-z', '--others', '--exclude-standard'],
  ...(existsSync(excludes) ? [`--exclude-from=${excludes}`] : []),
]

/** Folders that are repositories of their own come with a slash at their end. */
function addPath(paths: Set<string>, record: Buffer): void {
  const path = record.toString()
  if (isUtf8(record) && pathDenial(path) === null) paths.add(path)
}

/** The nearest folder upwards that has a `.git`. */
async function topOf(folder: string): Promise<string | null> {
  for (let at = folder; ; at = dirname(at)) {
    if ((await stat(join(at, '.git')).catch(() => null)) !== null) return at
    if (dirname(at) === at) return null
  }
}

async function commitOf(git: Git, ref: string, signal: AbortSignal): Promise<string> {
  if (!isRef(ref)) throw noHistory(`${JSON.stringify(ref)} is no name of a branch, tag or commit`)
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]
  const id = await gitText(git, args, { signal }).catch((cause) => {
    if (!(cause instanceof GitFailure)) throw cause
    throw noHistory(`${git.directory} knows no ${ref}: fetch it (a shallow clone may lack it), or name another`, cause)
  })
  if (!isObjectId(id)) throw noHistory(`${JSON.stringify(ref)} is no name of a branch, tag or commit`)
  return id
}

/** Lends `work` the options under which git sees index and objects of a repository, and an empty configuration. */
async function inBareConfiguration(
  { git, top, signal }: { readonly git: Git; readonly top: string; readonly signal: AbortSignal },
  work: (options: GitOptions, excludes: string) => Promise<void>,
): Promise<void> {
  const ask = (...args: string[]) => gitText(git, ['rev-parse', ...args], { signal })
  const path = (name: string) => ask('--path-format=absolute', '--git-path', name)
  const [index, objects, excludes] = [await path('index'), await path('objects'), await path('info/exclude')]
  const format = await ask('--show-object-format')
  const scratch = await mkdtemp(join(tmpdir(), 'forewarm-git-'))
  try {
    await mkdir(join(scratch, 'refs'))
    await mkdir(join(scratch, 'objects'))
    await writeFile(join(scratch, 'HEAD'), 'ref: refs/heads/none\n')
    const extension = format === 'sha1' ? '' : `[extensions]\n\tobjectFormat = ${format}\n`
    await writeFile(
      join(scratch, 'config'),
      `[core]\n\trepositoryFormatVersion = ${format === 'sha1' ? 0 : 1}\n${extension}`,
    )
    const environment = {
      GIT_DIR: scratch,
      GIT_WORK_TREE: top,
      GIT_INDEX_FILE: index,
      GIT_OBJECT_DIRECTORY: objects,
    }
    await work({ signal, environment }, excludes)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
