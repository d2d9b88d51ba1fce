import { ForewarmError } from '../../ports/errors.ts'
import { isTransient, pauseAfter } from '../transient.ts'
import type { Bucket } from './bucket.ts'
import { type Cursor, type Fence, INGEST_TOPICS, type IngestTopic } from './fence.ts'
import type { Routing } from './item.ts'
import type { IngestDeps } from './load-shard.ts'
import { Partition } from './partition.ts'

export type AssignOptions = {
  /** Go on although records that the model needs are gone: the model then lacks them for good. */
  readonly acceptTruncated: boolean
}

/** Reads how far all buckets of a partition are and what the log still has for them. */
async function openPartition(deps: IngestDeps, routing: Routing, options: AssignOptions): Promise<Partition> {
  const partition = new Partition(deps, routing)
  const buckets = [...partition.buckets.values()]
  const fences = await deps.store.fences(buckets.map((bucket) => bucket.number))
  partition.start = await startOf(
    deps,
    routing.partition,
    fences.every((fence) => fence === null),
  )
  for (const [at, bucket] of buckets.entries()) bucket.restart(fences[at] ?? null, partition.start)
  const moved = new Set<Bucket>()
  for (const topic of INGEST_TOPICS) {
    for (const bucket of await checkBounds(deps, { partition, topic }, options)) moved.add(bucket)
  }
  // At once, so that the loss has to be accepted at one start only.
  await partition.write([...moved])
  for (const topic of INGEST_TOPICS) partition.position[topic] = lowestCursor(partition, topic)
  await partition.guard.begin(partition.progress())
  return partition
}

/** The same, waiting for the store and the log as long as it takes: without the fences there is nothing to start from. */
export async function openWhenAnswered(deps: IngestDeps, routing: Routing, options: AssignOptions): Promise<Partition> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await openPartition(deps, routing, options)
    } catch (error) {
      if (!isTransient(error)) throw error
      deps.logger.warn(
        { partition: routing.partition, reason: error.message },
        'ingest cannot read where it stands; it waits',
      )
      await deps.clock.sleep(pauseAfter(failures))
    }
  }
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

/** Answers with the buckets that were brought back into the log. */
async function checkBounds(
  deps: IngestDeps,
  { partition, topic }: { partition: Partition; topic: IngestTopic },
  { acceptTruncated }: AssignOptions,
): Promise<readonly Bucket[]> {
  const { first, end } = await deps.log.bounds({ topic, partition: partition.number })
  const outside = [...partition.buckets.values()].filter(({ cursor }) => {
    const { next } = cursor[topic]
    return next < first || next > end
  })
  const [bucket] = outside
  if (bucket === undefined) return []
  const { next } = bucket.cursor[topic]
  const problem = `${topic}/${partition.number} holds offsets ${first} to ${end}, but bucket ${bucket.number} is at ${next}`
  if (!acceptTruncated) throw truncated(problem)
  const lost = { topic, partition: partition.number, first, end, buckets: outside.length }
  deps.logger.error(lost, `${problem}: going on with what is there`)
  // Behind the end may be a log that lost its tail: what it holds was counted, and nothing is counted twice.
  for (const each of outside) {
    const inside = each.cursor[topic].next < first ? first : end
    each.cursor = { ...each.cursor, [topic]: { next: inside, index: 0 } }
  }
  return outside
}

const truncated = (problem: string): ForewarmError =>
  new ForewarmError(
    'FW_LOG_TRUNCATED',
    `${problem}: retention was shorter than ingest was away, or the topic was made anew; ` +
      'raise model.version for a new model of what is there, or start once with ingest.acceptTruncated to keep the model',
  )
