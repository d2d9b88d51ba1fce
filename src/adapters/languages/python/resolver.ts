import type { ParsedImport } from '../../../dependencies/parsed-file.ts'
import type { Resolver, SourceTree } from '../../../ports/language.ts'
import { type Mode, Modules, type Place, parentOf, stubsOf } from './modules.ts'
import { projectFolders, searchFolders, sourceRoots } from './roots.ts'

/** Modules that the interpreter holds itself, so that no file of their name is ever imported (CPython 3.8 to 3.15). */
const BUILT_IN = new Set(
  (
    '_abc _ast _codecs _collections _functools _imp _io _locale _operator _signal _sre _stat _string _suggestions ' +
    '_symtable _sysconfig _thread _tokenize _tracemalloc _types _typing _warnings _weakref atexit builtins errno ' +
    'faulthandler gc itertools marshal posix pwd sys time types typing_extensions'
  ).split(' '),
)

/** Leads imports of Python to the files of a tree. */
export function createPythonResolver(tree: SourceTree): Resolver {
  const resolver = new PythonResolver(tree.files)
  return { resolve: (from, imports) => resolver.resolve(from, imports) }
}

type Find = (name: string, mode: Mode) => Place | undefined

/** Answers of searches; null: nothing found. */
type Known = Map<string, Place | null>

class PythonResolver {
  readonly #modules: Modules
  readonly #roots: readonly string[]
  readonly #projects: readonly string[]
  /** By name: the search that is the same from everywhere. */
  readonly #everywhere = { stubs: new Map(), source: new Map() } satisfies Record<Mode, Known>
  /** By folder and name: the search that depends on where a file lies. */
  readonly #around = { stubs: new Map(), source: new Map() } satisfies Record<Mode, Known>
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
    const [first = ''] = specifier.split('.', 1)
    // Most imports are of what is installed elsewhere.
    if (!this.#modules.isAnywhere(first) && !this.#modules.isAnywhere(stubsOf(first))) return []
    return this.#members({ specifier, names }, (name, mode) => this.#find(from, name, mode))
  }

  #relative(from: string, { specifier, level, names }: ParsedImport): readonly string[] {
    const base = ancestor(from, level)
    if (base === undefined) return []
    return this.#members({ specifier, names }, (name, mode) =>
      name === '' ? this.#modules.folderModule(base, mode) : this.#modules.find([base], name.split('.'), mode),
    )
  }

  /** The files of a module, or of what is taken from it where that is a module itself. */
  #members({ specifier, names }: Pick<ParsedImport, 'specifier' | 'names'>, find: Find): readonly string[] {
    const place = find(specifier, 'stubs')
    const own = (): readonly string[] => filesOf(place, () => find(specifier, 'source'))
    if (names.length === 0) return own()
    return names.flatMap((name) => {
      const full = specifier === '' ? name : `${specifier}.${name}`
      // A package or module hides whatever else has its name; of namespace packages there may be several.
      const isOne = place !== undefined && place.kind !== 'namespace'
      const member = name === '*' ? undefined : isOne ? this.#modules.child(place, name, 'stubs') : find(full, 'stubs')
      const files = filesOf(member, () => find(full, 'source'))
      return files.length > 0 ? files : own()
    })
  }

  /** A module by its whole name: from the source roots, else as if a folder around the file were one. */
  #find(from: string, name: string, mode: Mode): Place | undefined {
    if (BUILT_IN.has(name)) return undefined
    const everywhere = this.#cached(this.#everywhere[mode], name, () => this.#search(this.#roots, name, mode))
    if (everywhere !== null) return everywhere
    const folder = parentOf(from)
    const near = this.#cached(this.#around[mode], `${folder}:${name}`, () => {
      return this.#search(this.#near(folder), name, mode) ?? this.#search(this.#projects, name, mode)
    })
    return near ?? undefined
  }

  #search(roots: readonly string[], name: string, mode: Mode): Place | undefined {
    return this.#modules.find(roots, name.split('.'), mode)
  }

  #near(folder: string): readonly string[] {
    const known = this.#folders.get(folder) ?? searchFolders(folder, this.#modules)
    this.#folders.set(folder, known)
    return known
  }

  #cached(known: Known, key: string, search: () => Place | undefined): Place | null {
    let place = known.get(key)
    if (place === undefined) {
      place = search() ?? null
      known.set(key, place)
    }
    return place
  }
}

/** The file of a module, and beside a stub the source that it describes. */
function filesOf(place: Place | undefined, source: () => Place | undefined): readonly string[] {
  const file = place?.file
  if (file === undefined) return []
  const described = file.endsWith('.pyi') ? source()?.file : undefined
  return described === undefined ? [file] : [file, described]
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
