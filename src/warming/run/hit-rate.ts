/** The hit rate of a workspace's readers before and after a run: docs/model.md, "Hit rate by minute". */
import { minuteOf } from '../../model/fold/minutes.ts'
import type { OutcomeTally } from '../../model/fold/tallies.ts'

const MINUTES = 10

/** Hit rate of readers, 0..1, with the reads that it rests on; null where there were none. */
export type HitRate = { readonly rate: number; readonly reads: number } | null

/** Outcomes of reads by minute since the epoch. */
export type Minutes = ReadonlyMap<number, OutcomeTally>

/** Over the ten whole minutes before the one of this time. */
export const hitRateBefore = (minutes: Minutes, timeMs: number): HitRate =>
  hitRateOver(minutes, minuteOf(timeMs) - MINUTES)

/** Over the ten whole minutes after the one of this time, as far as they have come. */
export const hitRateAfter = (minutes: Minutes, timeMs: number): HitRate => hitRateOver(minutes, minuteOf(timeMs) + 1)

function hitRateOver(minutes: Minutes, from: number): HitRate {
  let [hits, reads] = [0, 0]
  for (let minute = from; minute < from + MINUTES; minute += 1) {
    const tally = minutes.get(minute)
    if (tally === undefined) continue
    hits += tally.hit + tally.warmHit
    reads += tally.hit + tally.warmHit + tally.miss + tally.stale
  }
  return reads === 0 ? null : { rate: hits / reads, reads }
}
