/** The import graph of a workspace, brought up to date with its origin at the least cost. */
import { closure, type ImportGraph, importGraph } from '../../dependencies/import-graph.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Language, SourceTree } from '../../ports/language.ts'
import type { NoteStore } from '../../ports/notes.ts'
import { orAborted } from '../../ports/or-aborted.ts'
import type { Origin } from '../../ports/origin.ts'
import type { Parser } from '../../ports/parser.ts'
import { Configurations } from './configurations.ts'
import { countsOf, followedVersions, type GraphCounts } from './counts.ts'
import { type FollowedImports, followImports } from './follow.ts'
import { isSameNote, type KeptImports, loadKept, saveKept } from './kept-imports.ts'
import { listSources, type SourceListing } from './listing.ts'
import { isFresh, type ParsedEntry, parseChanged, type SourceEntry } from './parse-changed.ts'

export type GraphDeps = {
  readonly languages: readonly Language[]
  readonly parser: Parser
  readonly notes: NoteStore
  readonly clock: Pick<Clock, 'sleep'>
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

export type FollowWish = Omit<GraphWish, 'onProgress'> & {
  readonly paths: readonly string[]
  /** Imports that are followed, one after the other, at most. */
  readonly depth: number
  /** After so long what is known by then has to do. */
  readonly timeMs: number
}

/** Revisions of a workspace whose graph a process remembers; the least recently used leaves. */
const REVISIONS_MAX = 8

/** Files resolved between two looks at what else there is to do. */
const RESOLVED_AT_ONCE = 500

type Kept = Map<string, KeptImports>

type Changes = {
  /** What to write down; null removes. */
  readonly files: Map<string, KeptImports | null>
  parsed: number
  unreadable: number
}

export class WorkspaceGraph {
  readonly #deps: GraphDeps
  readonly #configurations = new Configurations()
  /** Of its own: what `refresh` has seen tells it whether its last result still holds. */
  readonly #followed = new Configurations()
  #kept: Kept | null = null
  #loading: Promise<Kept> | null = null
  /** Changes with what is kept of files, whoever has parsed them. */
  #edition = 0
  /** The last result, and what it was made of. */
  #last: { readonly files: ReadonlySet<string>; readonly edition: number; readonly graph: ImportGraph } | null = null
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

  /** Waits for no refresh: its wish is short of time. */
  async follow({ paths, depth, timeMs, ...wish }: FollowWish): Promise<FollowedImports> {
    const over = new AbortController()
    const timer = new AbortController()
    this.#deps.clock.sleep(timeMs, timer.signal).then(
      () => over.abort(new Error('the time for following imports is over')),
      () => {},
    )
    try {
      const inTime = { ...wish, signal: AbortSignal.any([wish.signal, over.signal]) }
      return await this.#follow(inTime, paths, depth)
    } catch (cause) {
      wish.signal.throwIfAborted()
      if (!over.signal.aborted) throw cause
      // Not even the listing was there.
      return { depths: new Map(paths.map((path) => [path, 0])), asked: paths.length, known: 0 }
    } finally {
      timer.abort()
    }
  }

  /** `wish.signal` is aborted when the time is over: once there is a listing that only ends the parsing. */
  async #follow(wish: GraphWish, paths: readonly string[], depth: number): Promise<FollowedImports> {
    const { languages } = this.#deps
    const revision = await wish.origin.revision(wish.signal)
    const before = revision === null ? undefined : this.#byRevision.get(revision)
    if (before !== undefined) return { depths: closure(before.graph, paths, depth), asked: 0, known: 0 }
    const at = revision === null ? wish : { ...wish, origin: wish.origin.at(revision) }
    const listing = await listSources(at.origin, languages, wish.signal)
    const configurations = await this.#followed.read(at.origin, listing.configurations, wish.signal)
    const kept = await this.#load(wish.workspace)
    const bringUpToDate = async (sources: readonly SourceEntry[]): Promise<boolean> => {
      try {
        await this.#parseAndKeep(at, sources, emptyChanges())
        return true
      } catch (cause) {
        if (wish.signal.aborted) return false
        throw cause
      }
    }
    const tree = { files: listing.files, configurations: configurations.bytes }
    return followImports({ languages, listing, tree, kept: () => kept, bringUpToDate }, paths, depth)
  }

  #load(workspace: string): Promise<Kept> {
    this.#loading ??= loadKept(this.#deps.notes, workspace).catch((cause: unknown) => {
      this.#loading = null
      throw cause
    })
    return this.#loading
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
    for (const old of this.#byRevision.keys()) if (this.#byRevision.size > REVISIONS_MAX) this.#byRevision.delete(old)
  }

  async #build(wish: GraphWish): Promise<RefreshedGraph> {
    const { languages } = this.#deps
    const listing = await listSources(wish.origin, languages, wish.signal)
    const configurations = await this.#configurations.read(wish.origin, listing.configurations, wish.signal)
    const { kept, parsed, unreadable } = await this.#bringUpToDate(wish, listing)
    const counts = countsOf({ listing, kept, parsed, unreadable })
    const edition = this.#edition
    const isKnown = this.#last?.edition === edition && haveSameFiles(this.#last.files, listing.files)
    const tree: SourceTree = { files: listing.files, configurations: configurations.bytes }
    const madeOf = { ...tree, counts, versions: followedVersions(listing, kept) }
    if (isKnown && !configurations.isChanged && this.#last !== null) return { graph: this.#last.graph, ...madeOf }
    const graph = await this.#resolve(tree, listing.sources, wish.signal)
    this.#last = { files: listing.files, edition, graph }
    return { graph, ...madeOf }
  }

  /** Parses what has changed, forgets what is gone, writes both down. */
  async #bringUpToDate(wish: GraphWish, { sources }: SourceListing): Promise<Changes & { kept: Kept }> {
    const kept = await this.#load(wish.workspace)
    this.#kept = kept
    const paths = new Set(sources.map(({ path }) => path))
    const changes = emptyChanges()
    for (const path of kept.keys()) if (!paths.has(path)) changes.files.set(path, null)
    await this.#parseAndKeep(wish, sources, changes)
    return { ...changes, kept }
  }

  /** What was parsed until its signal was aborted is kept, too: it needs no second time. */
  async #parseAndKeep(wish: GraphWish, sources: readonly SourceEntry[], changes: Changes): Promise<void> {
    const kept = await this.#load(wish.workspace)
    try {
      // An origin may not heed the signal.
      await orAborted(this.#parse(wish, sources, { changes, known: kept }), wish.signal)
    } finally {
      await saveKept(this.#deps.notes, wish.workspace, changes.files)
      if (changes.files.size > 0) this.#edition += 1
      for (const [path, file] of changes.files) {
        if (file === null) kept.delete(path)
        else kept.set(path, file)
      }
    }
  }

  async #parse(
    wish: GraphWish,
    sources: readonly SourceEntry[],
    { changes, known }: { readonly changes: Changes; readonly known: ReadonlyMap<string, KeptImports> },
  ): Promise<void> {
    const { origin, signal, onProgress } = wish
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

const emptyChanges = (): Changes => ({ files: new Map(), parsed: 0, unreadable: 0 })

function haveSameFiles(some: ReadonlySet<string> | undefined, others: ReadonlySet<string>): boolean {
  if (some === undefined || some.size !== others.size) return false
  for (const path of some) if (!others.has(path)) return false
  return true
}
