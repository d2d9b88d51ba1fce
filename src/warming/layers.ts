/**
 * The kinds of values that a file has in the cache. A reader and a worker agree on a value's name only if they agree on
 * the version of its layer, so both look it up in the same list.
 */
export type LayerName = {
  /** What commands and readers ask for: `content`, `ast`, a word of the fleet's own. */
  readonly name: string
  /** Changes whenever the same file would give another value; old values then simply are no longer found. */
  readonly version: string
  /** Whether files of this path have a value, by the path alone; all have, unless told. */
  readonly handles?: (path: string) => boolean
}

export type LayerNames = ReadonlyMap<string, LayerName>
