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

/**
 * A lifetime of a key, longer or shorter by up to a tenth so that entries put together do not all leave together.
 * The shift follows from the key alone: every process knows it, and can tell from the time left when an entry was read.
 */
export function jitteredMs(lifetimeMs: number, key: CacheKey): number {
  const hash = murmur2(new TextEncoder().encode(`${key.workspaceId}:${key.rest}`)) >>> 0
  const share = (hash / 0xffffffff) * 2 - 1
  return Math.max(1, Math.round(lifetimeMs * (1 + JITTER_SHARE * share)))
}
