import { setTimeout as delay } from 'node:timers/promises'
import type { Cluster, Consumer, EachBatchPayload, Kafka } from 'kafkajs'
import { createAssigner } from './assigner.ts'
import { RETRY } from './connection.ts'
import type { LeaseClient } from './lease.ts'

export type GroupTimes = {
  /** A member that sends no heartbeat for so long is out of its group. */
  readonly sessionTimeoutMs: number
  readonly heartbeatMs: number
  /** A consumer of which nothing was heard for so long has stopped in silence: it fails. */
  readonly silenceMs: number
}

export type GroupParts = {
  readonly kafka: Kafka
  readonly times: GroupTimes
  /** The group's name on the broker. */
  readonly groupId: string
}

/** A member of a group as kafkajs has it, and the ways out of the group. */
export type GroupMember = {
  readonly client: Consumer
  /** Leaves in order, and waits no longer than this for what is being delivered. */
  disconnect(waitMs: number): Promise<void>
  /** Tells the coordinator at once, whatever is being delivered. Rejects where it does not know this member. */
  leave(): Promise<void>
}

/** kafkajs's types leave it out. */
type Leaving = { leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown> }

/** Partitions whose batches are handled side by side. */
export const SIDE_BY_SIDE = 32
/** With kafkajs's default of 5 s, seek, resume and stop would wait as long. */
const FETCH_WAIT_MS = 100
const REBALANCE_TIMEOUT_MS = 60_000
const PARTITION_BYTES_MAX = 1024 * 1024
const FETCH_BYTES_MAX = 10 * 1024 * 1024

export type MemberHooks = {
  /** Whether kafkajs is to start again by itself after what it takes for passing. */
  readonly restarts: () => boolean
  /** The group counts this member in, but it was not told what it was given: it has to join anew. */
  readonly onUntold: (client: Consumer) => void
}

/** With its waits cut short. */
export function createGroupMember({ kafka, groupId, times }: GroupParts, hooks: MemberHooks): GroupMember {
  let cluster: Cluster | null = null
  let memberId = ''
  let isUntold = false
  const onCluster = (own: Cluster) => {
    cluster = own
  }
  const onJoin = () => {
    isUntold = true
  }
  const client = kafka.consumer({
    groupId,
    partitionAssigners: [createAssigner(onCluster, onJoin)],
    sessionTimeout: times.sessionTimeoutMs,
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    heartbeatInterval: times.heartbeatMs,
    maxBytesPerPartition: PARTITION_BYTES_MAX,
    maxBytes: FETCH_BYTES_MAX,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    allowAutoTopicCreation: false,
    retry: { ...RETRY, restartOnFailure: async () => hooks.restarts() },
  })
  client.on(client.events.GROUP_JOIN, ({ payload }) => {
    memberId = payload.memberId
    isUntold = false
  })
  // Where kafkajs is a member again but lost the answer that tells its partitions, it reads on what it had before: some
  // of that belongs to others now, and what it was given is read by nobody.
  client.on(client.events.HEARTBEAT, () => {
    if (isUntold) hooks.onUntold(client)
  })
  return {
    client,
    async disconnect(waitMs) {
      const orderly = client.disconnect().catch(() => {})
      await Promise.race([orderly, delay(waitMs, undefined, { ref: false })])
      // A join that waits for other members would hold kafkajs back for a minute.
      await cluster?.disconnect().catch(() => {})
    },
    async leave() {
      const coordinator: unknown = await cluster?.findGroupCoordinator({ groupId })
      if (coordinator !== undefined) await (coordinator as Leaving).leaveGroup({ groupId, memberId })
    },
  }
}

/** What a lease may do with the client while this batch is handled. */
export function leaseClient(client: Consumer, payload: EachBatchPayload): LeaseClient {
  const { topic, partition } = payload.batch
  const named = [{ topic, partitions: [partition] }]
  return {
    resolve: (offset) => payload.resolveOffset(String(offset)),
    seek: (next) => client.seek({ topic, partition, offset: String(next) }),
    pause: () => client.pause(named),
    resume: () => client.resume(named),
    commit: (offset) =>
      payload.commitOffsetsIfNecessary({
        topics: [{ topic, partitions: [{ partition, offset: String(offset) }] }],
      }),
    heartbeat: () => payload.heartbeat(),
  }
}
