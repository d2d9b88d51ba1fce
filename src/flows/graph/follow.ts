/** Follows imports from some files on, and parses no others. */
import type { Language, Resolver, SourceTree } from '../../ports/language.ts'
import type { KeptImports } from './kept-imports.ts'
import type { SourceListing } from './listing.ts'
import { isFresh, type SourceEntry } from './parse-changed.ts'

/** Files that are reached, with how many imports lead to each; and how many of those to be followed could be parsed. */
export type FollowedImports = {
  readonly depths: ReadonlyMap<string, number>
  /** Source files whose imports were asked for, and how many of them have been looked at: fewer when time was over. */
  readonly asked: number
  readonly known: number
}

export type FollowDeps = {
  readonly languages: readonly Language[]
  readonly listing: SourceListing
  readonly tree: SourceTree
  /** What is known of files now. */
  readonly kept: () => ReadonlyMap<string, KeptImports>
  /** Parses those of the files that are not known as they are now; false when there was no time for all. */
  readonly bringUpToDate: (sources: readonly SourceEntry[]) => Promise<boolean>
}

/**
 * What the whole graph's closure over at most `depth` imports would be: level by level, so that what is nearest is known
 * first when time is over. The paths themselves have depth 0, known or not.
 */
export async function followImports(
  deps: FollowDeps,
  paths: readonly string[],
  depth: number,
): Promise<FollowedImports> {
  const depths = new Map<string, number>(paths.map((path) => [path, 0]))
  const follower = new Follower(deps)
  let level: readonly string[] = paths
  for (let at = 1; at <= depth && level.length > 0; at += 1) {
    const found = (await follower.importsOf(level)).filter((path) => !depths.has(path))
    for (const path of found) depths.set(path, at)
    if (follower.isOutOfTime) break
    level = [...new Set(found)]
  }
  return { depths, asked: follower.asked, known: follower.known }
}

class Follower {
  readonly #deps: FollowDeps
  readonly #sources: ReadonlyMap<string, SourceEntry>
  readonly #resolvers = new Map<Language, Resolver>()
  asked = 0
  known = 0
  isOutOfTime = false

  constructor(deps: FollowDeps) {
    this.#deps = deps
    this.#sources = new Map(deps.listing.sources.map((entry) => [entry.path, entry]))
  }

  async importsOf(paths: readonly string[]): Promise<readonly string[]> {
    const sources = this.#sourcesOf(paths)
    this.asked += sources.length
    await this.#parse(sources)
    const kept = this.#deps.kept()
    // When time was over, what was known of a file before it changed has to do.
    this.known += this.isOutOfTime ? sources.filter((one) => isFresh(kept.get(one.path), one)).length : sources.length
    const found = new Set(sources.flatMap((source) => this.#resolve(source, kept)))
    return this.#withoutLeftOut([...found])
  }

  #sourcesOf(paths: readonly string[]): readonly SourceEntry[] {
    return paths.flatMap((path) => this.#sources.get(path) ?? [])
  }

  async #parse(sources: readonly SourceEntry[]): Promise<void> {
    if (this.isOutOfTime || sources.length === 0) return
    this.isOutOfTime = !(await this.#deps.bringUpToDate(sources))
  }

  #resolve({ path, language }: SourceEntry, kept: ReadonlyMap<string, KeptImports>): readonly string[] {
    const resolver = this.#resolvers.get(language) ?? language.resolver(this.#deps.tree)
    this.#resolvers.set(language, resolver)
    return resolver.resolve(path, kept.get(path)?.imports ?? [])
  }

  /** Where only parsing tells that no import leads to a file, what imports lead to is parsed too. */
  async #withoutLeftOut(paths: readonly string[]): Promise<readonly string[]> {
    await this.#parse(this.#sourcesOf(paths).filter(({ language }) => language.leavesOut === true))
    const kept = this.#deps.kept()
    return paths.filter((path) => kept.get(path)?.leftOut !== true)
  }
}
