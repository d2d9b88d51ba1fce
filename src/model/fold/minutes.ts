import { newOutcomeTally, type OutcomeTally, type SeenOutcome } from './tallies.ts'

export const MINUTE_MS = 60_000

/** The minute of a time, counted from the epoch. */
export const minuteOf = (timeMs: number): number => Math.floor(timeMs / MINUTE_MS)

/** What reads found in the cache, by minute of event time; a few of the latest minutes. */
export class MinuteOutcomes {
  /** In the order of the last count. */
  readonly minutes = new Map<number, OutcomeTally>()
  /** The minute that was counted last, which most reads belong to as well. */
  #last: { readonly minute: number; readonly tally: OutcomeTally } | null = null

  count(timeMs: number, outcome: SeenOutcome, minutesMax: number): void {
    const minute = minuteOf(timeMs)
    if (this.#last?.minute !== minute) this.#last = { minute, tally: this.#touch(minute, minutesMax) }
    this.#last.tally[outcome] += 1
  }

  #touch(minute: number, minutesMax: number): OutcomeTally {
    const tally = this.minutes.get(minute) ?? newOutcomeTally()
    this.minutes.delete(minute)
    this.minutes.set(minute, tally)
    if (this.minutes.size > minutesMax) {
      const [oldest] = this.minutes.keys()
      if (oldest !== undefined) this.minutes.delete(oldest)
    }
    return tally
  }
}
