/**
 * The model store: packed rows, grouped in buckets. All of a bucket changes together with the bucket's fence in one
 * atomic compare-and-set, which is what makes the model count each access exactly once (docs/architecture.md, rule 1).
 * Adapters: Redis and Redis Cluster, one SQLite file, memory.
 */
import type { NoteStore } from './notes.ts'

/** Rows that a shard's owner holds in memory (`model`), rows read on demand (`sequences`), names of shards (`shards`). */
export type RowSpace = 'model' | 'sequences' | 'shards'

export type RowAddress = {
  readonly bucket: number
  /** Short id (16 hex digits) of the shard's key. */
  readonly shard: string
  readonly space: RowSpace
}

/** A row to write, or with `value` null to delete. */
export type RowWrite = {
  readonly shard: string
  readonly space: RowSpace
  readonly row: string
  readonly value: Uint8Array | null
}

/** The store refuses more rows than this in one change: a script must stay short. */
export const ROWS_PER_APPLY_MAX = 500

export type ApplyRequest = {
  readonly bucket: number
  /** Fence that the writer believes to be there; null for none. */
  readonly expected: string | null
  readonly next: string
  readonly rows: readonly RowWrite[]
}

/** `applied` false: the fence was another one, nothing was written; `fence` is the one that is there. */
export type ApplyResult = { readonly applied: true } | { readonly applied: false; readonly fence: string | null }

/** What a model was made with; processes that disagree must not write. */
export type ModelMeta = { readonly partitions: number; readonly shards: number; readonly limits: string }

/** How near a store is to what models must not suffer: of the node that is worst off. */
export type StoreRoom = {
  /** Keys that the store has dropped by itself since it started: rows are missing, and nobody else notices. */
  readonly evicted: number
  /** Share of the memory that it may take which is in use, 0..1; 0 where nothing bounds it. */
  readonly memoryShare: number
}

export interface ModelStore {
  /** Notes beside the models, in the same engine. They are no part of a bucket and of no model version. */
  readonly notes: NoteStore
  /** Fences of buckets, in the order asked. */
  fences(buckets: readonly number[]): Promise<readonly (string | null)[]>
  /** Writes rows and fence together if the fence is still `expected`. At most ROWS_PER_APPLY_MAX rows. */
  apply(request: ApplyRequest): Promise<ApplyResult>
  /** All rows of one space of a shard, in chunks, in no order. */
  scan(address: RowAddress): AsyncIterable<readonly (readonly [row: string, value: Uint8Array])[]>
  /** Some rows, in the order asked; null where there is none. */
  get(address: RowAddress, rows: readonly string[]): Promise<readonly (Uint8Array | null)[]>
  /** Keys (`workspace#shard`) of all shards that have rows, as noted in the `shards` space. */
  shardKeys(): Promise<readonly string[]>
  /** Removes all rows and the fence of a bucket: its owner then folds it again from the log's start. */
  dropBucket(bucket: number): Promise<void>
  /** Stores the meta if there is none; returns the one that is there now. */
  claim(meta: ModelMeta): Promise<ModelMeta>
  /** A small shared value outside rule 1 (scorer weights, switches), with its version for compare-and-set. */
  shared(name: string): Promise<{ readonly value: Uint8Array; readonly version: number } | null>
  /** Replaces a shared value if its version is still `version` (0 for none); false when somebody else was first. */
  share(name: string, value: Uint8Array, version: number): Promise<boolean>
  /** Rejects with FW_STORE_MAY_EVICT when the store could drop rows by itself. */
  verify(): Promise<void>
  /** Null where the store does not tell. */
  room(): Promise<StoreRoom | null>
  healthy(): Promise<boolean>
  close(): Promise<void>
}
