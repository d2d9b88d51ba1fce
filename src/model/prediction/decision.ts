import { type Candidates, SOURCE, UNKNOWN } from './candidates.ts'
import type { Aggressiveness } from './predictor.ts'
import type { PrecisionTarget } from './worth.ts'

/**
 * The price of a wasted warm, in misses: a warm pays when probability / (1 - probability) exceeds it. The deciding
 * probability is that of a read very soon; most of the warms that miss that are read later in their stay all the same,
 * so these prices look low beside the share of warms that are read in the end.
 */
const WASTE_PRICE: Record<Aggressiveness, number> = { low: 0.4, medium: 0.07, high: 0.055 }

/**
 * The share of warmed entries that are to be read before they leave. Below it, what warming displaces and what it asks of
 * workers and origin is no longer what the setting stands for: the price rises until the share is met again. Where more
 * than `ample` are read, it falls, though not below `dearnessMin` of itself: there is room for bolder warms.
 */
export const PRECISION: Record<Aggressiveness, PrecisionTarget> = {
  low: { floor: 0.53, ample: 0.53, dearnessMin: 0.5 },
  medium: { floor: 0.3, ample: 0.85, dearnessMin: 0.25 },
  high: { floor: 0.28, ample: 0.28, dearnessMin: 0.5 },
}

/** A warm weighed by the far horizon holds its place so much longer that a wasted one costs this many times as much. */
const FAR_PRICE = 6.5

/** From this weight of the far horizon on no warm is cheaper than its price. */
const FAR_FOR_BOLD = 0.1

/**
 * Probability from which on a warm pays at the price of a wasted one times its dearness (`worth.ts`); `far` is the far
 * horizon's weight, 0 to 1: what is warmed long before its read is never cheap.
 */
export function cutOff(aggressiveness: Aggressiveness, dearness: number, far: number): number {
  const factor = Math.max(dearness, 1 - (1 - dearness) * Math.max(0, 1 - far / FAR_FOR_BOLD))
  const price = Math.min(PRICE_MAX, WASTE_PRICE[aggressiveness] * factor * (1 + (FAR_PRICE - 1) * far))
  return price / (1 + price)
}

/** No warm is asked to be surer than three in four. */
const PRICE_MAX = 3

/**
 * Which horizon decides. A warm that is read soon costs the cache little room; one that is read only at the end of its
 * stay displaces something all the while, and could be asked for later, with better evidence. So the near horizon
 * decides, unless warms take long: their way, as a share of the residence and times this, is the far horizon's weight.
 */
export const FAR_WEIGHT = 10

/** Unread warms may take up this share of the cache. */
export const UNREAD_SHARE_MAX = 0.8

/** An entry this far on its way out is worth renewing. */
export const RENEW_AGE = 0.4

/** How far ahead, as a share of the cache's residence, a session's files are weighed. */
const REACH_SHARE = 0.04
/** And this many times what is read while a warm is on its way. */
const REACH_LATENCIES = 4
/** And what followed within this many latencies when the sequence was read before. */
const REACH_DELAYS = 4
const REACH_MIN = 4
export const REACH_MAX = 512

/** How far to look: so many reads, and as many more as followed within so many milliseconds then. */
export type Reach = { readonly reads: number; readonly ms: number }

/** How far ahead a session's files are weighed, at its own pace: `movesPerRead` movements of the cache a read. */
export function reachOf({ residence, latencyMoves, latencyMs }: Stay, movesPerRead: number): Reach {
  const reads = Math.round((REACH_SHARE * residence + REACH_LATENCIES * latencyMoves) / movesPerRead)
  return { reads: Math.max(REACH_MIN, Math.min(REACH_MAX, reads)), ms: REACH_DELAYS * latencyMs }
}

/** How long an entry stays in the cache, and how long a warm is on its way, in movements of the cache and milliseconds. */
type Stay = { readonly residence: number; readonly latencyMoves: number; readonly latencyMs: number }

/** A file that no sequence dates is taken to be read within so many reads at most: it goes with what was just read. */
const UNDATED_READS = 25

/** A habit of the clock less likely to be kept than this warms nothing. */
export const HABIT_MIN = 0.3

/** A file that was turned down is not asked for again within this share of a residence. */
export const REFUSED_SHARE = 0.25

/** An unread warm is given so long before it counts as wasted. */
export const UNREAD_MS = 10 * 60_000

/** Whether a candidate is due before a warm could be there; what the clock expects is not dated by reads. */
export function isLate(
  candidates: Candidates,
  slot: number,
  { msPerRead, latencyMs }: { readonly msPerRead: number; readonly latencyMs: number },
): boolean {
  if (((candidates.sources[slot] ?? 0) & SOURCE.clock) !== 0) return false
  const dated = candidates.dueMs[slot] ?? UNKNOWN
  return (dated >= UNKNOWN ? msPerRead * UNDATED_READS : dated) < latencyMs / 2
}
