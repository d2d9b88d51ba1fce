import { hourOfDay, hourOfWeek } from '../fold/hours.ts'
import type { Candidate } from './candidate.ts'

type ClockEvidence = {
  readonly path: string
  readonly frequency: number
  readonly accessTimes: readonly number[]
  readonly hoursOfDay: ReadonlyMap<number, number>
  readonly hoursOfWeek: ReadonlyMap<number, number>
}

export type ClockSpan = { readonly nowMs: number; readonly horizonMs: number }

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
/** Reads closer together than this belong to one visit. */
const VISIT_GAP_MS = 30 * 60_000
const VISITS_MIN = 4

/**
 * A file that is read at this hour of the day, or of the week, is read again: P = 1 - exp(-lambda * horizon), a Poisson
 * process whose rate at this hour is the count of the hour over the days (weeks) seen.
 */
export function seasonalCandidate(file: ClockEvidence, span: ClockSpan): Candidate | null {
  const days = daysSeen(file)
  const daily = (file.hoursOfDay.get(hourOfDay(span.nowMs)) ?? 0) / days
  const weekly = days < 14 ? 0 : (file.hoursOfWeek.get(hourOfWeek(span.nowMs)) ?? 0) / (days / 7)
  const perHour = Math.max(daily, weekly)
  if (days < 2 || perHour === 0) return null
  const probability = 1 - Math.exp((-perHour * span.horizonMs) / HOUR_MS)
  return { path: file.path, probability, reason: 'seasonal', expectedAtMs: span.nowMs + span.horizonMs / 2 }
}

/**
 * A file that is visited at even intervals is visited again one interval after the last time. The probability is the
 * share of past intervals that the same rule would have met within the horizon, with one imagined miss.
 */
export function recurrenceCandidate(file: ClockEvidence, span: ClockSpan): Candidate | null {
  const visits = visitsOf(file.accessTimes)
  const last = visits.at(-1)
  if (last === undefined || visits.length < VISITS_MIN) return null
  const intervals = visits.slice(1).map((time, index) => time - (visits[index] ?? time))
  const mean = intervals.reduce((sum, interval) => sum + interval, 0) / intervals.length
  const expectedAtMs = last + mean
  if (expectedAtMs < span.nowMs || expectedAtMs > span.nowMs + span.horizonMs) return null
  const met = intervals.filter((interval) => Math.abs(interval - mean) <= span.horizonMs / 2).length
  return { path: file.path, probability: met / (intervals.length + 1), reason: 'recurrence', expectedAtMs }
}

/** Days over which the counts were gathered: the ring's span, stretched when the ring no longer holds every read. */
function daysSeen(file: ClockEvidence): number {
  const first = file.accessTimes[0]
  const last = file.accessTimes.at(-1)
  if (first === undefined || last === undefined) return 0
  const stretch = Math.max(1, file.frequency / file.accessTimes.length)
  return Math.max(1, ((last - first) / DAY_MS) * stretch)
}

const visitsOf = (times: readonly number[]): number[] =>
  times.filter((time, index) => index === 0 || time - (times[index - 1] ?? time) > VISIT_GAP_MS)
