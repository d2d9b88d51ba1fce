import { type Data, isData, readJsonWithComments, textAt, textsOf } from './data.ts'
import type { Packages } from './packages.ts'
import { folderOf, isBelow, joined } from './paths.ts'

/** What a tsconfig.json or jsconfig.json says about finding files; paths are of the tree. */
export type ModuleSettings = {
  readonly baseUrl: string | null
  /** Patterns with at most one `*`, with their substitutes. */
  readonly paths: readonly (readonly [pattern: string, targets: readonly string[]])[]
  readonly rootDirs: readonly string[]
  readonly conditions: readonly string[]
}

const NAMES = ['tsconfig.json', 'jsconfig.json']

export const isTsConfig = (path: string): boolean =>
  /(?:^|\/)(?:[^/]*[jt]sconfig[^/]*\.json|[^/]*tsconfig[^/]*\/(?:[^/]+\/)?[^/]+\.json)$/.test(path)

/** Stands for the folder of the file that extends, not of the extended one. */
const CONFIG_FOLDER = /^\$\{configDir\}\/?/

/** Configuration files within configuration files that are followed. */
const EXTENDS_MAX = 16

/** The settings that hold for files of a tree: those of the nearest configuration file at or above them. */
export class TsConfigs {
  readonly #files = new Map<string, Data>()
  readonly #packages: Packages
  readonly #byFolder = new Map<string, readonly ModuleSettings[]>()

  constructor(configurations: ReadonlyMap<string, Uint8Array>, packages: Packages) {
    this.#packages = packages
    for (const [path, bytes] of configurations) if (isTsConfig(path)) this.#files.set(path, readJsonWithComments(bytes))
  }

  /**
   * Settings for the files of a folder; more than one where its configuration file only refers to others, in the order
   * of these.
   */
  for(folder: string): readonly ModuleSettings[] {
    const known = this.#byFolder.get(folder)
    if (known !== undefined) return known
    const file = NAMES.map((name) => joined(folder, name) ?? name).find((path) => this.#files.has(path))
    const found = file !== undefined ? this.#withReferences(file) : folder === '' ? [] : this.for(folderOf(folder))
    this.#byFolder.set(folder, found)
    return found
  }

  #withReferences(file: string): readonly ModuleSettings[] {
    const references = this.#files.get(file)?.['references']
    const referred = (Array.isArray(references) ? references : []).flatMap((reference) => {
      const path = isData(reference) ? joined(folderOf(file), textAt(reference, 'path') ?? '') : null
      // A project of another folder has its own files: only those of this folder share them with this file.
      return path === null || !isBelow(path, folderOf(file)) || folderOf(path) !== folderOf(file) ? [] : [path]
    })
    return [file, ...referred.filter((path) => this.#files.has(path))].map((path) => this.#settings(path))
  }

  #settings(file: string): ModuleSettings {
    const chain = this.#chain(file)
    const last = (key: string) => chain.find(({ options }) => options[key] !== undefined)
    const at = (key: string, path: string): string | null => {
      const from = last(key)
      if (from === undefined) return null
      const own = path.replace(CONFIG_FOLDER, './')
      return joined(folderOf(own === path ? from.file : file), own)
    }
    const baseUrl = at('baseUrl', textAt(last('baseUrl')?.options ?? {}, 'baseUrl') ?? '')
    return {
      baseUrl,
      paths: pathsOf(last('paths')?.options['paths'], (target) =>
        baseUrl === null || CONFIG_FOLDER.test(target) ? at('paths', target) : joined(baseUrl, target),
      ),
      rootDirs: textsOf(last('rootDirs')?.options['rootDirs']).flatMap((path) => at('rootDirs', path) ?? []),
      conditions: textsOf(last('customConditions')?.options['customConditions']),
    }
  }

  /** The file and those it extends, the most binding first. */
  #chain(file: string): readonly { readonly file: string; readonly options: Data }[] {
    const chain: { readonly file: string; readonly options: Data }[] = []
    const open = [file]
    for (let path = open.pop(); path !== undefined && chain.length < EXTENDS_MAX; path = open.pop()) {
      const data = this.#files.get(path) ?? {}
      chain.push({ file: path, options: isData(data['compilerOptions']) ? data['compilerOptions'] : {} })
      const bases = typeof data['extends'] === 'string' ? [data['extends']] : textsOf(data['extends'])
      for (const base of bases) open.push(...this.#extended(path, base))
    }
    return chain
  }

  #extended(file: string, base: string): readonly string[] {
    const folder = folderOf(file)
    const target = /^\.\.?(?:\/|$)/.test(base) ? joined(folder, base) : this.#inPackage(base, folder)
    if (target === null) return []
    const found = [target, `${target}.json`, `${target}/tsconfig.json`].find((path) => this.#files.has(path))
    return found === undefined ? [] : [found]
  }

  #inPackage(base: string, folder: string): string | null {
    const [, name = '', rest = ''] = /^((?:@[^/]+\/)?[^/]+)(.*)$/.exec(base) ?? []
    const found = this.#packages.named(name, folder)
    return found === null ? null : joined(found, rest === '' ? 'tsconfig.json' : rest)
  }
}

function pathsOf(table: unknown, place: (target: string) => string | null): ModuleSettings['paths'] {
  if (!isData(table)) return []
  return Object.entries(table).map(([pattern, targets]) => [
    pattern,
    textsOf(targets).flatMap((one) => place(one) ?? []),
  ])
}

/** Paths that the settings put in the place of a name, by the pattern with the longest match before its `*`. */
export function substitutesOf({ paths }: ModuleSettings, name: string): readonly string[] {
  let best: { readonly prefix: number; readonly targets: readonly string[] } | null = null
  for (const [pattern, targets] of paths) {
    const star = pattern.indexOf('*')
    if (star === -1) {
      if (pattern === name) return targets
      continue
    }
    const suffix = pattern.slice(star + 1)
    const isMatch =
      name.length >= pattern.length - 1 && name.startsWith(pattern.slice(0, star)) && name.endsWith(suffix)
    if (!isMatch || (best !== null && best.prefix >= star)) continue
    const middle = name.slice(star, name.length - suffix.length)
    best = { prefix: star, targets: targets.map((target) => target.replace('*', () => middle)) }
  }
  return best?.targets ?? []
}
