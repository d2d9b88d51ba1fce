import { ForewarmError } from '../ports/errors.ts'
import type { StartPosition, TopicPartition } from '../ports/event-log.ts'
import { partitionName } from './log-assignment.ts'

/** What a partition holds, and what its group committed. */
export type PositionContext = {
  readonly first: number
  readonly end: number
  readonly committed: number | null
}

/**
 * The offset that a start position means. An offset outside of the log is an error: what was to be read there is gone
 * (retention, a topic made anew), and who asked for it has to know. A committed offset is only brought back inside.
 */
export function checkPosition(
  partition: TopicPartition,
  position: StartPosition | undefined,
  { first, end, committed }: PositionContext,
): number {
  if (position === 'earliest') return first
  if (position === 'latest') return end
  if (position === 'committed') return Math.min(Math.max(committed ?? first, first), end)
  if (position === undefined) throw new TypeError(`no start position was given for ${partitionName(partition)}`)
  if (position < first || position > end) throw truncated(partition, position, { first, end })
  return position
}

/** The records from `wanted` on are not, or no longer, in the log. */
export function truncated(
  partition: TopicPartition,
  wanted: number,
  bounds: { readonly first: number; readonly end: number },
): ForewarmError {
  return new ForewarmError(
    'FW_LOG_TRUNCATED',
    `${partitionName(partition)} holds offsets ${bounds.first} to ${bounds.end}, but reading is to go on at ${wanted}: ` +
      'retention was shorter than the model remembers, or the topic was made anew; docs/operations.md says how to go on',
  )
}
