/**
 * Counts by hour, sparse: one number an hour that has any, `count * 256 + hour`, sorted by hour. Most files are read
 * in few hours of the week, and a full array for each of 100,000 files would be most of a shard's memory.
 */
export type HourCounts = number[]

const HOUR_MS = 3_600_000
const SLOT = 256

export const HOURS_OF_DAY = 24
export const HOURS_OF_WEEK = 168

/** Hour of the day in UTC, 0..23. */
export const hourOfDay = (timeMs: number): number => Math.floor(timeMs / HOUR_MS) % HOURS_OF_DAY

/** Hour of the week in UTC, 0..167; 0 is Monday 00:00 (the epoch was a Thursday, hence 72). */
export const hourOfWeek = (timeMs: number): number => (Math.floor(timeMs / HOUR_MS) + 72) % HOURS_OF_WEEK

export const hourAt = (entry: number): number => entry % SLOT
export const countAt = (entry: number): number => Math.floor(entry / SLOT)
export const hourEntry = (hour: number, count: number): number => count * SLOT + hour

/** Adds one to an hour. */
export function increaseHour(hours: HourCounts, hour: number): void {
  let at = 0
  for (; at < hours.length; at += 1) {
    const entry = hours[at] ?? 0
    const there = entry % SLOT
    if (there === hour) {
      hours[at] = entry + SLOT
      return
    }
    if (there > hour) break
  }
  hours.splice(at, 0, hourEntry(hour, 1))
}

/** Divides all counts by `divisor`, rounded down; what reaches 0 leaves. */
export function fadeHours(hours: HourCounts, divisor: number): void {
  let kept = 0
  for (const entry of hours) {
    const count = Math.floor(countAt(entry) / divisor)
    if (count > 0) hours[kept++] = hourEntry(hourAt(entry), count)
  }
  hours.length = kept
}
