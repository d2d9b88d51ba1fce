import { ForewarmError } from '../../ports/errors.ts'
import { type Cursor, type Fence, INGEST_TOPICS, type IngestTopic } from './fence.ts'
import type { Routing } from './item.ts'
import type { IngestDeps } from './load-shard.ts'
import { Partition } from './partition.ts'

export type AssignOptions = {
  /** Go on although records that the model needs are gone: the model then lacks them for good. */
  readonly acceptTruncated: boolean
}

/** Reads how far all buckets of a partition are and what the log still has for them. */
export async function openPartition(deps: IngestDeps, routing: Routing, options: AssignOptions): Promise<Partition> {
  const partition = new Partition(deps, routing)
  const buckets = [...partition.buckets.values()]
  const fences = await deps.store.fences(buckets.map((bucket) => bucket.number))
  partition.start = await startOf(
    deps,
    routing.partition,
    fences.every((fence) => fence === null),
  )
  for (const [at, bucket] of buckets.entries()) bucket.restart(fences[at] ?? null, partition.start)
  for (const topic of INGEST_TOPICS) await checkBounds(deps, { partition, topic }, options)
  for (const topic of INGEST_TOPICS) partition.position[topic] = lowestCursor(partition, topic)
  await partition.guard.begin(partition.progress())
  return partition
}

const lowestCursor = (partition: Partition, topic: IngestTopic): number =>
  Math.min(...[...partition.buckets.values()].map((bucket) => bucket.cursor[topic].next))

/**
 * Where buckets without a fence begin: where the log began when this partition was first folded. It is noted then,
 * because later a fence that is missing among others means lost state, not a fresh start.
 */
async function startOf(deps: IngestDeps, partition: number, fresh: boolean): Promise<Fence> {
  const name = `ingest.start.${partition}`
  const first = async (topic: IngestTopic): Promise<Cursor> => ({
    next: fresh ? (await deps.log.bounds({ topic, partition })).first : 0,
    index: 0,
  })
  const start: Fence = { 'access-events': await first('access-events'), 'warm-outcomes': await first('warm-outcomes') }
  const noted = await deps.store.shared(name)
  if (noted !== null && !fresh) return JSON.parse(new TextDecoder().decode(noted.value)) as Fence
  if (fresh) await deps.store.share(name, new TextEncoder().encode(JSON.stringify(start)), noted?.version ?? 0)
  return start
}

async function checkBounds(
  deps: IngestDeps,
  { partition, topic }: { partition: Partition; topic: IngestTopic },
  { acceptTruncated }: AssignOptions,
): Promise<void> {
  const { first, end } = await deps.log.bounds({ topic, partition: partition.number })
  for (const bucket of partition.buckets.values()) {
    const { next } = bucket.cursor[topic]
    if (next >= first && next <= end) continue
    const problem = `${topic}/${partition.number} holds offsets ${first} to ${end}, but bucket ${bucket.number} is at ${next}`
    if (!acceptTruncated) throw truncated(problem)
    deps.logger.error({ topic, partition: partition.number, first, next, lost: Math.max(0, first - next) }, problem)
    bucket.cursor = { ...bucket.cursor, [topic]: { next: next < first ? first : end, index: 0 } }
  }
}

const truncated = (problem: string): ForewarmError =>
  new ForewarmError(
    'FW_LOG_TRUNCATED',
    `${problem}: retention was shorter than ingest was away, or the topic was made anew; ` +
      'rebuild the model, or accept the loss to go on with what is there',
  )
