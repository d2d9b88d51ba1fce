import { BUCKETS } from '../model/identity.ts'
import { type ApplyRequest, type ModelMeta, ROWS_PER_APPLY_MAX } from '../ports/model-store.ts'

/**
 * Refuses what no store may write. These are faults of the caller, never of the data, so they are plain errors that end
 * the process.
 */
export function assertApplicable(request: ApplyRequest): void {
  assertBucket(request.bucket)
  if (request.next === '') throw new RangeError('the fence to write is empty')
  if (request.rows.length > ROWS_PER_APPLY_MAX) {
    throw new RangeError(`${request.rows.length} rows in one change, at most ${ROWS_PER_APPLY_MAX} are allowed`)
  }
  for (const { shard, row } of request.rows) {
    assertShard(shard)
    if (!row.isWellFormed()) throw new RangeError('a row name holds half of a surrogate pair')
  }
}

/** A bucket is 0..1023. */
export function assertBucket(bucket: number): void {
  if (!Number.isInteger(bucket) || bucket < 0 || bucket >= BUCKETS) {
    throw new RangeError(`bucket ${bucket} is not a whole number from 0 to ${BUCKETS - 1}`)
  }
}

/** A shard's short id is 16 hex digits: text of a user never becomes part of a key. */
export function assertShard(shard: string): void {
  if (!/^[0-9a-f]{16}$/.test(shard)) throw new RangeError(`shard id ${JSON.stringify(shard)} is not 16 hex digits`)
}

/** The stored form of what a model was made with. */
export const metaToText = ({ partitions, shards, limits }: ModelMeta): string =>
  JSON.stringify({ partitions, shards, limits })

/** Reads what `metaToText` wrote; throws on anything else. */
export function metaFromText(text: string): ModelMeta {
  const { partitions, shards, limits } = JSON.parse(text) as Partial<ModelMeta>
  if (typeof partitions !== 'number' || typeof shards !== 'number' || typeof limits !== 'string') {
    throw new TypeError(`the stored meta of the model is not one: ${text.slice(0, 200)}`)
  }
  return { partitions, shards, limits }
}
