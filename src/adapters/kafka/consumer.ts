import { setTimeout as delay } from 'node:timers/promises'
import type { Consumer, EachBatchPayload, IMemberAssignment } from 'kafkajs'
import type { ConsumeOptions, LogConsumer, LogHandler, TopicPartition } from '../../ports/event-log.ts'
import { lostPartitions, partitionName } from '../log-assignment.ts'
import { truncated } from '../log-position.ts'
import { byName, partitionsOf } from './assigner.ts'
import type { DirectCluster, NamedPartition } from './direct.ts'
import { isKafkaError, isPassing, toForewarmError } from './errors.ts'
import { createGroupMember, type GroupMember, type GroupParts, leaseClient, SIDE_BY_SIDE } from './group-client.ts'
import { resolveStarts } from './group-starts.ts'
import { keepHeartbeats } from './heartbeats.ts'
import { createLease, type Lease, type LeaseClient } from './lease.ts'
import { Pending } from './pending.ts'
import type { TopicNames } from './records.ts'
import { type SilenceWatch, silentGroup, watchSilence } from './silence-watch.ts'

export type ConsumerParts = GroupParts & {
  readonly direct: DirectCluster
  readonly names: TopicNames
}

const [RESTART_MS, STOP_MS] = [1_000, 5_000]

/** Joins the group; rejects when the brokers cannot be reached or a topic is missing. */
export async function startConsumer(
  parts: ConsumerParts,
  options: ConsumeOptions,
  handler: LogHandler,
): Promise<LogConsumer> {
  const consumer = new KafkaGroupConsumer(parts, options, handler)
  await consumer.start()
  return consumer
}

class KafkaGroupConsumer implements LogConsumer {
  readonly failed: Promise<never>
  readonly #parts: ConsumerParts
  readonly #options: ConsumeOptions
  readonly #handler: LogHandler
  readonly #failing = Promise.withResolvers<never>()
  #member: GroupMember | null = null
  #held: readonly TopicPartition[] = []
  #isJoined = false
  #isRestarting = false
  #leases = new Map<string, Lease>()
  /** Counts assignments; what belongs to an earlier one is dropped. */
  #epoch = 0
  #taking: Promise<void> = Promise.resolve()
  readonly #delivering = new Pending()
  /** Work of batches that have ended that goes on. */
  readonly #inHand = new Pending()
  readonly #silence: SilenceWatch
  #ended = false
  #stopping: Promise<void> | null = null
  #disconnecting: Promise<void> | null = null

