import { NO_PLAIN_PATH } from '../warming/path.ts'

/**
 * The shape that a path has in every record. It says nothing of which files may be read: the origin judges that by
 * src/warming/path.ts and opens each file inside its own jail.
 */

/** Longest path in bytes of UTF-8. */
const PATH_BYTES_MAX = 1_024

/** What is wrong with a path, in words that hold none of it, or null when it is a good one. */
export function wirePathProblem(path: string): string | null {
  if (path.length === 0) return 'is empty'
  if (path.length > PATH_BYTES_MAX || (path.length * 3 > PATH_BYTES_MAX && utf8Bytes(path) > PATH_BYTES_MAX)) {
    return `is longer than ${PATH_BYTES_MAX} bytes`
  }
  if (NO_PLAIN_PATH.test(path)) return 'is not a plain relative path'
  return path.isWellFormed() ? null : 'is not well-formed Unicode'
}

const utf8Bytes = (text: string): number => new TextEncoder().encode(text).length
