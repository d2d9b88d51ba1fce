/** An empty, `.` or `..` segment (so also a leading or trailing slash), a backslash or a NUL. */
export const NO_PLAIN_PATH = /(?:^|\/)\.{0,2}(?:\/|$)|[\\\0]/

/**
 * Why a worker refuses a path by its text alone; what it leads to on disk is the origin's to judge. The codec refuses
 * such paths too, but what opens files does not rely on what came before it.
 */
export function pathDenial(path: string): 'path' | 'git' | 'own' | null {
  if (NO_PLAIN_PATH.test(path)) return 'path'
  const segments = path.split('/')
  if (segments.some(isVersionControl)) return 'git'
  return segments.some(isOwn) ? 'own' : null
}

/** Whether a folder or file of this name is nobody's to read, also where the file system ignores case. */
export const isOffLimits = (segment: string): boolean => isVersionControl(segment) || isOwn(segment)

const isVersionControl = (segment: string): boolean => segment.toLowerCase() === '.git'

/** The folder in which forewarm keeps log, models and cache of all workspaces, unless told otherwise. */
const isOwn = (segment: string): boolean => segment.toLowerCase() === '.forewarm'
