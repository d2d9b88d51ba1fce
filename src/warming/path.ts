/** An empty, `.` or `..` segment (so also a leading or trailing slash), a backslash or a NUL. */
export const NO_PLAIN_PATH = /(?:^|\/)\.{0,2}(?:\/|$)|[\\\0]/

/**
 * Why a worker refuses a path by its text alone; what it leads to on disk is the origin's to judge. The codec refuses
 * such paths too, but what opens files does not rely on what came before it.
 */
export function pathDenial(path: string): 'path' | 'git' | null {
  if (NO_PLAIN_PATH.test(path)) return 'path'
  return path.split('/').some(isVersionControl) ? 'git' : null
}

/** Whether a folder or file of this name belongs to version control, also where the file system ignores case. */
export const isVersionControl = (segment: string): boolean => segment.toLowerCase() === '.git'
