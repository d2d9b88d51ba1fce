import type { AccessEvent } from '../../model/access.ts'
import { bucketOf, shardKey, shardOf } from '../../model/identity.ts'
import type { WarmOutcome } from '../../model/outcome.ts'
import type { Codec } from '../../ports/codec.ts'
import type { LogRecord } from '../../ports/event-log.ts'
import type { IngestTopic } from './fence.ts'

/** A record of one bucket, ready to fold, or to be set aside with its reason. */
export type Item = { readonly topic: IngestTopic; readonly offset: number } & (
  | { readonly kind: 'event'; readonly key: string; readonly event: AccessEvent }
  | { readonly kind: 'outcome'; readonly key: string; readonly outcome: WarmOutcome }
  | {
      readonly kind: 'parked'
      readonly record: LogRecord
      readonly stage: Stage
      readonly reason: string
    }
)

/** Where a record failed. */
export type Stage = 'route' | 'decode' | 'process'

export type ParkedItem = Extract<Item, { kind: 'parked' }>

/** `retry`: not readable now. */
export type ReadItem = Item | { readonly kind: 'retry'; readonly reason: string }

export type Routing = {
  readonly partition: number
  readonly partitions: number
  readonly shards: number
  /** A word that no other process has. */
  readonly owner: string
}

/**
 * The bucket whose fence covers a record. One that does not belong to its partition has none of its own and is covered
 * by the bucket with the partition's number, so that it is set aside once.
 */
export function coveringBucket(record: LogRecord, { partition, partitions }: Routing): number {
  const bucket = record.key === null ? partition : bucketOf(record.key)
  return bucket % partitions === partition ? bucket : partition
}

/** Decodes a record and checks that it lies where its content belongs. */
export async function readItem(codec: Codec, record: LogRecord, routing: Routing): Promise<ReadItem> {
  const { topic, key, offset } = record
  const park = (stage: Stage, reason: string): Item => parked(record, { stage, reason })
  if (key === null) return park('route', 'the record has no key')
  if (bucketOf(key) % routing.partitions !== routing.partition)
    return park('route', 'the key belongs to another partition')
  if (topic === 'warm-outcomes') {
    const decoded = await codec.decode(topic, record.value)
    if (!decoded.ok)
      return decoded.retriable ? { kind: 'retry', reason: decoded.reason } : park('decode', decoded.reason)
    const misrouted = outcomeMisrouted(key, decoded.value, routing)
    return misrouted ? park('route', KEY_DIFFERS) : { kind: 'outcome', topic, offset, key, outcome: decoded.value }
  }
  const decoded = await codec.decode('access-events', record.value)
  if (!decoded.ok) return decoded.retriable ? { kind: 'retry', reason: decoded.reason } : park('decode', decoded.reason)
  const misrouted = eventMisrouted(key, decoded.value, routing)
  return misrouted
    ? park('route', KEY_DIFFERS)
    : { kind: 'event', topic: 'access-events', offset, key, event: decoded.value }
}

/** Sets a record aside. */
export const parked = (record: LogRecord, why: Pick<ParkedItem, 'stage' | 'reason'>): ParkedItem => ({
  kind: 'parked',
  topic: asIngest(record.topic),
  offset: record.offset,
  record,
  ...why,
})

const KEY_DIFFERS = 'the key is not the one of the workspace and session in the record'

export const asIngest = (topic: LogRecord['topic']): IngestTopic =>
  topic === 'warm-outcomes' ? topic : 'access-events'

const outcomeMisrouted = (key: string, outcome: WarmOutcome, { shards }: Routing): boolean =>
  outcome.shard >= shards || key !== shardKey(outcome.workspace, outcome.shard)

/** Changes and forgetting concern every shard of a workspace and lie on each; what a session did lies on its own. */
function eventMisrouted(key: string, event: AccessEvent, { shards }: Routing): boolean {
  if (key === shardKey(event.workspace, shardOf(event.session, shards))) return false
  if (event.accesses.length > 0 || event.sessionEnded) return true
  return !Array.from({ length: shards }, (_, shard) => shardKey(event.workspace, shard)).includes(key)
}
