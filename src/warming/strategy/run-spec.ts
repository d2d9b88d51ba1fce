/** What a run is to do, with every value decided: what a strategy becomes when it is asked for. */

/** How the files that a run begins with are found. */
export const SELECTOR_KINDS = [
  /** Files that match the glob `value`. */
  'glob',
  /** Paths in the file `value` of the workspace, one a line. */
  'list',
  /** Files that differ from the branch, tag or commit `value`. */
  'changed',
  /** The `count` files read most often. */
  'mostAccessed',
  /** The `count` files that most sessions of the analyzer `value` read. */
  'profile',
  /** The `count` files read most often at this hour of the day. */
  'peakHour',
  /** Up to `count` files whose next read is expected within the hour: last access plus mean interval. */
  'withinHour',
] as const

export type SelectorKind = (typeof SELECTOR_KINDS)[number]

export type FileSelector = {
  readonly kind: SelectorKind
  /** Meaning by kind; empty where the kind needs none. */
  readonly value: string
  /** Files that it gives at most; 0 for no bound of its own. */
  readonly count: number
}

export const AGGRESSIVENESS = ['low', 'medium', 'high'] as const
export type Aggressiveness = (typeof AGGRESSIVENESS)[number]

export type RunSpec = {
  /** Besides the paths that the request names. */
  readonly selectors: readonly FileSelector[]
  /** How far imports of the priority files are followed; 0 for the files alone. */
  readonly dependencyDepth: number
  /** Files in flight over all workers. */
  readonly parallelWorkers: number
  /** Files of one command, before it adapts to pressure. */
  readonly batchSize: number
  /** Whether what the models expect beside the priority files is warmed too. */
  readonly predictivePrefetch: boolean
  /** Whether predicted files of the run are settled by later reads, so that accuracy is learned from them. */
  readonly accessPatternLearning: boolean
  /** Memory pressure, 0..1, above which warming stops. */
  readonly pressureMax: number
  /** Files of the run; 0 for no bound of its own. */
  readonly filesMax: number
  /** Bytes that the run may bring in; 0 for no bound of its own. */
  readonly bytesMax: number
  /** Bytes a second over all workers; 0 for no bound of its own. */
  readonly bytesPerSecondMax: number
  readonly aggressiveness: Aggressiveness
  /** Only look which files are in the cache. */
  readonly check: boolean
  /** The run whose files that were not warmed are tried again; selectors and paths then count for nothing. */
  readonly retryOf: string | null
}
