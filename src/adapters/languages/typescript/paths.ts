/** Paths of a tree: `/`-separated, relative to its root, which is the empty path. */

export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

/** A path below a folder, or null where it leaves the tree. */
export function joined(folder: string, path: string): string | null {
  const segments = folder === '' ? [] : folder.split('/')
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment !== '..') segments.push(segment)
    else if (segments.pop() === undefined) return null
  }
  return segments.join('/')
}

/** The folder itself and those above it, up to the root. */
export function* foldersUp(folder: string): Generator<string> {
  for (let at = folder; ; at = folderOf(at)) {
    yield at
    if (at === '') return
  }
}

export const isBelow = (path: string, folder: string): boolean => folder === '' || path.startsWith(`${folder}/`)

export const inNodeModules = (path: string): boolean => /(?:^|\/)node_modules\//.test(path)
