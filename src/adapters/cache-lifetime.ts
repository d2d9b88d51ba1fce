import { murmur2 } from '../model/identity.ts'
import type { CacheKey } from '../ports/cache.ts'

/** How long entries live. The time left to an entry says when it was last read, which is what pressure is measured by. */
export type CacheLifetimes = {
  /** Of a value that was read or filled by a reader; renewed at each hit. */
  readonly readMs: number
  /** Of a warm that nobody has read yet: it is the first to leave. */
  readonly unreadMs: number
  /** An entry that was read within this time is live: it counts as pressure, and no warm takes its place. Older ones are cold. */
  readonly liveMs: number
  /** Of a path's pointer to its current version, where pointers have a life; renewed when it is read or moved. */
  readonly pointerMs: number
}

const MINUTE_MS = 60_000
const DAY_MS = 1_440 * MINUTE_MS

export const DEFAULT_LIFETIMES: CacheLifetimes = {
  readMs: DAY_MS,
  unreadMs: 10 * MINUTE_MS,
  liveMs: 15 * MINUTE_MS,
  pointerMs: 30 * DAY_MS,
}

const JITTER_SHARE = 0.1

/** The same for what was read, at most: a part of the time that an entry is live. */
const READ_JITTER_OF_LIVE = 0.25

/**
 * A lifetime of a key, longer or shorter by up to a tenth so that entries put together do not all leave together.
 * The shift follows from the key alone: every process knows it, and can tell from the time left when an entry was read.
 */
export const jitteredMs = (lifetimeMs: number, key: CacheKey): number =>
  shiftedMs(lifetimeMs, JITTER_SHARE * lifetimeMs, key)

/**
 * Lifetime of a key from its last read. Redis evicts what has the least time left and knows nothing of live and cold, so
 * the shift is small beside `liveMs`: a value that was read just now has more time left than any that has turned cold.
 */
export const readLifeMs = ({ readMs, liveMs }: CacheLifetimes, key: CacheKey): number =>
  shiftedMs(readMs, Math.min(JITTER_SHARE * readMs, READ_JITTER_OF_LIVE * liveMs), key)

function shiftedMs(lifetimeMs: number, shiftMsMax: number, key: CacheKey): number {
  const hash = murmur2(new TextEncoder().encode(`${key.workspaceId}:${key.rest}`)) >>> 0
  const share = (hash / 0xffffffff) * 2 - 1
  return Math.max(1, Math.round(lifetimeMs + shiftMsMax * share))
}
