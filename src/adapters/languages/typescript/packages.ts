import { type Glob, readGlob } from '../../../warming/glob.ts'
import { type Data, isData, readJson, readYaml, textAt, textsOf } from './data.ts'
import { folderOf, foldersUp, inNodeModules, isBelow, joined } from './paths.ts'

/** The packages of a tree: which folder has which package.json, and which names lead to which folder. */
export class Packages {
  readonly #byFolder = new Map<string, Data>()
  /** Folders of packages by name, for each root of workspaces. */
  readonly #members = new Map<string, ReadonlyMap<string, string>>()

  constructor(configurations: ReadonlyMap<string, Uint8Array>) {
    for (const [path, bytes] of configurations) {
      if (/(?:^|\/)package\.json$/.test(path) && !inNodeModules(path))
        this.#byFolder.set(folderOf(path), readJson(bytes))
    }
    for (const [root, globs] of rootsOf(this.#byFolder, configurations)) {
      this.#members.set(root, membersOf(root, globs, this.#byFolder))
    }
  }

  at(folder: string): Data | null {
    return this.#byFolder.get(folder) ?? null
  }

  /** The folder of the package that a folder belongs to. */
  scopeOf(folder: string): string | null {
    for (const up of foldersUp(folder)) if (this.#byFolder.has(up)) return up
    return null
  }

  /**
   * The folder of the package of that name which a file below `folder` sees: the one that it belongs to, if that has
   * `exports`, or a member of its workspaces.
   */
  named(name: string, folder: string): string | null {
    for (const up of foldersUp(folder)) {
      const own = this.#byFolder.get(up)
      if (isData(own?.['exports']) && own['name'] === name) return up
      const member = this.#members.get(up)?.get(name)
      if (member !== undefined) return member
    }
    return null
  }

  /** What the package.json of a folder names as its entries, best first. */
  entriesOf(folder: string): readonly string[] {
    const data = this.#byFolder.get(folder)
    if (data === undefined) return []
    return ['types', 'typings', 'main', 'module'].flatMap((key) => textAt(data, key) ?? [])
  }
}

function* rootsOf(
  packages: ReadonlyMap<string, Data>,
  configurations: ReadonlyMap<string, Uint8Array>,
): Generator<readonly [root: string, globs: readonly string[]]> {
  for (const [folder, data] of packages) {
    const listed = data['workspaces']
    const globs = textsOf(isData(listed) ? listed['packages'] : listed)
    if (globs.length > 0) yield [folder, globs]
  }
  for (const [path, bytes] of configurations) {
    if (/(?:^|\/)pnpm-workspace\.yaml$/.test(path)) yield [folderOf(path), textsOf(readYaml(bytes)['packages'])]
  }
}

/** Globs name folders below the root; those that begin with `!` take folders out again. */
function membersOf(
  root: string,
  globs: readonly string[],
  packages: ReadonlyMap<string, Data>,
): ReadonlyMap<string, string> {
  const wanted = globs.filter((glob) => !glob.startsWith('!')).flatMap(folderGlob)
  const unwanted = globs.filter((glob) => glob.startsWith('!')).flatMap((glob) => folderGlob(glob.slice(1)))
  const members = new Map<string, string>()
  for (const [folder, data] of packages) {
    const name = textAt(data, 'name')
    if (name === null || folder === root || !isBelow(folder, root) || members.has(name)) continue
    const inner = root === '' ? folder : folder.slice(root.length + 1)
    const matches = (one: Glob): boolean => one.matches(inner)
    if (wanted.some(matches) && !unwanted.some(matches)) members.set(name, folder)
  }
  return members
}

function folderGlob(text: string): readonly Glob[] {
  const glob = readGlob(joined('', text) ?? '')
  return 'problem' in glob ? [] : [glob]
}
