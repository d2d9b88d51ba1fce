import type { ParsedImport } from '../../../dependencies/parsed-file.ts'
import type { Resolver, SourceTree } from '../../../ports/language.ts'
import { fitsByName } from './constraints.ts'
import { type ModuleFile, parseModuleFile } from './modules.ts'

const MODULE_FILE = 'go.mod'
const WORKSPACE_FILE = 'go.work'

/** Folders of the tree by the module paths under which a module sees them. */
type Visible = ReadonlyMap<string, string>

/** Leads imports of Go to the files of a tree. */
export function createGoResolver(tree: SourceTree): Resolver {
  const resolver = new GoResolver(tree)
  return { resolve: (from, imports) => resolver.resolve(from, imports) }
}

class GoResolver {
  /** Files that an import of a folder leads to. */
  readonly #sources: ReadonlyMap<string, readonly string[]>
  readonly #modules = new Map<string, ModuleFile>()
  readonly #workspaces = new Map<string, ModuleFile>()
  readonly #visible = new Map<string, Visible>()
  readonly #homes = new Map<string, string | undefined>()

  constructor({ files, configurations }: SourceTree) {
    this.#sources = sourcesByFolder(files)
    for (const [path, bytes] of configurations) {
      const kinds = nameOf(path) === MODULE_FILE ? this.#modules : this.#workspaces
      if (isModuleFile(path)) kinds.set(parentOf(path), parseModuleFile(bytes))
    }
  }

  resolve(from: string, imports: readonly ParsedImport[]): readonly string[] {
    const home = this.#home(parentOf(from))
    if (home === undefined) return []
    const visible = this.#visibleFrom(home)
    const found = imports.flatMap(({ specifier }) => this.#package(specifier, visible))
    return [...new Set(found)].filter((file) => file !== from)
  }

  /** Files of a package, by the longest module path that begins its own. */
  #package(specifier: string, visible: Visible): readonly string[] {
    for (let path = specifier; path !== ''; path = parentOf(path)) {
      const module = visible.get(path)
      if (module === undefined) continue
      const folder = join(module, specifier.slice(path.length + 1))
      // A folder with a go.mod of its own, or below one, belongs to that module alone.
      return folder !== undefined && this.#home(folder) === module ? (this.#sources.get(folder) ?? []) : []
    }
    return []
  }

  /** The folder of the module to which a folder belongs. */
  #home(folder: string): string | undefined {
    if (this.#homes.has(folder)) return this.#homes.get(folder)
    const home = this.#modules.has(folder) ? folder : folder === '' ? undefined : this.#home(parentOf(folder))
    this.#homes.set(folder, home)
    return home
  }

  #visibleFrom(home: string): Visible {
    const known = this.#visible.get(home) ?? this.#findVisible(home)
    this.#visible.set(home, known)
    return known
  }

  /** The module itself, those of its workspace, and those that it replaces by folders. */
  #findVisible(home: string): Visible {
    const own = this.#modules.get(home)
    if (own === undefined) return new Map()
    const workspace = this.#workspaceOf(home)
    const members = workspace === undefined ? [home] : this.#members(workspace)
    const visible = new Map<string, string>()
    for (const folder of [...members, home]) this.#addReplaced(visible, folder, this.#modules.get(folder))
    if (workspace !== undefined) this.#addReplaced(visible, workspace, this.#workspaces.get(workspace))
    for (const folder of [...members, home]) visible.set(this.#modules.get(folder)?.module ?? '', folder)
    return visible
  }

  #addReplaced(visible: Map<string, string>, folder: string, file: ModuleFile | undefined): void {
    for (const [path, target] of file?.replaced ?? []) {
      const local = join(folder, target)
      if (local !== undefined) visible.set(path, local)
    }
  }

  /** The nearest go.work around a module that uses it. */
  #workspaceOf(home: string): string | undefined {
    for (let folder = home; ; folder = parentOf(folder)) {
      if (this.#workspaces.has(folder)) return this.#members(folder).includes(home) ? folder : undefined
      if (folder === '') return undefined
    }
  }

  #members(workspace: string): readonly string[] {
    const uses = this.#workspaces.get(workspace)?.uses ?? []
    return uses.flatMap((use) => {
      const folder = join(workspace, use)
      return folder !== undefined && this.#modules.has(folder) ? [folder] : []
    })
  }
}

export const isModuleFile = (path: string): boolean => [MODULE_FILE, WORKSPACE_FILE].includes(nameOf(path))

/** Go files by folder, without tests and without those whose name is for another platform. */
function sourcesByFolder(files: ReadonlySet<string>): ReadonlyMap<string, readonly string[]> {
  const sources = new Map<string, string[]>()
  for (const file of files) {
    if (!file.endsWith('.go') || file.endsWith('_test.go') || !fitsByName(file)) continue
    const folder = parentOf(file)
    const known = sources.get(folder)
    if (known === undefined) sources.set(folder, [file])
    else known.push(file)
  }
  for (const known of sources.values()) known.sort()
  return sources
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

/** A folder by a relative path from another; undefined outside of the tree. */
function join(folder: string, path: string): string | undefined {
  const parts = folder === '' ? [] : folder.split('/')
  for (const part of path.split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) return undefined
    } else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts.join('/')
}
