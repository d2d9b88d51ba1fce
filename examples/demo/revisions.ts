import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** One revision of the repository that the demo analyses. */
export type Revision = { readonly name: string; readonly checkOut: (directory: string) => void }

/** Commits between the older and the newer revision, where the history is long enough. */
const DISTANCE = 5

/**
 * Two revisions of a git repository, the older first; one when its history has only one commit, and the plain tree
 * where there is no git at all (a source archive).
 */
export function revisionsOf(repository: string): readonly Revision[] {
  try {
    const commits = git(repository, ['rev-list', '--first-parent', `--max-count=${DISTANCE + 1}`, 'HEAD'])
      .trim()
      .split('\n')
    const newest = commits[0]
    const oldest = commits.at(-1)
    if (newest === undefined || oldest === undefined) return [plainTree(repository)]
    return newest === oldest ? [commit(repository, newest)] : [commit(repository, oldest), commit(repository, newest)]
  } catch {
    return [plainTree(repository)]
  }
}

const commit = (repository: string, id: string): Revision => ({
  name: id.slice(0, 10),
  checkOut: (directory) => {
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory, { recursive: true })
    const index = `${directory}.index`
    git(repository, ['read-tree', id], index)
    git(repository, ['checkout-index', '--all', '--force', `--prefix=${directory}/`], index)
    rmSync(index, { force: true })
  },
})

const plainTree = (repository: string): Revision => ({
  name: 'tree',
  checkOut: (directory) => {
    rmSync(directory, { recursive: true, force: true })
    for (const folder of ['src', 'consumers', 'producers', 'test', 'docs', 'schemas', 'examples'])
      cpSync(join(repository, folder), join(directory, folder), { recursive: true })
  },
})

function git(repository: string, args: readonly string[], index?: string): string {
  const env = index === undefined ? process.env : { ...process.env, GIT_INDEX_FILE: index }
  return execFileSync('git', ['-C', repository, ...args], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}
