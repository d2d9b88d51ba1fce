import type { KeptImports } from './kept-imports.ts'
import type { SourceListing } from './listing.ts'

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

type Counted = {
  readonly listing: SourceListing
  readonly kept: ReadonlyMap<string, KeptImports>
  readonly parsed: number
  readonly unreadable: number
}

/** Counts the sources of a listing by what is kept of them. */
export function countsOf({ listing, kept, parsed, unreadable }: Counted): GraphCounts {
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

/** Of each source file the version whose imports are known; absent where they could not be followed. */
export function followedVersions(
  { sources }: SourceListing,
  kept: ReadonlyMap<string, KeptImports>,
): ReadonlyMap<string, string> {
  const versions = new Map<string, string>()
  for (const { path } of sources) {
    const { version = null, state = null } = kept.get(path) ?? {}
    if (version !== null && state !== 'tooLarge') versions.set(path, version)
  }
  return versions
}
