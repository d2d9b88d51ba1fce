import { murmur2 } from '../model/identity.ts'
import type { CacheKey } from '../ports/cache.ts'

/** How long entries live. The time left to an entry says when it was last read, which is what pressure is measured by. */
export type CacheLifetimes = {
  /** Of a value that was read, predicted or filled by a reader; renewed at each hit. */
  readonly readMs: number
  /** Of a warm that a run asked for and that nobody has read yet. */
  readonly unreadMs: number
  /**
   * An entry that was read within this time is live: it counts as pressure, and no run takes its place. Older ones are
   * cold.
   */
  readonly liveMs: number
  /** How much longer than values a path's pointer lives, where pointers have a life; renewed when it is read or moved. */
  readonly pointerMs: number
}

const MINUTE_MS = 60_000
const DAY_MS = 1_440 * MINUTE_MS

export const DEFAULT_LIFETIMES: CacheLifetimes = {
  readMs: 5 * 365 * DAY_MS,
  unreadMs: 10 * MINUTE_MS,
  liveMs: 15 * MINUTE_MS,
  pointerMs: 30 * DAY_MS,
}

const JITTER_SHARE = 0.1

/**
 * A lifetime of a key, longer or shorter by up to a tenth so that entries put together do not all leave together.
 * The shift follows from the key alone, so that every process knows it. What was read has none: Redis evicts what has the
 * least time left, and that is to be what was used longest ago, also in a cache that turns over within seconds.
 */
export function jitteredMs(lifetimeMs: number, key: CacheKey): number {
  const hash = murmur2(new TextEncoder().encode(`${key.workspaceId}:${key.rest}`)) >>> 0
  const share = (hash / 0xffffffff) * 2 - 1
  return Math.max(1, Math.round(lifetimeMs * (1 + JITTER_SHARE * share)))
}

/** Life of a pointer: longer than that of any value, so that it leaves after them. */
export const pointerLifeMs = ({ readMs, pointerMs }: CacheLifetimes, key: CacheKey): number =>
  readMs + jitteredMs(pointerMs, key)

/** A warm that a run asked for has at most so much time left. */
export const askedLifeMsMax = ({ unreadMs }: CacheLifetimes): number => Math.ceil(unreadMs * (1 + JITTER_SHARE))
