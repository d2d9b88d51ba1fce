/** Files of one command, by the manual's rules. */

const HIGH = 0.8
const LOW = 0.5
const DOUBLED_MAX = 200

/** Files of one command at the most: more with the longest paths would not fit into one record, nor would their outcomes. */
export const COMMAND_FILES_MAX = 500

/** Above it a batch holds at most TIGHT_FILES_MAX files, and none that is more than NEAR_DEPTH imports away. */
const TIGHT = 0.9
const TIGHT_FILES_MAX = 25
export const NEAR_DEPTH = 2

/**
 * "Performance Tuning" and "Common Issues" of the manual: above a pressure of 0.8 half, below 0.5 double up to 200, above
 * 0.9 at most 25. `pressure` is 0..1, or null as long as no worker has told one: then the size as it is.
 */
export function batchSize(base: number, pressure: number | null): number {
  if (pressure === null) return Math.min(base, COMMAND_FILES_MAX)
  const adapted = Math.min(adaptedSize(base, pressure), COMMAND_FILES_MAX)
  return Math.max(1, isTight(pressure) ? Math.min(adapted, TIGHT_FILES_MAX) : adapted)
}

export const isTight = (pressure: number): boolean => pressure > TIGHT

function adaptedSize(base: number, pressure: number): number {
  if (pressure > HIGH) return Math.floor(base / 2)
  return pressure < LOW ? Math.min(base * 2, DOUBLED_MAX) : base
}
