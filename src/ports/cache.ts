/**
 * The distributed cache of immutable values. A key names workspace, layer, producer version, path and content version
 * (src/warming/cache-key.ts), so nothing stale can replace anything. Adapters: Redis and Redis Cluster, SQLite, memory.
 *
 * A warm not yet read lives for minutes; a value that was read lives for a day, renewed at each hit. What was read
 * within the last 15 minutes (a setting) is live, what was not is cold. When room is short what has expired leaves
 * first, then cold values, the coldest first, then unread warms, the oldest first, then live values, the one read
 * longest ago first: warms take the place of cold values and never of live ones.
 */

import type { SpendLimit } from '../warming/spend.ts'

/** Where a value came from; a warm says which command brought it and the trace that it belongs to. */
export type EntrySource =
  | { readonly kind: 'fill' }
  | { readonly kind: 'warm'; readonly commandId: string; readonly traceparent: string | null }

export type CacheEntry = {
  readonly value: Uint8Array
  readonly source: EntrySource
  /** True exactly once: at the first read of an entry that a worker put there. */
  readonly firstRead: boolean
}

export type CacheKey = {
  /** Short id of the workspace: every key of a workspace begins with it, so that it can be counted and cleared. */
  readonly workspaceId: string
  /** The rest of the key; holds no user text. */
  readonly rest: string
}

export type CacheStats = {
  readonly entries: number
  readonly bytes: number
  /** Entries that a worker put there and nobody has read yet. */
  readonly unreadWarms: number
}

export type PutResult = 'stored' | 'present' | 'full'

export type CachePressure = {
  /** Bytes that the cache may hold; null when it has no limit. */
  readonly bytesMax: number | null
  readonly bytesUsed: number
  /** Share of its memory held by entries that are live, 0..1 (sampled); in a cluster of the node with the most. */
  readonly pressure: number
  /** The same of the node with the least: under it some keys still have room. Equal to `pressure` outside a cluster. */
  readonly pressureMin: number
}

export interface Cache {
  /** Reads a value and renews its life, or null. */
  get(key: CacheKey): Promise<CacheEntry | null>
  /** Which of the keys are there, in the order asked, without renewing them. */
  has(keys: readonly CacheKey[]): Promise<readonly boolean[]>
  /** Puts a value unless one is there already. `full` when the cache has no room and evicts nothing for it. */
  put(key: CacheKey, value: Uint8Array, source: EntrySource): Promise<PutResult>
  /**
   * Sees to it that about so many bytes of warms can be put without an unread warm leaving for them, as long as there are
   * cold values to leave; where there are none the oldest unread warms leave, and never a live value. Bounded work: what it cannot find now it finds at the next call. For caches
   * that cannot keep the order of leaving by themselves.
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
