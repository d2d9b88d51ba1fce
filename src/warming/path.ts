/** Why a path can never name a file of a workspace; null when it can. What it leads to on disk is the origin's to judge. */
export type PathProblem = 'empty' | 'long' | 'nul' | 'absolute' | 'dots' | 'git'

/** Longest path that is looked at, in UTF-16 units; Linux takes 4,096 bytes. */
const PATH_MAX = 4_096

/** Judges a path by its text alone: relative, `/`-separated, without `.` and `..`, outside version control. */
export function pathProblem(path: string): PathProblem | null {
  if (path === '') return 'empty'
  if (path.length > PATH_MAX) return 'long'
  if (path.includes('\0')) return 'nul'
  if (path.startsWith('/')) return 'absolute'
  const segments = path.split('/')
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) return 'dots'
  return segments.some(isVersionControl) ? 'git' : null
}

/** Whether a folder or file of this name belongs to version control, also where the file system ignores case. */
export const isVersionControl = (segment: string): boolean => segment.toLowerCase() === '.git'
