import kafkajs, { type Cluster, type IMemberAssignment, type PartitionAssigner } from 'kafkajs'
import type { TopicPartition } from '../../ports/event-log.ts'
import { assignPartitions } from '../log-assignment.ts'
import type { TopicNames } from './records.ts'

/** Members offer their protocols by name; all of a group must share one. */
const PROTOCOL = 'forewarm-equal-numbers'
const VERSION = 0

/**
 * Gives partitions with the same number of all topics to the same member. kafkajs hands its own cluster of connections
 * only to assigners; `onCluster` passes it on. `onJoin` is called each time when the client asks to join.
 */
export const createAssigner =
  (onCluster: (cluster: Cluster) => void, onJoin?: () => void): PartitionAssigner =>
  ({ cluster }) => {
    const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol
    onCluster(cluster)
    return {
      name: PROTOCOL,
      version: VERSION,
      async assign({ members }) {
        const sorted = [...members].sort((one, other) => (one.memberId < other.memberId ? -1 : 1))
        const topics = sorted.map((member) => MemberMetadata.decode(member.memberMetadata)?.topics ?? [])
        const shares = assignPartitions(topics, (topic) => cluster.findTopicPartitionMetadata(topic).length)
        return sorted.map(({ memberId }, index) => ({
          memberId,
          memberAssignment: MemberAssignment.encode({
            version: VERSION,
            assignment: byTopic(shares[index] ?? []),
            userData: Buffer.alloc(0),
          }),
        }))
      },
      protocol: ({ topics }) => {
        onJoin?.()
        const metadata = MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.alloc(0) })
        return { name: PROTOCOL, metadata }
      },
    }
  }

/** Partitions of each topic, as kafkajs encodes them. */
function byTopic(
  partitions: readonly { readonly topic: string; readonly partition: number }[],
): Record<string, number[]> {
  const grouped = Map.groupBy(partitions, ({ topic }) => topic)
  return Object.fromEntries([...grouped].map(([topic, each]) => [topic, each.map(({ partition }) => partition)]))
}

/** What a member was given, without topics of others. */
export const partitionsOf = (assignment: IMemberAssignment, names: TopicNames): readonly TopicPartition[] =>
  Object.entries(assignment).flatMap(([name, numbers]) => {
    const topic = names.roleOf(name)
    return topic === null ? [] : numbers.map((partition) => ({ topic, partition }))
  })

/** Partitions as the client wants them: those of each topic together. */
export function byName(
  partitions: readonly TopicPartition[],
  names: TopicNames,
): { readonly topic: string; readonly partitions: number[] }[] {
  const grouped = byTopic(partitions.map(({ topic, partition }) => ({ topic: names.nameOf(topic), partition })))
  return Object.entries(grouped).map(([topic, numbers]) => ({ topic, partitions: numbers }))
}
