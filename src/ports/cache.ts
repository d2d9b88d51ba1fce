/**
 * The distributed cache of immutable values. A key names workspace, layer, producer version, path and content version
 * (src/warming/cache-key.ts), so nothing stale can replace anything. Adapters: Redis and Redis Cluster, SQLite, memory.
 *
 * Values leave for room, not for age: one that was read lives for years, renewed at each hit. What was used within the
 * last 15 minutes (a setting) is live, what was not is cold. A prediction counts as used when it comes in; a warm that
 * somebody asked for (a run) does not, and lives for minutes unless it is read. When room is short they leave in this
 * order: what has expired; what is cold, used longest ago first; warms asked for that nobody has read, the oldest first;
 * unread predictions above their share (src/model/warm-share.ts), the oldest first; what is live, used longest ago first.
 * So warms that were asked for never take the place of live values, and predictions do as long as they are read.
 */

import type { SpendLimit } from '../warming/spend.ts'

/** Where a value came from; a warm says which command brought it and the trace that it belongs to. */
export type EntrySource =
  | { readonly kind: 'fill' }
  | { readonly kind: 'warm'; readonly commandId: string; readonly traceparent: string | null }

/** A value that was found. */
export type CacheEntry = {
  readonly value: Uint8Array
  readonly source: EntrySource
  /** True exactly once: at the first read of an entry that a worker put there. */
  readonly firstRead: boolean
}

/** Where a value that is put comes from; of a warm, whether it was predicted or asked for (the default). */
export type PutSource =
  | Extract<EntrySource, { kind: 'fill' }>
  | (Extract<EntrySource, { kind: 'warm' }> & { readonly predicted?: boolean })

/** Names one value; adapters add a prefix. */
export type CacheKey = {
  /** Short id of the workspace: every key of a workspace begins with it, so that it can be counted and cleared. */
  readonly workspaceId: string
  /** The rest of the key; holds no user text. */
  readonly rest: string
}

/** What one workspace holds in the cache. */
export type CacheStats = {
  readonly entries: number
  readonly bytes: number
  /** Entries that a worker put there and nobody has read yet. */
  readonly unreadWarms: number
}

/** Stored now, there already (and never replaced), or no room for it. */
export type PutResult = 'stored' | 'present' | 'full'

export type CachePressure = {
  /** Bytes that the cache may hold; null when it has no limit. */
  readonly bytesMax: number | null
  readonly bytesUsed: number
  /** Share of its memory held by entries that are live, 0..1 (sampled); in a cluster of the node with the most. */
  readonly pressure: number
  /** The same of the node with the least: under it some keys still have room. Equal to `pressure` outside a cluster. */
  readonly pressureMin: number
  /** Whether unread predictions hold less than the share that they have earned, so that pressure stops none. */
  readonly takesPredictions: boolean
}

/**
 * The shared cache of values. Whatever is asked of it rejects with FW_CACHE_UNAVAILABLE (retriable) while it is away.
 */
export interface Cache {
  /** Reads a value and renews its life, or null. */
  get(key: CacheKey): Promise<CacheEntry | null>
  /** Which of the keys are there, in the order asked, without renewing them. */
  has(keys: readonly CacheKey[]): Promise<readonly boolean[]>
  /** Puts a value unless one is there already. `full` when the cache has no room and evicts nothing for it. */
  put(key: CacheKey, value: Uint8Array, source: PutSource): Promise<PutResult>
  /**
   * Sees to it that about so many bytes of warms can be put in the order of leaving, and drops no live value for them.
   * Bounded work: what it cannot find now it finds at the next call. For caches that cannot keep that order by themselves.
   */
  makeRoom(bytes: number): Promise<void>
  /** Renews the recency of entries that are there, without marking them read; returns which were there. */
  renew(keys: readonly CacheKey[]): Promise<readonly boolean[]>
  /** Current version of a path for readers who know none, and its setting (moved forward only by change records). */
  pointer(key: CacheKey): Promise<string | null>
  movePointer(key: CacheKey, version: string | null, atMs: number): Promise<boolean>
  /** Tries to become the only one who loads a key for `ttlMs`; true when the lease is the holder's. */
  lease(key: CacheKey, holder: string, ttlMs: number): Promise<boolean>
  /** Gives a lease back if it is still the holder's. */
  release(key: CacheKey, holder: string): Promise<void>
  /**
   * Spends from a budget that all users of the cache share, by the cache's own clock. Returns how long to wait before
   * what was spent is used, milliseconds; above `limit.waitMsMax` nothing was spent. Whoever waits as told keeps all of
   * them together within `burst` and `perSecond`. A budget that the cache lost is full again.
   */
  spend(budget: CacheKey, amount: number, limit: SpendLimit): Promise<number>
  /**
   * How much of the cache live values hold; with a key `pressure` is that of the node that the key goes to. Measured anew
   * at most once a second where that takes work, so ask as often as you like.
   */
  pressure(key?: CacheKey): Promise<CachePressure>
  stats(workspaceId: string): Promise<CacheStats>
  /** Removes all entries of a workspace; returns how many. */
  clear(workspaceId: string): Promise<number>
  healthy(): Promise<boolean>
  close(): Promise<void>
}
