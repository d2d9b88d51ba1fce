/** Making a folder with those above it, on any file system. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder and the missing ones above it, one after the other; returns whether it was not there before. Throws what
 * the file system says. Node's own `recursive` turns for ever where nothing can be made in a folder that is there, as in
 * /proc: its system says ENOENT of that, as of a missing parent.
 */
export function ensureFolder(folder: string): boolean {
  try {
    return isMade(folder)
  } catch (cause) {
    const isParentMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    if (!isParentMissing || dirname(folder) === folder) throw cause
  }
  ensureFolder(dirname(folder))
  return isMade(folder)
}

/** False where it is there already. */
function isMade(folder: string): boolean {
  try {
    mkdirSync(folder)
    return true
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return false
    throw cause
  }
}
