import type { ParsedImport } from '../../../dependencies/parsed-file.ts'
import type { Resolver, SourceTree } from '../../../ports/language.ts'
import { targetsOf } from './exports.ts'
import { FileLookup } from './file-lookup.ts'
import { Packages } from './packages.ts'
import { folderOf, inNodeModules, isBelow, joined } from './paths.ts'
import { type ModuleSettings, substitutesOf, TsConfigs } from './ts-configs.ts'

type Syntax = 'import' | 'require'

/** Conditions of package.json that hold: those of the importing file's own syntax first. */
const conditionsFor = (syntax: Syntax): readonly (readonly string[])[] =>
  [syntax, syntax === 'import' ? 'require' : 'import'].map((one) => [
    one,
    'types',
    'node',
    'module',
    'source',
    'default',
  ])

/** Whether a file is CommonJS, by its name. */
const syntaxOf = (path: string): Syntax => (/\.c[jt]s$/.test(path) ? 'require' : 'import')

/** Where an import stands: all files of a folder with one syntax find the same. */
type Place = { readonly folder: string; readonly syntax: Syntax }

/** Folders into which sources are built. */
const BUILT = new Set(['dist', 'lib', 'build', 'out', 'output', 'esm', 'cjs', 'es', 'types', 'module', 'commonjs'])

/** Finds files as TypeScript does, without a file system. */
export class TypeScriptResolver implements Resolver {
  readonly #packages: Packages
  readonly #configs: TsConfigs
  readonly #lookup: FileLookup
  /** By place, then by specifier. */
  readonly #results = new Map<string, Map<string, string | null>>()

  constructor({ files, configurations }: SourceTree) {
    this.#packages = new Packages(configurations)
    this.#configs = new TsConfigs(configurations, this.#packages)
    this.#lookup = new FileLookup(files, (folder) => this.#packages.entriesOf(folder))
  }

  resolve(from: string, imports: readonly ParsedImport[]): readonly string[] {
    const found = new Set<string>()
    const place: Place = { folder: folderOf(from), syntax: syntaxOf(from) }
    for (const { specifier } of imports) {
      const path = this.#known(place, specifier)
      if (path !== null && path !== from) found.add(path)
    }
    return [...found]
  }

  #known(place: Place, specifier: string): string | null {
    const key = `${place.syntax} ${place.folder}`
    const known = this.#results.get(key) ?? new Map<string, string | null>()
    this.#results.set(key, known)
    const before = known.get(specifier)
    if (before !== undefined) return before
    const path = this.#find(place, specifier) ?? this.#withoutQuery(place, specifier)
    const result = path === null || inNodeModules(path) ? null : path
    known.set(specifier, result)
    return result
  }

  /** Bundlers let imports carry a query: `./icon.svg?raw`. */
  #withoutQuery(place: Place, specifier: string): string | null {
    const at = specifier.indexOf('?')
    return at < 1 ? null : this.#find(place, specifier.slice(0, at))
  }

  #find(place: Place, specifier: string): string | null {
    const { folder } = place
    if (/^\.\.?(?:\/|$)/.test(specifier)) return this.#relative(folder, specifier)
    if (specifier.startsWith('/') || /^[a-z]{2,}:/.test(specifier)) return null
    const settings = this.#configs.for(folder)
    return (
      this.#first(settings.flatMap((one) => this.#bySettings(one, specifier))) ??
      (specifier.startsWith('#') ? this.#byImports(place, specifier) : this.#byPackage(place, specifier))
    )
  }

  #relative(folder: string, specifier: string): string | null {
    const path = joined(folder, specifier)
    if (path === null) return null
    return this.#at(path, specifier) ?? this.#byRootDirs(folder, path)
  }

  /** A specifier that ends as a folder does names no file. */
  #at(path: string, specifier: string): string | null {
    return /(?:^|\/)\.{0,2}$/.test(specifier) ? this.#lookup.folder(path) : this.#lookup.find(path)
  }

  /** `rootDirs` lays folders over one another. */
  #byRootDirs(folder: string, path: string): string | null {
    for (const { rootDirs } of this.#configs.for(folder)) {
      const own = rootDirs.filter((root) => isBelow(path, root)).sort((one, other) => other.length - one.length)[0]
      if (own === undefined) continue
      const inner = path.slice(own === '' ? 0 : own.length + 1)
      const found = this.#first(rootDirs.filter((root) => root !== own).flatMap((root) => joined(root, inner) ?? []))
      if (found !== null) return found
    }
    return null
  }

  #bySettings(settings: ModuleSettings, specifier: string): readonly string[] {
    const based = settings.baseUrl === null ? null : joined(settings.baseUrl, specifier)
    return [...substitutesOf(settings, specifier), ...(based === null ? [] : [based])]
  }

  #first(paths: readonly string[]): string | null {
    for (const path of paths) {
      const found = this.#lookup.find(path)
      if (found !== null) return found
    }
    return null
  }

  #byImports(place: Place, specifier: string): string | null {
    const scope = this.#packages.scopeOf(place.folder)
    if (scope === null) return null
    const table = this.#packages.at(scope)?.['imports']
    for (const target of this.#targets(table, specifier, place)) {
      const found = target.startsWith('.') ? this.#target(scope, target) : this.#byPackage(place, target)
      if (found !== null) return found
    }
    return null
  }

  #byPackage(place: Place, specifier: string): string | null {
    const [, name, rest = ''] = /^((?:@[^/]+\/)?[^/@#][^/]*)(\/.*)?$/.exec(specifier) ?? []
    const found = name === undefined ? null : this.#packages.named(name, place.folder)
    if (found === null) return null
    const table = this.#packages.at(found)?.['exports'] ?? null
    if (table === null) return this.#inside(found, rest)
    const targets = this.#targets(table, `.${rest}`, place)
    for (const target of targets) {
      const path = this.#target(found, target)
      if (path !== null) return path
    }
    return this.#firstSource(found, targets)
  }

  /** A package without exports: any of its files by name, its entry by none. */
  #inside(found: string, rest: string): string | null {
    const path = joined(found, rest)
    if (path === null) return null
    const there = rest === '' ? this.#lookup.folder(path) : this.#lookup.find(path)
    return there ?? this.#firstSource(found, rest === '' ? this.#packages.entriesOf(found) : [rest])
  }

  #targets(table: unknown, subpath: string, { folder, syntax }: Place): readonly string[] {
    const custom = this.#configs.for(folder).flatMap(({ conditions }) => conditions)
    return conditionsFor(syntax).flatMap((conditions) => targetsOf(table, subpath, new Set([...conditions, ...custom])))
  }

  #target(found: string, target: string): string | null {
    const path = joined(found, target)
    return path === null ? null : (this.#lookup.file(path) ?? this.#lookup.find(path))
  }

  /** The source of an entry that is not built yet: `dist/esm/x.js` is made of `src/x.ts` nearly everywhere. */
  #firstSource(found: string, targets: readonly string[]): string | null {
    const stems = targets.map((target) => {
      const segments = target.split('/').filter((segment) => segment !== '' && segment !== '.')
      const inner = segments.findIndex((segment) => !BUILT.has(segment))
      return segments.slice(Math.max(0, inner)).join('/')
    })
    return this.#first(
      [...stems, 'index'].flatMap((stem) => [joined(found, `src/${stem}`), joined(found, stem)].filter(isPath)),
    )
  }
}

const isPath = (path: string | null): path is string => path !== null
