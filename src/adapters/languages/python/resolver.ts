import type { ParsedImport } from '../../../dependencies/parsed-file.ts'
import type { Resolver, SourceTree } from '../../../ports/language.ts'
import { type Mode, Modules, type Place, parentOf } from './modules.ts'
import { projectFolders, searchFolders, sourceRoots } from './roots.ts'

/** Modules that the interpreter holds itself, so that no file of their name is ever imported (CPython 3.8 to 3.15). */
const BUILT_IN = new Set(
  (
    '_abc _ast _codecs _collections _functools _imp _io _locale _operator _signal _sre _stat _string _suggestions ' +
    '_symtable _sysconfig _thread _tokenize _tracemalloc _types _typing _warnings _weakref atexit builtins errno ' +
    'faulthandler gc itertools marshal posix pwd sys time types typing_extensions'
  ).split(' '),
)

export function createPythonResolver(tree: SourceTree): Resolver {
  const resolver = new PythonResolver(tree.files)
  return { resolve: (from, imports) => resolver.resolve(from, imports) }
}

type Found = readonly string[] | undefined

class PythonResolver {
  readonly #modules: Modules
  readonly #roots: readonly string[]
  readonly #projects: readonly string[]
  /** Answers by name, for the search that is the same from everywhere, and by folder and name for the others. */
  readonly #known = new Map<string, Place | null>()
  readonly #folders = new Map<string, readonly string[]>()

  constructor(files: ReadonlySet<string>) {
    this.#modules = new Modules(files)
    this.#roots = sourceRoots(files, this.#modules)
    this.#projects = projectFolders(files, this.#modules)
  }

  resolve(from: string, imports: readonly ParsedImport[]): readonly string[] {
    const found = new Set<string>()
    for (const each of imports) {
      const files = each.level > 0 ? this.#relative(from, each) : this.#absolute(from, each)
      for (const file of files) if (file !== from) found.add(file)
    }
    return [...found]
  }

  #absolute(from: string, { specifier, names }: ParsedImport): readonly string[] {
    const find = (name: string, mode: Mode): Place | undefined => this.#find(from, name, mode)
    if (names.length === 0) return filesOf(specifier, find) ?? []
    return names.flatMap((name) => {
      const member = name === '*' ? undefined : filesOf(`${specifier}.${name}`, find)
      return member ?? filesOf(specifier, find) ?? []
    })
  }

  #relative(from: string, { specifier, level, names }: ParsedImport): readonly string[] {
    const base = ancestor(from, level)
    if (base === undefined) return []
    const find = (name: string, mode: Mode): Place | undefined =>
      name === ''
        ? this.#modules.folderModule(base, mode)
        : this.#cached(`${base}/.${name} ${mode}`, () => this.#modules.find([base], name.split('.'), mode))
    return names.flatMap((name) => {
      const full = specifier === '' ? name : `${specifier}.${name}`
      const member = name === '*' ? undefined : filesOf(full, find)
      return member ?? filesOf(specifier, find) ?? []
    })
  }

  /** A module by its whole name: from the source roots, else as if a folder around the file were one. */
  #find(from: string, name: string, mode: Mode): Place | undefined {
    if (BUILT_IN.has(name)) return undefined
    const parts = name.split('.')
    const everywhere = this.#cached(`${name} ${mode}`, () => this.#modules.find(this.#roots, parts, mode))
    if (everywhere !== undefined) return everywhere
    const folder = parentOf(from)
    const near = this.#cached(`${folder}//${name} ${mode}`, () => {
      return this.#modules.find(this.#near(folder), parts, mode)
    })
    if (near !== undefined) return near
    return this.#cached(`//${name} ${mode}`, () => this.#modules.find(this.#projects, parts, mode))
  }

  #near(folder: string): readonly string[] {
    const known = this.#folders.get(folder) ?? searchFolders(folder, this.#modules)
    this.#folders.set(folder, known)
    return known
  }

  #cached(key: string, find: () => Place | undefined): Place | undefined {
    let place = this.#known.get(key)
    if (place === undefined) {
      place = find() ?? null
      this.#known.set(key, place)
    }
    return place ?? undefined
  }
}

/** The file of a module, and beside a stub the source that it describes; undefined where there is no such file. */
function filesOf(name: string, find: (name: string, mode: Mode) => Place | undefined): Found {
  const file = find(name, 'stubs')?.file
  if (file === undefined) return undefined
  if (!file.endsWith('.pyi')) return [file]
  const source = find(name, 'source')?.file
  return source === undefined ? [file] : [file, source]
}

/** The folder that so many dots before a module's name mean; undefined above the tree. */
function ancestor(file: string, level: number): string | undefined {
  let folder = parentOf(file)
  for (let step = 1; step < level; step++) {
    if (folder === '') return undefined
    folder = parentOf(folder)
  }
  return folder
}