  constructor(parts: ConsumerParts, options: ConsumeOptions, handler: LogHandler) {
    this.#parts = parts
    this.#options = options
    this.#handler = handler
    this.failed = this.#failing.promise
    this.failed.catch(() => {})
    this.#silence = watchSilence({
      silenceMs: parts.times.silenceMs,
      isBusy: () => this.#delivering.size > 0,
      onSilence: (silentMs) => this.#fail(silentGroup(parts.groupId, silentMs)),
    })
  }

  assignment(): readonly TopicPartition[] {
    return this.#held
  }

  joined(): boolean {
    return this.#isJoined && !this.#ended
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#leave()
    return this.#stopping
  }

  async abandon(): Promise<void> {
    this.#drop()
    // From here on it joins no more. What is being delivered may take long to end: others need not wait for it.
    const left = this.#disconnect()
    await this.#member?.leave().catch(() => left)
  }

  async start(): Promise<void> {
    const topics = this.#options.topics.map((topic) => this.#parts.names.nameOf(topic))
    try {
      await Promise.all(topics.map((topic) => this.#parts.direct.partitions(topic)))
      await this.#run(topics)
    } catch (error) {
      const shown = toForewarmError(error, `joining the group ${this.#parts.groupId}`)
      this.#fail(shown)
      throw shown
    }
  }

  async #run(topics: string[]): Promise<void> {
    await this.#parts.direct.coordinated(this.#parts.groupId)
    const restarts = () => !this.#ended
    this.#member = createGroupMember(this.#parts, { restarts, onUntold: (client) => void this.#restart(client) })
    const { client } = this.#member
    this.#listen(client)
    await client.connect()
    await client.subscribe({ topics, fromBeginning: true })
    if (this.#ended) return
    await client.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: SIDE_BY_SIDE,
      eachBatch: (payload) => this.#delivering.add(this.#deliver(client, payload)),
    })
  }

  #listen(client: Consumer): void {
    const { heard } = this.#silence
    client.on(client.events.FETCH, heard)
    client.on(client.events.HEARTBEAT, heard)
    client.on(client.events.GROUP_JOIN, ({ payload }) => {
      heard()
      this.#assign(client, payload.memberAssignment)
    })
    client.on(client.events.CRASH, ({ payload }) => {
      heard()
      if (payload.restart || this.#ended) return
      if (isPassing(payload.error)) void this.#restart(client)
      else this.#fail(toForewarmError(payload.error, `reading as the group ${this.#parts.groupId}`))
    })
  }

  /** Joins anew: kafkajs has given up on what passes by itself, such as a coordinator that is not there yet. */
  async #restart(client: Consumer): Promise<void> {
    if (this.#isRestarting || this.#ended) return
    this.#isRestarting = true
    this.#endLeases()
    this.#isJoined = false
    await delay(RESTART_MS)
    await client.disconnect().catch(() => {})
    this.#isRestarting = false
    if (this.#ended) return
    try {
      await this.#run(this.#options.topics.map((topic) => this.#parts.names.nameOf(topic)))
    } catch (error) {
      this.#silence.heard()
      if (isPassing(error) && this.#member !== null) void this.#restart(this.#member.client)
      else this.#fail(toForewarmError(error, `joining the group ${this.#parts.groupId} again`))
    }
  }

  /** Runs inside kafkajs's join, before its next fetch: nothing is fetched until the handler has said from where. */
  #assign(client: Consumer, assignment: IMemberAssignment): void {
    this.#endLeases()
    const epoch = this.#epoch
    const partitions = partitionsOf(assignment, this.#parts.names)
    if (partitions.length > 0) client.pause(byName(partitions, this.#parts.names))
    this.#taking = this.#taking
      .then(() => this.#take(client, epoch, partitions))
      .catch((error: unknown) => this.#fail(toForewarmError(error, `starting in the group ${this.#parts.groupId}`)))
  }

  async #take(client: Consumer, epoch: number, partitions: readonly TopicPartition[]): Promise<void> {
    await this.#idle()
    if (!this.#isCurrent(epoch)) return
    const lost = lostPartitions(this.#held, partitions)
    this.#held = partitions
    this.#isJoined = true
    if (lost.length > 0) await this.#handler.revoked(lost)
    if (partitions.length === 0) return
    const positions = await this.#handler.assigned(partitions)
    const starts = await resolveStarts(
      this.#parts,
      partitions.map((partition, index) => ({ partition, position: positions[index] })),
      { goesOn: () => this.#isCurrent(epoch), onWait: this.#silence.heard },
    )
    if (starts === null || !this.#isCurrent(epoch)) return
    partitions.forEach((partition, index) => {
      const next = starts[index] ?? 0
      client.seek({ ...this.#named(partition), offset: String(next) })
      this.#leases.set(partitionName(partition), this.#createLease(partition, epoch, next))
    })
    client.resume(byName(partitions, this.#parts.names))
  }

  #createLease(partition: TopicPartition, epoch: number, next: number): Lease {
    return createLease(partition, {
      next,
      handler: this.#handler,
      recordsMax: this.#options.batchRecordsMax,
      current: () => this.#epoch === epoch,
      checkGap: async (at, wanted) => {
        const bounds = await this.#parts.direct.bounds(this.#named(at))
        if (wanted < bounds.first) throw truncated(at, wanted, bounds)
      },
      follow: (work) => this.#follow(work),
    })
  }

  async #deliver(client: Consumer, payload: EachBatchPayload): Promise<void> {
    const { batch, isStale, heartbeat } = payload
    const role = this.#parts.names.roleOf(batch.topic)
    const lease =
      role === null ? undefined : this.#leases.get(partitionName({ topic: role, partition: batch.partition }))
    if (lease === undefined || this.#ended || isStale()) return
    const heartbeats = keepHeartbeats(heartbeat, {
      everyMs: this.#parts.times.heartbeatMs,
      onRejoin: () => this.#tellLeases(),
    })
    try {
      await this.#hand(lease, payload, leaseClient(client, payload))
    } finally {
      // Throws what makes kafkajs join again.
      heartbeats.end()
    }
  }

  async #hand(lease: Lease, { batch }: EachBatchPayload, client: LeaseClient): Promise<void> {
    try {
      await lease.deliver({ messages: batch.messages, endOffset: Number(batch.highWatermark) }, client)
    } catch (error) {
      // kafkajs knows what to do about its own errors: join again, retry, or crash. The others are the handler's.
      if (isKafkaError(error)) throw error
      this.#fail(error)
    }
  }

  /** Everything in flight is told to end, and what it leads to is dropped. */
  #endLeases(): void {
    this.#epoch += 1
    this.#tellLeases()
    this.#leases = new Map()
  }

  /** Everything in flight is told to end; its verdicts still count. */
  #tellLeases(): void {
    for (const lease of this.#leases.values()) lease.end()
  }

  /** What the client has to say of a commit it says again at the next batch; anything else ends this consumer. */
  #follow(work: Promise<void>): void {
    void this.#inHand.add(
      work.catch((error: unknown) => {
        if (!isKafkaError(error)) this.#fail(error)
      }),
    )
  }

  async #idle(): Promise<void> {
    await this.#delivering.idle()
    await this.#inHand.idle()
  }

  #fail(error: unknown): void {
    if (this.#ended) return
    this.#failing.reject(error)
    this.#drop()
    this.#stopping ??= this.#shutDown()
  }

  /** What is in flight leads to nothing any more. */
  #drop(): void {
    this.#ended = true
    this.#endLeases()
    this.#held = []
  }

  async #leave(): Promise<void> {
    this.#ended = true
    this.#tellLeases()
    // What ends now is committed before the group is left.
    await Promise.race([this.#idle(), delay(STOP_MS, undefined, { ref: false })])
    await this.#shutDown()
    const lost = this.#held
    this.#held = []
    if (lost.length > 0) await this.#handler.revoked(lost)
  }

  async #shutDown(): Promise<void> {
    await this.#disconnect()
    await this.#idle()
    this.#endLeases()
  }

  #disconnect(): Promise<void> {
    this.#silence.end()
    this.#disconnecting ??= this.#member?.disconnect(STOP_MS) ?? Promise.resolve()
    return this.#disconnecting
  }

  #isCurrent(epoch: number): boolean {
    return this.#epoch === epoch && !this.#ended
  }

  #named({ topic, partition }: TopicPartition): NamedPartition {
    return { topic: this.#parts.names.nameOf(topic), partition }
  }
}
