import { hourOfDay } from '../fold/hours.ts'
import type { Candidate } from './candidate.ts'

/**
 * The rules of the ancestor's manual, to the letter, as the named baseline `manual`. The manual states no
 * probabilities: a correlation carries its strength, the clock rules claim a read and carry 1.
 */

type Neighbour = { readonly path: string; readonly count: number }
type CorrelationEvidence = { readonly frequency: number; readonly coAccess: readonly Neighbour[] }
type ClockEvidence = {
  readonly path: string
  readonly lastAccessMs: number
  readonly accessTimes: readonly number[]
  readonly hoursOfDay: ReadonlyMap<number, number>
}

const COUNT_MIN = 5
const STRENGTH_MIN = 0.5
const CORRELATED_MAX = 10
const PEAK_FILES_MAX = 20
const WITHIN_MS = 3_600_000

/** Co-access count >= 5 and strength = count / frequency > 0.5, the ten strongest. */
export function manualCorrelated(file: CorrelationEvidence, nowMs: number): Candidate[] {
  return file.coAccess
    .filter(({ count }) => count >= COUNT_MIN && count / file.frequency > STRENGTH_MIN)
    .sort((a, b) => b.count - a.count)
    .slice(0, CORRELATED_MAX)
    .map(({ path, count }) => ({
      path,
      probability: Math.min(1, count / file.frequency),
      reason: 'manual-correlation',
      expectedAtMs: nowMs + WITHIN_MS,
    }))
}

/**
 * The twenty files most often read at this hour of the day; of equal ones those that were read first, as the manual
 * meets them.
 */
export function manualPeakFiles(files: readonly ClockEvidence[], nowMs: number): Candidate[] {
  const hour = hourOfDay(nowMs)
  return files
    .map(({ path, hoursOfDay, accessTimes }) => ({
      path,
      count: hoursOfDay.get(hour) ?? 0,
      firstMs: accessTimes[0] ?? Number.POSITIVE_INFINITY,
    }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || a.firstMs - b.firstMs || (a.path < b.path ? -1 : 1))
    .slice(0, PEAK_FILES_MAX)
    .map(({ path }) => ({ path, probability: 1, reason: 'manual-peak', expectedAtMs: nowMs + WITHIN_MS }))
}

/**
 * Last access + mean interval of the remembered accesses, when that lies within the coming hour. What is overdue is not due
 * within an hour, though the manual's condition has no lower bound: docs/decisions/0016-overdue-is-not-due.md.
 */
export function manualNextAccess(file: ClockEvidence, nowMs: number): Candidate | null {
  const expectedAtMs = nextAccessMs(file)
  if (expectedAtMs === null || expectedAtMs < nowMs || expectedAtMs >= nowMs + WITHIN_MS) return null
  return { path: file.path, probability: 1, reason: 'manual-next-access', expectedAtMs }
}

/** The manual's `predict_next_access`: last access + mean interval, ms; null before the second access. */
export function nextAccessMs({ accessTimes, lastAccessMs }: Pick<ClockEvidence, 'accessTimes' | 'lastAccessMs'>) {
  const first = accessTimes[0]
  const last = accessTimes.at(-1)
  if (first === undefined || last === undefined || accessTimes.length < 2) return null
  return lastAccessMs + (last - first) / (accessTimes.length - 1)
}
