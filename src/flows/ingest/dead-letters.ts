import { deadLetterOf } from '../dead-letter.ts'
import type { ParkedItem } from './item.ts'
import type { IngestDeps } from './load-shard.ts'

/** Sets records aside: untouched bytes, and in the headers where they came from and why. Resolves when they are durable. */
export async function parkRecords(deps: IngestDeps, items: readonly ParkedItem[]): Promise<void> {
  if (items.length === 0) return
  await deps.log.append(
    'dead-letters',
    items.map(({ record, reason }) => deadLetterOf(record, { stage: 'ingest', reason })),
  )
  for (const { record, stage, reason } of items) {
    deps.telemetry.measure('forewarm.dead_letters', 1, { topic: record.topic, reason: stage })
    const { topic, partition, offset } = record
    deps.logger.warn({ topic, partition, offset, stage, reason }, 'a record went to dead-letters')
  }
}
