/** The import graph of a workspace, brought up to date with its origin at the least cost. */
import { type ImportGraph, importGraph } from '../../dependencies/import-graph.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Language, SourceTree } from '../../ports/language.ts'
import type { NoteStore } from '../../ports/notes.ts'
import type { Origin } from '../../ports/origin.ts'
import type { Parser } from '../../ports/parser.ts'
import { Configurations } from './configurations.ts'
import { type KeptImports, loadKept, saveKept } from './kept-imports.ts'
import { listSources, type SourceListing } from './listing.ts'
import { isFresh, type ParsedEntry, parseChanged, type SourceEntry } from './parse-changed.ts'

export type GraphDeps = {
  readonly languages: readonly Language[]
  readonly parser: Parser
  readonly notes: NoteStore
  readonly clock: Pick<Clock, 'sleep'>
}

/** What became of the source files of a workspace: each is parsed, kept or unreadable. */
export type GraphCounts = {
  readonly parsed: number
  /** Known already or too large: not read, or not parsed again. */
  readonly kept: number
  /** Not readable now; without imports in the graph. */
  readonly unreadable: number
  /** Over SOURCE_BYTES_MAX; without imports in the graph. Among `parsed` or `kept`. */
  readonly tooLarge: number
  /** With faults in their source. Among `parsed` or `kept`. */
  readonly faulty: number
}

export type RefreshedGraph = {
  readonly graph: ImportGraph
  readonly counts: GraphCounts
  /** All files of the listing that the imports were resolved over. */
  readonly files: ReadonlySet<string>
  readonly configurations: ReadonlyMap<string, Uint8Array>
  /** Of each source file the version whose imports are in the graph; absent where they could not be followed. */
  readonly versions: ReadonlyMap<string, string>
}

export type GraphWish = {
  readonly workspace: string
  readonly origin: Origin
  readonly signal: AbortSignal
  /** Called as files are done with, out of all that have to be looked at. */
  readonly onProgress?: (done: number, of: number) => void
}

/** Workspaces, and revisions of one, whose graph a process remembers; the least recently used leaves. */
const REMEMBERED_MAX = 8

/** Files resolved between two looks at what else there is to do. */
const RESOLVED_AT_ONCE = 500

/** Graphs of workspaces. Several processes may keep the same notes: what is written is a function of the files alone. */
export class ImportGraphs {
  readonly #deps: GraphDeps
  readonly #workspaces = new Map<string, WorkspaceGraph>()

  constructor(deps: GraphDeps) {
    this.#deps = deps
  }

