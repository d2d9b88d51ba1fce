/** Where a module name leads in a tree of files: Python's own rules, by names of files alone. */

/** A package, a module or a folder without `__init__`, which is a namespace package. */
export type Place = {
  readonly folder: string
  readonly kind: 'namespace' | 'package' | 'module'
  readonly file: string | undefined
}

/** Whether stubs count (and then come first), or only what runs. */
export type Mode = 'stubs' | 'source'

/** What bears one name in a folder. */
type Named = { folder?: string; stub?: string; source?: string }

const INIT = '__init__'

export class Modules {
  readonly #files: ReadonlySet<string>
  /** Names in each folder that holds a file somewhere below it; the tree's own is ''. */
  readonly #named = new Map<string, Map<string, Named>>()
  /** All of those names, wherever. */
  readonly #names = new Set<string>()

  constructor(files: ReadonlySet<string>) {
    this.#files = files
    this.#folder('')
    for (const file of files) this.#add(file)
  }

  hasFile(path: string): boolean {
    return this.#files.has(path)
  }

  hasFolder(path: string): boolean {
    return this.#named.has(path)
  }

  /** False when no folder has a module or package of that name. */
  isAnywhere(name: string): boolean {
    return this.#names.has(name)
  }

  /** Whether a folder is a package that runs; stubs alone make none. */
  isPackage(folder: string): boolean {
    return this.#named.get(folder)?.get(INIT)?.source !== undefined
  }

  /** The folder itself as a module. */
  folderModule(folder: string, mode: Mode): Place | undefined {
    if (!this.#named.has(folder)) return undefined
    const file = fileOf(this.#named.get(folder)?.get(INIT), mode)
    return { folder, kind: file === undefined ? 'namespace' : 'package', file }
  }

  /** The module of that name in a package. */
  child({ kind, folder }: Place, name: string, mode: Mode): Place | undefined {
    const named = kind === 'module' ? undefined : this.#named.get(folder)?.get(name)
    if (named === undefined) return undefined
    const inner = named.folder === undefined ? undefined : this.folderModule(named.folder, mode)
    if (inner?.kind === 'package') return inner
    const file = fileOf(named, mode)
    return file === undefined ? inner : { folder: join(folder, name), kind: 'module', file }
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
      const stubs = isFirst && mode === 'stubs' ? this.child(candidate, stubsOf(part), mode) : undefined
      if (stubs !== undefined && stubs.kind !== 'module') stubPackages.push(stubs)
      const child = this.child(candidate, part, mode)
      if (child !== undefined) found.push(child)
      // A package hides what later folders have under its name, a namespace package does not.
      if (!isFirst && (child ?? candidate).kind !== 'namespace') break
    }
    const all = [...stubPackages, ...found]
    const real = all.filter(({ kind }) => kind !== 'namespace')
    return real.length > 0 ? real : all
  }

  #add(file: string): void {
    const parent = parentOf(file)
    const names = this.#folder(parent)
    const name = file.slice(parent === '' ? 0 : parent.length + 1)
    if (name.endsWith('.py')) this.#name(names, name.slice(0, -3)).source = file
    else if (name.endsWith('.pyi')) this.#name(names, name.slice(0, -4)).stub = file
  }

  #folder(path: string): Map<string, Named> {
    const known = this.#named.get(path)
    if (known !== undefined) return known
    const names = new Map<string, Named>()
    this.#named.set(path, names)
    const parent = parentOf(path)
    if (path !== '') this.#name(this.#folder(parent), path.slice(parent === '' ? 0 : parent.length + 1)).folder = path
    return names
  }

  #name(names: Map<string, Named>, name: string): Named {
    const known = names.get(name) ?? {}
    names.set(name, known)
    this.#names.add(name)
    return known
  }
}

/** The folder of the stubs of a package that are installed apart from it. */
export const stubsOf = (name: string): string => `${name}-stubs`

const fileOf = (named: Named | undefined, mode: Mode): string | undefined =>
  mode === 'stubs' ? (named?.stub ?? named?.source) : named?.source

export const join = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`)

export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))
