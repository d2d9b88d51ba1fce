/**
 * How much of a full cache predictions may hold unread. A predicted file takes its place by recency, as if it had been
 * read: the predictor weighs each warm against what leaves an LRU for it, and a cache that keeps another order makes that
 * belief wrong (docs/decisions/0013). This share is the guard beside it: predictions that are read earn room, and those
 * that nobody reads end up pushing out one another.
 */

/** Of a cache full of live values, what predictions may hold before any of them was read. */
export const SHARE_MIN = 0.1

/** What they leave to values that were read, however good they are. */
export const SHARE_MAX = 0.8

/** One prediction read of so many brought earns a whole cache. */
const BROUGHT_PER_READ = 10

/** Share of the cache, SHARE_MIN..SHARE_MAX, that predictions may hold unread when `read` of the `brought` were read. */
export function earnedShare({ read, brought }: { readonly read: number; readonly brought: number }): number {
  const earned = brought <= 0 ? 0 : (BROUGHT_PER_READ * read) / brought
  return Math.min(SHARE_MAX, Math.max(SHARE_MIN, earned))
}

/** What the latest predictions came to: counts that fade with each that comes in. */
export type WarmCredit = { readonly brought: number; readonly read: number }

/** Predictions that the counts look back on. */
export const CREDIT_MEMORY = 128

/** Where nothing is known yet predictions are trusted a little: a small cache is full before the first have been read. */
export const FIRST_CREDIT: WarmCredit = { brought: 16, read: 4 }

/** The counts after one more prediction came in. */
export const creditBrought = ({ brought, read }: WarmCredit): WarmCredit => {
  const kept = 1 - 1 / CREDIT_MEMORY
  return { brought: brought * kept + 1, read: read * kept }
}

/** The counts after one of them was read for the first time. */
export const creditRead = ({ brought, read }: WarmCredit): WarmCredit => ({ brought, read: read + 1 })
