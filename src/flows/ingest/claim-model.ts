import { ForewarmError } from '../../ports/errors.ts'
import { INGEST_TOPICS } from './fence.ts'
import { stepFits } from './fold-items.ts'
import type { IngestDeps } from './load-shard.ts'
import { metaMismatch, metaOf } from './model-meta.ts'

/**
 * Checks that the store is safe and that its model was made with these limits and as many partitions, or claims it for
 * them; returns that number. Rejects with FW_CONFIG_INVALID, FW_TOPIC_MISMATCH or FW_MODEL_MISMATCH.
 */
export async function claimModel(deps: IngestDeps): Promise<number> {
  if (!stepFits(deps.limits)) {
    throw new ForewarmError(
      'FW_CONFIG_INVALID',
      'sequenceMax is too large for sequenceChunk: one access could not be written at once',
    )
  }
  const [events, outcomes] = await Promise.all(INGEST_TOPICS.map((topic) => deps.log.partitions(topic)))
  if (events === undefined || events !== outcomes) {
    throw new ForewarmError(
      'FW_TOPIC_MISMATCH',
      `access-events has ${events} partitions and warm-outcomes ${outcomes}: they must be equal`,
    )
  }
  await deps.store.verify()
  const meta = metaOf(deps.limits, events)
  const mismatch = metaMismatch(meta, await deps.store.claim(meta))
  if (mismatch !== null) throw new ForewarmError('FW_MODEL_MISMATCH', mismatch)
  return events
}
