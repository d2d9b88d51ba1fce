import type { ParsedImport } from '../../../dependencies/parsed-file.ts'
import type { Resolver, SourceTree } from '../../../ports/language.ts'
import { textAt } from './data.ts'
import { targetsOf } from './exports.ts'
import { FileLookup } from './file-lookup.ts'
import { Packages } from './packages.ts'
import { folderOf, inNodeModules, isBelow, joined } from './paths.ts'
import { type ModuleSettings, substitutesOf, TsConfigs } from './ts-configs.ts'

/** Conditions of package.json that hold, first for `import`, then for `require`. */
const CONDITIONS = ['import', 'require'].map((syntax) => [syntax, 'types', 'node', 'module', 'source', 'default'])

/** Folders into which sources are built. */
const BUILT = new Set(['dist', 'lib', 'build', 'out', 'output', 'esm', 'cjs', 'es', 'types', 'module', 'commonjs'])

/** Finds files as TypeScript does, without a file system. */
export class TypeScriptResolver implements Resolver {
  readonly #packages: Packages
  readonly #configs: TsConfigs
  readonly #lookup: FileLookup
  /** By folder, then by specifier: a folder's files mostly import the same. */
  readonly #known = new Map<string, Map<string, string | null>>()

  constructor({ files, configurations }: SourceTree) {
    this.#packages = new Packages(configurations)
    this.#configs = new TsConfigs(configurations, this.#packages)
    this.#lookup = new FileLookup(files, (folder) => this.#packages.entriesOf(folder))
  }

  resolve(from: string, imports: readonly ParsedImport[]): readonly string[] {
    const found = new Set<string>()
    for (const { specifier } of imports) {
      const path = this.#inFolder(folderOf(from), specifier)
      if (path !== null && path !== from) found.add(path)
    }
    return [...found]
  }

  #inFolder(folder: string, specifier: string): string | null {
    const known = this.#known.get(folder) ?? new Map<string, string | null>()
    this.#known.set(folder, known)
    const before = known.get(specifier)
    if (before !== undefined) return before
    const path = this.#find(folder, specifier) ?? this.#withoutQuery(folder, specifier)
    const result = path === null || inNodeModules(path) ? null : path
    known.set(specifier, result)
    return result
  }

  /** Bundlers let imports carry a query: `./icon.svg?raw`. */
  #withoutQuery(folder: string, specifier: string): string | null {
    const at = specifier.indexOf('?')
    return at < 1 ? null : this.#find(folder, specifier.slice(0, at))
  }

  #find(folder: string, specifier: string): string | null {
    if (/^\.\.?(?:\/|$)/.test(specifier)) return this.#relative(folder, specifier)
    if (specifier.startsWith('/') || /^[a-z]{2,}:/.test(specifier)) return null
    const settings = this.#configs.for(folder)
    return (
      this.#first(settings.flatMap((one) => this.#bySettings(one, specifier))) ??
      (specifier.startsWith('#') ? this.#byImports(folder, specifier) : this.#byPackage(folder, specifier))
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

  #byImports(folder: string, specifier: string): string | null {
    const scope = this.#packages.scopeOf(folder)
    if (scope === null) return null
    const table = this.#packages.at(scope)?.['imports']
    for (const target of this.#targets(table, specifier, folder)) {
      const found = target.startsWith('.') ? this.#target(scope, target) : this.#byPackage(folder, target)
      if (found !== null) return found
    }
    return null
  }

  #byPackage(folder: string, specifier: string): string | null {
    const [, name, rest = ''] = /^((?:@[^/]+\/)?[^/@#][^/]*)(\/.*)?$/.exec(specifier) ?? []
    const found = name === undefined ? null : this.#packages.named(name, folder)
    if (found === null) return null
    const data = this.#packages.at(found) ?? {}
    const isSelf = this.#packages.scopeOf(folder) === found
    if (data['exports'] !== undefined && data['exports'] !== null) return this.#exported(found, `.${rest}`, folder)
    // Without exports a package cannot name itself.
    return isSelf && textAt(data, 'name') === name ? null : this.#inside(found, rest)
  }

  #exported(found: string, subpath: string, folder: string): string | null {
    const targets = this.#targets(this.#packages.at(found)?.['exports'], subpath, folder)
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

  #targets(table: unknown, subpath: string, folder: string): readonly string[] {
    const custom = this.#configs.for(folder).flatMap(({ conditions }) => conditions)
    return CONDITIONS.flatMap((conditions) => targetsOf(table, subpath, new Set([...conditions, ...custom])))
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
