import type { Aggressiveness } from './predictor.ts'
import { HEAD } from './scorer.ts'

/**
 * The price of a wasted warm decides: a warm pays when probability / (1 - probability) exceeds price. Low holds a
 * wasted warm nearly as dear as a miss, high takes it for a tenth of one.
 */
export const WASTE_PRICE: Record<Aggressiveness, number> = { low: 0.6, medium: 0.4, high: 0.12 }

/** Probability from which on a warm pays. */
export function cutOff(aggressiveness: Aggressiveness): number {
  const price = WASTE_PRICE[aggressiveness]
  return price / (1 + price)
}

/** The horizon that decides: read before half of the cache's residence is over leaves room for other files' sake. */
export const DECIDING_HEAD = HEAD.full

/** Unread warms may take up this share of the cache. */
export const UNREAD_SHARE_MAX = 0.8

/** An entry this far on its way out is worth renewing. */
export const RENEW_AGE = 0.5

/** How far ahead, as a share of the cache's residence, a session's files are weighed. */
export const REACH_SHARE = 0.6
export const REACH_MIN = 4
export const REACH_MAX = 512
