import type { Candidate } from '../candidates/candidate.ts'
import { recurrenceCandidate, seasonalCandidate } from '../candidates/clock.ts'

type Clock = Parameters<typeof seasonalCandidate>[0] & { readonly path: string }

const HOUR_MS = 3_600_000
const HOURS_AHEAD = 24

/**
 * The next read of a file that the clock alone lets expect within a day: one interval after its last visit, where visits
 * come at even intervals, or else in the hour of the coming 24 that it is read in most. The surer of the two; null when
 * neither speaks.
 */
export function expectedRead(file: Clock, nowMs: number): Candidate | null {
  const recurring = recurrenceCandidate(file, { nowMs, horizonMs: HOURS_AHEAD * HOUR_MS })
  return surer(recurring, likeliestHour(file, nowMs))
}

function likeliestHour(file: Clock, nowMs: number): Candidate | null {
  const firstMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS
  let best: Candidate | null = null
  for (let hour = 0; hour < HOURS_AHEAD; hour += 1) {
    const span = { nowMs: firstMs + hour * HOUR_MS, horizonMs: HOUR_MS }
    best = surer(best, seasonalCandidate(file, span))
  }
  return best
}

/** Of two that are equally sure the first one: it is the sooner. */
const surer = (one: Candidate | null, other: Candidate | null): Candidate | null =>
  one === null || (other !== null && other.probability > one.probability) ? other : one
