/** A repository that is read through one long-lived git process: commits, folders, files. */
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { LRUCache } from 'lru-cache'
import { unavailable } from '../unavailable.ts'
import { ObjectReader } from './object-reader.ts'
import { type Git, isRef } from './run.ts'
import { parseTree, type TreeEntry } from './tree.ts'

/** Entries of folders that are remembered, over all commits; about 150 bytes each. */
const TREE_ENTRIES_MAX = 300_000

/** Roots of commits that are remembered. */
const ROOTS_MAX = 64

/** A folder over this size is no folder of source files, bytes. */
const TREE_BYTES_MAX = 64 * 1_048_576

export type RepositoryOptions = {
  /** Folder of the repository: a bare one, or one with a work tree. */
  readonly repository: string
  readonly searchPath: string | undefined
  /** Git is killed when an answer takes so long, milliseconds. */
  readonly timeoutMs: number
}

type Tree = ReadonlyMap<string, TreeEntry>

export class Repository {
  readonly #options: RepositoryOptions
  readonly #trees = new LRUCache<string, Tree>({ maxSize: TREE_ENTRIES_MAX, sizeCalculation: (tree) => tree.size + 1 })
  readonly #roots = new LRUCache<string, string>({ max: ROOTS_MAX })
  #opened: Promise<{ git: Git; reader: ObjectReader }> | null = null
  #closed = false

  constructor(options: RepositoryOptions) {
    this.#options = options
  }

  /** How git is run here, for commands of their own. */
  async git(): Promise<Git> {
    return (await this.#open()).git
  }

  /** The commit that a branch, tag or id names now; null when there is none. */
  async commit(ref: string, signal: AbortSignal): Promise<string | null> {
    if (!isRef(ref)) return null
    const info = await (await this.#open()).reader.info(`${ref}^{commit}`, signal)
    return info?.type === 'commit' ? info.id : null
  }

  /** What a path is at a commit; null when nothing. */
  async entry(commit: string, path: string, signal: AbortSignal): Promise<TreeEntry | null> {
    const segments = path.split('/')
    const name = segments.pop() ?? ''
    let folder = await this.#root(commit, signal)
    for (const segment of segments) {
      const entry = (await this.#tree(folder, signal)).get(segment)
      if (entry === undefined) return null
      if (entry.kind !== 'folder') return entry.kind === 'file' ? null : entry
      folder = entry.id
    }
    return (await this.#tree(folder, signal)).get(name) ?? null
  }

  /** Size of a blob in bytes; null when the repository lacks it. */
  async size(id: string, signal: AbortSignal): Promise<number | null> {
    return (await (await this.#open()).reader.info(id, signal))?.bytes ?? null
  }

  async blob(id: string, signal: AbortSignal): Promise<Uint8Array | null> {
    return (await this.#open()).reader.contents(id, signal)
  }

  async close(): Promise<void> {
    this.#closed = true
    const opened = await this.#opened?.catch(() => null)
    opened?.reader.close()
  }

  #open(): Promise<{ git: Git; reader: ObjectReader }> {
    if (this.#closed) return Promise.reject(unavailable('the git origin is closed'))
    this.#opened ??= this.#find().catch((cause) => {
      this.#opened = null
      throw cause
    })
    return this.#opened
  }

  async #find() {
    const { searchPath, timeoutMs } = this.#options
    const repository = resolve(this.#options.repository)
    const inside = join(repository, '.git')
    const found = await stat(inside).catch(() => stat(repository).catch(() => null))
    if (found === null) throw unavailable(`there is no git repository at ${repository}: check that it is mounted`)
    const git: Git = { directory: (await stat(inside).catch(() => null)) === null ? repository : inside, searchPath }
    return { git, reader: new ObjectReader(git, timeoutMs) }
  }

  async #root(commit: string, signal: AbortSignal): Promise<string> {
    const known = this.#roots.get(commit)
    if (known !== undefined) return known
    const info = await (await this.#open()).reader.info(`${commit}^{tree}`, signal)
    if (info === null) throw unavailable(`the repository lacks the tree of the commit ${commit}: fetch it whole`)
    this.#roots.set(commit, info.id)
    return info.id
  }

  /** A folder by its id. What an id names never changes, so a folder that is known stays known. */
  async #tree(id: string, signal: AbortSignal): Promise<Tree> {
    const known = this.#trees.get(id)
    if (known !== undefined) return known
    const size = await this.size(id, signal)
    if (size !== null && size > TREE_BYTES_MAX) throw unavailable(`the folder ${id} of the repository is too large`)
    const bytes = size === null ? null : await this.blob(id, signal)
    if (bytes === null) throw unavailable(`the repository lacks the folder ${id}: fetch it whole`)
    const tree = parseTree(bytes, id.length / 2)
    this.#trees.set(id, tree)
    return tree
  }
}
