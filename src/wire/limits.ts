/** What one record may hold. A record beyond a limit is neither written nor read: it is parked with the limit's name. */

/** Longest record in bytes, frame included. */
export const RECORD_BYTES_MAX = 1_048_576
/** Entries of all lists of a record together, checked before any of them is read. */
export const RECORD_ITEMS_MAX = 16_384
/** Entries that take no byte at all (nulls, empty records): nothing else bounds how many a few bytes claim. */
export const ZERO_SIZE_ITEMS_MAX = 1_024
/** Nesting of a writer's schema along one record. */
export const DEPTH_MAX = 32

export const ACCESSES_MAX = 1_000
export const CHANGES_MAX = 1_000
export const FILES_MAX = 1_000
export const REQUEST_PATHS_MAX = 10_000
export const REQUEST_LAYERS_MAX = 16
/** Files of one run. */
export const RUN_FILES_MAX = 1_000_000
export const SELECTORS_MAX = 64
export const SELECTOR_LENGTH_MAX = 256
export const DEPENDENCY_DEPTH_MAX = 5
export const PARALLEL_WORKERS_MAX = 16
/** 2100-01-01 in milliseconds since the Unix epoch: a later time is a unit mixed up, not a time. */
export const TIME_MS_MAX = 4_102_444_800_000
/** Shards of one workspace are fewer than buckets. */
export const SHARD_MAX = 1_023

/** Longest names, in UTF-16 units. */
export const WORKSPACE_LENGTH_MAX = 256
export const SESSION_LENGTH_MAX = 256
export const ACTOR_LENGTH_MAX = 256
export const REVISION_LENGTH_MAX = 256
export const ID_LENGTH_MAX = 128
export const ANALYZER_LENGTH_MAX = 128
export const VERSION_LENGTH_MAX = 128
export const WORD_LENGTH_MAX = 64
