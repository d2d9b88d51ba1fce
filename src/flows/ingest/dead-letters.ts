import type { LogRecord, OutgoingRecord } from '../../ports/event-log.ts'
import type { ParkedItem } from './item.ts'
import type { IngestDeps } from './load-shard.ts'

/** Sets records aside: untouched bytes, and in the headers where they came from and why. Resolves when they are durable. */
export async function parkRecords(deps: IngestDeps, items: readonly ParkedItem[]): Promise<void> {
  if (items.length === 0) return
  await deps.log.append('dead-letters', items.map(deadLetter))
  for (const { record, stage, reason } of items) {
    deps.telemetry.measure('forewarm.dead_letters', 1, { topic: record.topic, reason: stage })
    const { topic, partition, offset } = record
    deps.logger.warn({ topic, partition, offset, stage, reason }, 'a record went to dead-letters')
  }
}

const deadLetter = ({ record, stage, reason, attempts }: ParkedItem): OutgoingRecord => ({
  key: record.key,
  value: record.value,
  headers: new Map([...record.headers, ...origin(record), ...cause(stage, reason, attempts)]),
})

const origin = ({ topic, partition, offset, timestampMs }: LogRecord): [string, string][] => [
  ['forewarm.errors.topic', topic],
  ['forewarm.errors.partition', String(partition)],
  ['forewarm.errors.offset', String(offset)],
  ['forewarm.errors.timestamp', String(timestampMs)],
]

const cause = (stage: string, reason: string, attempts: number): [string, string][] => [
  ['forewarm.errors.stage', stage],
  ['forewarm.errors.reason', reason],
  ['forewarm.errors.attempts', String(attempts)],
]
