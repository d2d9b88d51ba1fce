import type { Aggressiveness } from './predictor.ts'
import { HEAD } from './scorer.ts'

/**
 * The price of a wasted warm decides: a warm pays when probability / (1 - probability) exceeds price. Low holds a
 * wasted warm nearly as dear as a miss, high takes it for a tenth of one.
 */
export const WASTE_PRICE: Record<Aggressiveness, number> = { low: 0.6, medium: 0.2, high: 0.12 }

/** Probability from which on a warm pays. */
export function cutOff(aggressiveness: Aggressiveness): number {
  const price = WASTE_PRICE[aggressiveness]
  return price / (1 + price)
}

/**
 * The horizon that decides. A warm that is read soon costs the cache little room; one that is read only at the end of
 * its stay has displaced something all the while, and can be asked for later, with better evidence.
 */
export const DECIDING_HEAD = HEAD.near

/** Unread warms may take up this share of the cache. */
export const UNREAD_SHARE_MAX = 0.8

/** An entry this far on its way out is worth renewing. */
export const RENEW_AGE = 0.4

/** How far ahead, as a share of the cache's residence, a session's files are weighed. */
export const REACH_SHARE = 0.1
/** And this many times what is read while a warm is on its way. */
export const REACH_LATENCIES = 4
export const REACH_MIN = 4
export const REACH_MAX = 512