  /**
   * The graph as the origin's files are now. Files that cannot be read, are too large or broken are counted and never
   * stop it. Rejects as Origin.list does, and with FW_STORE_UNAVAILABLE.
   */
  async refresh(wish: GraphWish): Promise<RefreshedGraph> {
    const known = this.#workspaces.get(wish.workspace) ?? new WorkspaceGraph(this.#deps)
    this.#workspaces.delete(wish.workspace)
    this.#workspaces.set(wish.workspace, known)
    for (const name of this.#workspaces.keys())
      if (this.#workspaces.size > REMEMBERED_MAX) this.#workspaces.delete(name)
    return known.refresh(wish)
  }
}

type Kept = Map<string, KeptImports>

type Changes = {
  /** What to write down; null removes. */
  readonly files: Map<string, KeptImports | null>
  parsed: number
  unreadable: number
}

class WorkspaceGraph {
  readonly #deps: GraphDeps
  readonly #configurations = new Configurations()
  #kept: Kept | null = null
  /** The last result, and the files that it was made of. */
  #last: { readonly files: ReadonlySet<string>; readonly graph: ImportGraph } | null = null
  /** Results by revision: what a revision names never changes. */
  readonly #byRevision = new Map<string, RefreshedGraph>()
  /** One refresh of a workspace at a time: the second one finds nearly all done by the first. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(deps: GraphDeps) {
    this.#deps = deps
  }

  refresh(wish: GraphWish): Promise<RefreshedGraph> {
    const mine = this.#turn.then(() => this.#refresh(wish))
    this.#turn = mine.catch(() => null)
    return mine
  }

  async #refresh(wish: GraphWish): Promise<RefreshedGraph> {
    wish.signal.throwIfAborted()
    const revision = await wish.origin.revision(wish.signal)
    const before = revision === null ? undefined : this.#byRevision.get(revision)
    if (before !== undefined) return { ...before, counts: { ...before.counts, parsed: 0, kept: before.graph.size } }
    const result = await this.#build(revision === null ? wish : { ...wish, origin: wish.origin.at(revision) })
    // Files that could not be read may be readable the next time.
    if (revision !== null && result.counts.unreadable === 0) this.#remember(revision, result)
    return result
  }

  #remember(revision: string, result: RefreshedGraph): void {
    this.#byRevision.set(revision, result)
    for (const old of this.#byRevision.keys()) if (this.#byRevision.size > REMEMBERED_MAX) this.#byRevision.delete(old)
  }

  async #build(wish: GraphWish): Promise<RefreshedGraph> {
    const { languages } = this.#deps
    const listing = await listSources(wish.origin, languages, wish.signal)
    const configurations = await this.#configurations.read(wish.origin, listing.configurations, wish.signal)
    const { kept, files, parsed, unreadable } = await this.#bringUpToDate(wish, listing)
    const counts = countsOf({ listing, kept, parsed, unreadable })
    const isSame = files.size === 0 && !configurations.isChanged && haveSameFiles(this.#last?.files, listing.files)
    const tree: SourceTree = { files: listing.files, configurations: configurations.bytes }
    const madeOf = { ...tree, counts, versions: followedVersions(listing, kept) }
    if (isSame && this.#last !== null) return { graph: this.#last.graph, ...madeOf }
    const graph = await this.#resolve(tree, listing.sources, wish.signal)
    this.#last = { files: listing.files, graph }
    return { graph, ...madeOf }
  }

  /** Parses what has changed, forgets what is gone, writes both down. */
  async #bringUpToDate(wish: GraphWish, { sources }: SourceListing): Promise<Changes & { kept: Kept }> {
    this.#kept ??= await loadKept(this.#deps.notes, wish.workspace)
    const kept = this.#kept
    const paths = new Set(sources.map(({ path }) => path))
    const changes: Changes = { files: new Map(), parsed: 0, unreadable: 0 }
    for (const path of kept.keys()) if (!paths.has(path)) changes.files.set(path, null)
    try {
      await this.#parse(wish, sources, changes)
    } finally {
      // What was parsed until a refresh was cancelled needs no second time.
      await saveKept(this.#deps.notes, wish.workspace, changes.files)
      for (const [path, file] of changes.files) {
        if (file === null) kept.delete(path)
        else kept.set(path, file)
      }
    }
    return { ...changes, kept }
  }

  async #parse(wish: GraphWish, sources: readonly SourceEntry[], changes: Changes): Promise<void> {
    const { origin, signal, onProgress } = wish
    const known: ReadonlyMap<string, KeptImports> = this.#kept ?? new Map()
    const changed = sources.filter((entry) => !isFresh(known.get(entry.path), entry))
    let count = 0
    const done = ({ path, kept, isParsed }: ParsedEntry): void => {
      if (kept === null || !isSameNote(known.get(path), kept)) changes.files.set(path, kept)
      if (kept === null) changes.unreadable += 1
      if (isParsed) changes.parsed += 1
      onProgress?.(++count, changed.length)
    }
    await parseChanged({ origin, parser: this.#deps.parser, known, signal, done }, changed)
  }

  async #resolve(tree: SourceTree, sources: readonly SourceEntry[], signal: AbortSignal): Promise<ImportGraph> {
    const resolvers = new Map(this.#deps.languages.map((language) => [language, language.resolver(tree)]))
    const edges: (readonly [string, readonly string[]])[] = []
    for (const { path, language } of sources) {
      const imports = this.#kept?.get(path)?.imports ?? []
      const found = resolvers.get(language)?.resolve(path, imports) ?? []
      edges.push([path, found.filter((to) => this.#kept?.get(to)?.leftOut !== true)])
      if (edges.length % RESOLVED_AT_ONCE === 0) await this.#deps.clock.sleep(0, signal)
    }
    return importGraph(edges)
  }
}

function followedVersions({ sources }: SourceListing, kept: Kept): ReadonlyMap<string, string> {
  const versions = new Map<string, string>()
  for (const { path } of sources) {
    const { version = null, state = null } = kept.get(path) ?? {}
    if (version !== null && state !== 'tooLarge') versions.set(path, version)
  }
  return versions
}

const isSameNote = (one: KeptImports | undefined, other: KeptImports): boolean =>
  one?.version === other.version && one.signature === other.signature && one.parser === other.parser

function haveSameFiles(some: ReadonlySet<string> | undefined, others: ReadonlySet<string>): boolean {
  if (some === undefined || some.size !== others.size) return false
  for (const path of some) if (!others.has(path)) return false
  return true
}

type Counted = {
  readonly listing: SourceListing
  readonly kept: ReadonlyMap<string, KeptImports>
  readonly parsed: number
  readonly unreadable: number
}

function countsOf({ listing, kept, parsed, unreadable }: Counted): GraphCounts {
  const states = { parsed: 0, faulty: 0, tooLarge: 0 }
  for (const { path } of listing.sources) {
    const state = kept.get(path)?.state
    if (state !== undefined) states[state] += 1
  }
  return {
    parsed,
    kept: listing.sources.length - parsed - unreadable,
    unreadable,
    tooLarge: states.tooLarge,
    faulty: states.faulty,
  }
}
