import { mayBeImported, treeDigest } from '../dependencies/fingerprint.ts'
import { Slots } from '../flows/slots.ts'
import type { Sha256Hex } from '../model/identity.ts'
import type { ImportGraphs } from '../ports/import-graphs.ts'
import type { Origin } from '../ports/origin.ts'

export type SnapshotDependencies = {
  readonly origin: Pick<Origin, 'read'> & Partial<Pick<Origin, 'version' | 'list'>>
  readonly sha256Hex: Sha256Hex
  readonly fileBytesMax: number
}

/** Files that are looked at side by side. */
const LOOKS_MAX = 16

const NEVER = new AbortController().signal

/** The files of an origin as one session finds them: each is looked at once, and counts as unchanged from then on. */
export class OriginSnapshot {
  readonly #deps: SnapshotDependencies
  readonly #slots = new Slots(LOOKS_MAX)
  readonly #versions = new Map<string, Promise<string>>()
  #tree: Promise<string | null> | null = null

  constructor(deps: SnapshotDependencies) {
    this.#deps = deps
  }

  /** Content version of a file: without reading it where the origin knows it so. Empty when there is nothing to read. */
  version(path: string): Promise<string> {
    const known = this.#versions.get(path)
    if (known !== undefined) return known
    const found = this.#look(path)
    this.#versions.set(path, found)
    // What failed is asked again.
    found.catch(() => this.#versions.delete(path))
    return found
  }

  /** What decides, beside the files themselves, where imports lead; null where the origin has no listing. */
  tree(graphs: Pick<ImportGraphs, 'sources'>): Promise<string | null> {
    this.#tree ??= this.#listTree(graphs)
    this.#tree.catch(() => {
      this.#tree = null
    })
    return this.#tree
  }

  async #look(path: string): Promise<string> {
    const { origin, fileBytesMax } = this.#deps
    await this.#slots.take(NEVER)
    try {
      const version = await origin.version?.(path, NEVER)
      if (typeof version === 'string') return version
      const read = await origin.read(path, { bytesMax: fileBytesMax, signal: NEVER })
      return read.outcome === 'read' ? read.file.version : ''
    } finally {
      this.#slots.release()
    }
  }

  async #listTree(graphs: Pick<ImportGraphs, 'sources'>): Promise<string | null> {
    const { origin, sha256Hex } = this.#deps
    if (origin.list === undefined) return null
    const names = await graphs.sources()
    const paths: string[] = []
    for await (const { path, version } of origin.list(NEVER)) {
      if (!mayBeImported(path, names)) continue
      paths.push(path)
      if (version !== null) this.#versions.set(path, Promise.resolve(version))
    }
    const configurations = paths
      .filter(names.isConfiguration)
      .map(async (path) => [path, await this.version(path)] as const)
    return treeDigest(paths, await Promise.all(configurations), sha256Hex)
  }
}
