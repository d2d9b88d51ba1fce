import kafkajs, { type Cluster, type PartitionAssigner } from 'kafkajs'
import { assignPartitions } from '../log-assignment.ts'

/** Members offer their protocols by name; all of a group must share one. */
const PROTOCOL = 'forewarm-equal-numbers'
const VERSION = 0

/**
 * Gives partitions with the same number of all topics to the same member. kafkajs hands its own cluster of connections
 * only to assigners; `onCluster` passes it on.
 */
export const createAssigner =
  (onCluster: (cluster: Cluster) => void): PartitionAssigner =>
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
      protocol: ({ topics }) => ({
        name: PROTOCOL,
        metadata: MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.alloc(0) }),
      }),
    }
  }

/** Partitions of each topic, as kafkajs encodes them. */
export function byTopic(
  partitions: readonly { readonly topic: string; readonly partition: number }[],
): Record<string, number[]> {
  const grouped = Map.groupBy(partitions, ({ topic }) => topic)
  return Object.fromEntries([...grouped].map(([topic, each]) => [topic, each.map(({ partition }) => partition)]))
}
