/**
 * What each cycle adds to a series of values: the median of the slopes between all pairs (Theil 1950, Sen 1968), which a
 * collection that comes now and then does not move. Needs at least two values.
 */
export function slopeOf(values: readonly number[]): number {
  const slopes = values.flatMap((value, at) =>
    values.slice(at + 1).map((later, steps) => (later - value) / (steps + 1)),
  )
  const sorted = slopes.sort((one, other) => one - other)
  return sorted[sorted.length >> 1] ?? 0
}
