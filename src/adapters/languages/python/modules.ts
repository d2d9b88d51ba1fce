/** Where a module name leads in a tree of files: Python's own rules, by names of files alone. */

/** A package, a module or a folder without `__init__`, which is a namespace package. */
export type Place = {
  readonly folder: string
  readonly kind: 'namespace' | 'package' | 'module'
  readonly file: string | undefined
}

/** Whether stubs count (and then come first), or only what runs. */
export type Mode = 'stubs' | 'source'

export class Modules {
  readonly #files: ReadonlySet<string>
  readonly #folders: ReadonlySet<string>

  constructor(files: ReadonlySet<string>) {
    this.#files = files
    this.#folders = foldersOf(files)
  }

  hasFile(path: string): boolean {
    return this.#files.has(path)
  }

  hasFolder(path: string): boolean {
    return this.#folders.has(path)
  }

  /** Whether a folder is a package that runs; stubs alone make none. */
  isPackage(folder: string): boolean {
    return this.#files.has(join(folder, '__init__.py'))
  }

  /** The folder itself as a module. */
  folderModule(folder: string, mode: Mode): Place | undefined {
    if (!this.#folders.has(folder)) return undefined
    const file = this.#file(join(folder, '__init__'), mode)
    return { folder, kind: file === undefined ? 'namespace' : 'package', file }
  }

  /** The first of these folders that has the module, as Python searches them. */
  find(roots: readonly string[], parts: readonly string[], mode: Mode): Place | undefined {
    let candidates: readonly Place[] = roots.map((folder) => ({ folder, kind: 'namespace', file: undefined }))
    for (const [depth, part] of parts.entries()) {
      candidates = this.#next(candidates, part, { mode, isFirst: depth === 0 })
      if (candidates.length === 0) return undefined
    }
    return candidates[0]
  }

  #next(
    candidates: readonly Place[],
    part: string,
    { mode, isFirst }: { readonly mode: Mode; readonly isFirst: boolean },
  ): readonly Place[] {
    const stubPackages: Place[] = []
    const found: Place[] = []
    for (const candidate of candidates) {
      const stubs = isFirst && mode === 'stubs' ? this.#child(candidate, `${part}-stubs`, mode) : undefined
      if (stubs !== undefined && stubs.kind !== 'module') stubPackages.push(stubs)
      const child = this.#child(candidate, part, mode)
      if (child !== undefined) found.push(child)
      // A package hides what later folders have under its name, a namespace package does not.
      if (!isFirst && (child ?? candidate).kind !== 'namespace') break
    }
    const all = [...stubPackages, ...found]
    const real = all.filter(({ kind }) => kind !== 'namespace')
    return real.length > 0 ? real : all
  }

  #child({ kind, folder: parent }: Place, name: string, mode: Mode): Place | undefined {
    if (kind === 'module') return undefined
    const folder = join(parent, name)
    const isFolder = this.#folders.has(folder)
    const init = isFolder ? this.#file(join(folder, '__init__'), mode) : undefined
    if (init !== undefined) return { folder, kind: 'package', file: init }
    const file = this.#file(folder, mode)
    if (file !== undefined) return { folder, kind: 'module', file }
    return isFolder ? { folder, kind: 'namespace', file: undefined } : undefined
  }

  #file(stem: string, mode: Mode): string | undefined {
    if (mode === 'stubs' && this.#files.has(`${stem}.pyi`)) return `${stem}.pyi`
    return this.#files.has(`${stem}.py`) ? `${stem}.py` : undefined
  }
}

/** All folders that hold a file somewhere below them; the tree's own is ''. */
function foldersOf(files: ReadonlySet<string>): ReadonlySet<string> {
  const folders = new Set([''])
  for (const file of files) {
    for (let folder = parentOf(file); !folders.has(folder); folder = parentOf(folder)) folders.add(folder)
  }
  return folders
}

export const join = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`)

export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))
