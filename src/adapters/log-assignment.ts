import { partitionOf } from '../model/identity.ts'
import type { LogRecord, OutgoingRecord, TopicPartition, TopicRole } from '../ports/event-log.ts'

/** Text that names a partition, for maps and messages. */
export const partitionName = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

/**
 * Which partitions each member of a group reads, for members given by the topics that they read: number n of every topic
 * goes to its reader n modulo the number of its readers. Topics with the same readers and equal partition counts are so
 * read side by side: equal numbers by the same member. `rotation` shifts all of them to other members.
 */
export function assignPartitions<Topic extends string>(
  members: readonly (readonly Topic[])[],
  partitionsOf: (topic: Topic) => number,
  rotation = 0,
): readonly (readonly { readonly topic: Topic; readonly partition: number }[])[] {
  const shares = members.map((): { topic: Topic; partition: number }[] => [])
  for (const topic of new Set(members.flat())) {
    const readers = shares.filter((_, index) => members[index]?.includes(topic))
    for (let partition = 0; partition < partitionsOf(topic); partition += 1) {
      readers[(partition + rotation) % readers.length]?.push({ topic, partition })
    }
  }
  return shares
}

/** Gives records their partitions: by key as every Kafka client does, those without a key in turn. */
export function createPartitioner(): (record: OutgoingRecord, partitions: number) => number {
  let turn = 0
  return (record, partitions) => {
    if (record.key !== null) return partitionOf(record.key, partitions)
    turn += 1
    return turn % partitions
  }
}

/** Partitions of `before` that are not in `after`. */
export function lostPartitions(
  before: readonly TopicPartition[],
  after: readonly TopicPartition[],
): readonly TopicPartition[] {
  const kept = new Set(after.map(partitionName))
  return before.filter((each) => !kept.has(partitionName(each)))
}

/** Where a record lies, as `append` answers it. */
export type Placed = { readonly topic: TopicRole; readonly partition: number; readonly offset: number }

export const placeOf = ({ topic, partition, offset }: LogRecord): Placed => ({ topic, partition, offset })
