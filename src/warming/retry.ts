/** How often and how patiently a worker tries again. */
export type RetrySchedule = {
  /** Tries altogether, the first one included. */
  readonly attemptsMax: number
  readonly baseMs: number
  readonly capMs: number
}

/**
 * How long to wait after the failed try number `attempt` (from 1), or null when it was the last. Capped exponential
 * with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): evenly between 0 and the cap, so that
 * workers that failed together do not come back together. `random` is from [0, 1).
 */
export function retryDelayMs(schedule: RetrySchedule, attempt: number, random: number): number | null {
  if (attempt >= schedule.attemptsMax) return null
  return random * Math.min(schedule.capMs, schedule.baseMs * 2 ** (attempt - 1))
}
