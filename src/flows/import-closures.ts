/** The closures of a workspace's files, on top of its import graph. */
import { type FileVersion, mayBeImported, type SourceNames, treeDigest } from '../dependencies/fingerprint.ts'
import { closure } from '../dependencies/import-graph.ts'
import type { Sha256Hex } from '../model/identity.ts'
import type { Clock } from '../ports/clock.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { GraphSnapshot, GraphWish, ImportGraphs } from '../ports/import-graphs.ts'
import type { Language } from '../ports/language.ts'
import { orAborted } from '../ports/or-aborted.ts'
import type { Origin, Origins } from '../ports/origin.ts'
import type { RefreshedGraph } from './graph/workspace-graph.ts'

export type FollowImports = (wish: {
  readonly workspace: string
  readonly origin: Origin
  readonly signal: AbortSignal
  readonly onProgress?: () => void
}) => Promise<RefreshedGraph>

export type ClosureDependencies = {
  readonly origins: Origins
  readonly languages: readonly Language[]
  readonly follow: FollowImports
  readonly clock: Pick<Clock, 'now'>
  readonly sha256Hex: Sha256Hex
  /** Git blob id of some bytes. */
  readonly blobId: (bytes: Uint8Array) => string
  /** Largest file of another kind than source that is read for its version. */
  readonly fileBytesMax: number
}

/** Snapshots that a process remembers; the least recently used leaves. */
const REMEMBERED_MAX = 8

export const createImportClosures = (deps: ClosureDependencies): ImportGraphs => new ImportClosures(deps)

type Remembered = {
  readonly takenAtMs: number
  readonly taken: Promise<GraphSnapshot>
  /** Of a commit that was named by its id: it holds for ever. */
  isFixed: boolean
}

class ImportClosures implements ImportGraphs {
  readonly #deps: ClosureDependencies
  readonly #names: SourceNames
  readonly #remembered = new Map<string, Remembered>()

  constructor(deps: ClosureDependencies) {
    this.#deps = deps
    this.#names = {
      isSource: (path) => deps.languages.some((language) => language.handles(path)),
      isConfiguration: (path) => deps.languages.some((language) => language.isConfiguration(path)),
    }
  }

  async sources(): Promise<SourceNames> {
    return this.#names
  }

  async snapshot(wish: GraphWish, signal: AbortSignal): Promise<GraphSnapshot> {
    signal.throwIfAborted()
    const key = JSON.stringify([wish.workspace, wish.revision])
    const before = this.#remembered.get(key)
    const serves = before !== undefined && (before.isFixed || before.takenAtMs >= wish.sinceMs)
    const found = serves ? before : this.#take(wish)
    this.#remembered.delete(key)
    this.#remembered.set(key, found)
    for (const old of this.#remembered.keys()) if (this.#remembered.size > REMEMBERED_MAX) this.#remembered.delete(old)
    // What failed is tried again by whoever comes next.
    found.taken.catch(() => {
      if (this.#remembered.get(key) === found) this.#remembered.delete(key)
    })
    return orAborted(found.taken, signal)
  }

  /** Goes on when one of those who wait gives up: the others wait for the same. */
  #take(wish: GraphWish): Remembered {
    const takenAtMs = this.#deps.clock.now()
    const found: Remembered = { takenAtMs, taken: this.#look(wish, takenAtMs), isFixed: false }
    found.taken.then(
      ({ revision }) => {
        found.isFixed = revision !== null && revision === wish.revision
      },
      () => {},
    )
    return found
  }

  async #look({ workspace, revision: named, onProgress }: GraphWish, takenAtMs: number): Promise<GraphSnapshot> {
    const origin = this.#deps.origins(workspace)?.at(named)
    if (origin === undefined) throw new ForewarmError('FW_ORIGIN_UNAVAILABLE', 'the workspace has no origin here')
    const revision = await origin.revision(NEVER)
    const wish = { workspace, origin: origin.at(revision), signal: NEVER }
    const followed = await this.#deps.follow(onProgress === undefined ? wish : { ...wish, onProgress })
    const look: Look = { followed, origin: wish.origin, others: new Map() }
    return {
      takenAtMs,
      revision,
      tree: this.#treeOf(followed),
      closure: (path, signal) => this.#closure(path, look, signal),
    }
  }

  #treeOf({ files, configurations }: RefreshedGraph): string {
    const paths = [...files].filter((path) => mayBeImported(path, this.#names))
    const versions = [...configurations].map(([path, bytes]) => [path, this.#deps.blobId(bytes)] as const)
    return treeDigest(paths, versions, this.#deps.sha256Hex)
  }

  async #closure(path: string, look: Look, signal: AbortSignal): ReturnType<GraphSnapshot['closure']> {
    const { graph, files } = look.followed
    if (!files.has(path)) return null
    const versions: FileVersion[] = []
    for (const file of closure(graph, [path], Number.POSITIVE_INFINITY).keys()) {
      const version = await this.#version(file, look, signal)
      if (version === null) return 'incomplete'
      versions.push([file, version])
    }
    const [first, ...others] = versions
    return first === undefined ? null : [first, ...others]
  }

  /** Null for a source file whose imports could not be followed; empty where there is nothing to read. */
  async #version(path: string, { followed, origin, others }: Look, signal: AbortSignal): Promise<string | null> {
    const version = followed.versions.get(path) ?? others.get(path)
    if (version !== undefined) return version
    if (followed.graph.has(path)) return null
    const found = (await origin.version(path, signal)) ?? (await this.#readVersion(path, origin, signal))
    others.set(path, found)
    return found
  }

  async #readVersion(path: string, origin: Origin, signal: AbortSignal): Promise<string> {
    const read = await origin.read(path, { bytesMax: this.#deps.fileBytesMax, signal })
    return read.outcome === 'read' ? read.file.version : ''
  }
}

/** One look at an origin; `others`: versions of files that imports lead to, but that are no sources. */
type Look = { readonly followed: RefreshedGraph; readonly origin: Origin; readonly others: Map<string, string> }

const NEVER = new AbortController().signal
