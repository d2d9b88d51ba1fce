import { realpathSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import { isOffLimits } from '../../warming/path.ts'
import { wirePathProblem } from '../../wire/path.ts'

/** Paths whose kind is remembered; then the memory starts anew. */
const REMEMBERED_MAX = 100_000

/**
 * Tells of an absolute path whether it is a regular file of the workspace, and under which name: null for what lies
 * outside, for version control's own files, and for what is no regular file (any more). Dependencies
 * (`node_modules` and the like) belong to the workspace: analyzers read them as much as sources.
 */
export function createWorkspaceFiles(root: string): (absolutePath: string) => string | null {
  const prefix = join(realpathSync(root), sep)
  const known = new Map<string, string | null>()
  return (absolutePath) => {
    const found = known.get(absolutePath)
    if (found !== undefined) return found
    const path = absolutePath.startsWith(prefix) ? absolutePath.slice(prefix.length).replaceAll(sep, '/') : null
    const isOurs = path !== null && wirePathProblem(path) === null && !path.split('/').some(isOffLimits)
    const named = isOurs && isRegularFile(absolutePath) ? path : null
    if (known.size >= REMEMBERED_MAX) known.clear()
    known.set(absolutePath, named)
    return named
  }
}

const isRegularFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true
