/** From which folders absolute imports of Python are searched. */
import { join, type Modules, parentOf } from './modules.ts'

const isPython = (path: string): boolean => path.endsWith('.py') || path.endsWith('.pyi')

/** Files that make a folder a project of its own. */
const PROJECT_FILES = ['pyproject.toml', 'setup.py', 'setup.cfg']

/** The tree, its `src`, and every folder that holds an outermost package (a folder with `__init__.py`). */
export function sourceRoots(files: ReadonlySet<string>, modules: Modules): readonly string[] {
  const parents = new Set<string>()
  const seen = new Set<string>()
  for (const file of files) {
    const folder = parentOf(file)
    if (seen.has(folder) || !isPython(file)) continue
    seen.add(folder)
    const root = packageRoot(folder, modules)
    if (root !== undefined) parents.add(parentOf(root))
  }
  return [...new Set(['', ...(modules.hasFolder('src') ? ['src'] : []), ...[...parents].sort()])]
}

/** The outermost package around a folder, undefined where the folder is none. */
function packageRoot(folder: string, modules: Modules): string | undefined {
  let root: string | undefined
  let current = folder
  while (current !== '' && modules.isPackage(current)) {
    root = current
    current = parentOf(current)
  }
  return root
}

/**
 * Folders around a file that could be on Python's search path while it runs (a script's own folder, a folder of tests),
 * the nearest first: all that are no package, and those of a project.
 */
export function searchFolders(folder: string, modules: Modules): readonly string[] {
  const found: string[] = []
  for (let current = folder; ; current = parentOf(current)) {
    const isPackage = modules.isPackage(current) || modules.hasFile(join(current, '__init__.pyi'))
    if (!isPackage || modules.hasFile(join(current, 'pyproject.toml'))) found.push(current)
    if (current === '') return found
  }
}

/** `src` in every folder that holds a project: there a namespace package needs no `__init__.py` to be found. */
export function projectFolders(files: ReadonlySet<string>, modules: Modules): readonly string[] {
  const found = new Set<string>()
  for (const file of files) {
    const folder = parentOf(file)
    const name = file.slice(folder === '' ? 0 : folder.length + 1)
    const source = join(folder, 'src')
    if (PROJECT_FILES.includes(name) && modules.hasFolder(source)) found.add(source)
  }
  return [...found].sort()
}
