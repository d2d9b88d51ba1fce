import { setTimeout as delay } from 'node:timers/promises'
import type { Cluster, Consumer, EachBatchPayload, IMemberAssignment, Kafka } from 'kafkajs'
import { ForewarmError } from '../../ports/errors.ts'
import type { ConsumeOptions, LogConsumer, LogHandler, StartPosition, TopicPartition } from '../../ports/event-log.ts'
import { lostPartitions, partitionName } from '../log-assignment.ts'
import { checkPosition, truncated } from '../log-position.ts'
import { byTopic, createAssigner } from './assigner.ts'
import { RETRY } from './connection.ts'
import type { DirectCluster, NamedPartition } from './direct.ts'
import { isKafkaError, isPassing, toForewarmError } from './errors.ts'
import { keepHeartbeats } from './heartbeats.ts'
import { createLease, type Lease, type LeaseClient } from './lease.ts'
import type { TopicNames } from './records.ts'

export type GroupTimes = {
  /** A member that sends no heartbeat for so long is out of its group. */
  readonly sessionTimeoutMs: number
  readonly heartbeatMs: number
  /** A consumer of which nothing was heard for so long has stopped in silence: it fails. */
  readonly silenceMs: number
}

export type ConsumerParts = {
  readonly kafka: Kafka
  readonly direct: DirectCluster
  readonly names: TopicNames
  readonly times: GroupTimes
  /** The group's name on the broker. */
  readonly groupId: string
}

/** With kafkajs's default of 5 s, seek, resume and stop would wait as long. */
const FETCH_WAIT_MS = 100
const REBALANCE_TIMEOUT_MS = 60_000
const PARTITION_BYTES_MAX = 1024 * 1024
const FETCH_BYTES_MAX = 10 * 1024 * 1024
/** Partitions whose batches are handled side by side. */
const CONCURRENT_PARTITIONS = 32
const RESTART_MS = 1_000
const STOP_MS = 5_000

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
  private readonly parts: ConsumerParts
  private readonly options: ConsumeOptions
  private readonly handler: LogHandler
  private readonly failing = Promise.withResolvers<never>()
  private client: Consumer | null = null
  private cluster: Cluster | null = null
  private held: readonly TopicPartition[] = []
  private leases = new Map<string, Lease>()
  /** Counts assignments; what belongs to an earlier one is dropped. */
  private epoch = 0
  private taking: Promise<void> = Promise.resolve()
  private readonly delivering = new Set<Promise<void>>()
  /** Work of batches that have ended that goes on. */
  private readonly inHand = new Set<Promise<void>>()
  private readonly watchdog: NodeJS.Timeout
  private heardMs = performance.now()
  private ended = false
  private stopping: Promise<void> | null = null

  constructor(parts: ConsumerParts, options: ConsumeOptions, handler: LogHandler) {
    this.parts = parts
    this.options = options
    this.handler = handler
    this.failed = this.failing.promise
    this.failed.catch(() => {})
    this.watchdog = setInterval(() => this.watch(), parts.times.silenceMs / 4)
  }

  assignment(): readonly TopicPartition[] {
    return this.held
  }

  stop(): Promise<void> {
    this.stopping ??= this.leave()
    return this.stopping
  }

  async start(): Promise<void> {
    const { names, direct } = this.parts
    const topics = this.options.topics.map((topic) => names.nameOf(topic))
    try {
      await Promise.all(topics.map((topic) => direct.partitions(topic)))
      await this.run(topics)
    } catch (error) {
      const shown = toForewarmError(error, `joining the group ${this.parts.groupId}`)
      this.fail(shown)
      throw shown
    }
  }

  private async run(topics: string[]): Promise<void> {
    const client = this.createClient()
    this.client = client
    this.listen(client)
    await client.connect()
    await client.subscribe({ topics, fromBeginning: true })
    await client.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
      eachBatch: (payload) => this.track(this.deliver(client, payload)),
    })
  }

  private createClient(): Consumer {
    const { kafka, groupId, times } = this.parts
    return kafka.consumer({
      groupId,
      partitionAssigners: [
        createAssigner((cluster) => {
          this.cluster = cluster
        }),
      ],
      sessionTimeout: times.sessionTimeoutMs,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      heartbeatInterval: times.heartbeatMs,
      maxBytesPerPartition: PARTITION_BYTES_MAX,
      maxBytes: FETCH_BYTES_MAX,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      allowAutoTopicCreation: false,
      retry: { ...RETRY, restartOnFailure: async () => !this.ended },
    })
  }

  private listen(client: Consumer): void {
    const heard = (): void => {
      this.heardMs = performance.now()
    }
    client.on(client.events.FETCH, heard)
    client.on(client.events.HEARTBEAT, heard)
    client.on(client.events.GROUP_JOIN, ({ payload }) => {
      heard()
      this.assign(client, payload.memberAssignment)
    })
    client.on(client.events.CRASH, ({ payload }) => {
      heard()
      if (payload.restart || this.ended) return
      if (isPassing(payload.error)) void this.restart(client)
      else this.fail(toForewarmError(payload.error, `reading as the group ${this.parts.groupId}`))
    })
  }

  /** kafkajs has given up on what passes by itself, such as a coordinator that is not there yet. */
  private async restart(client: Consumer): Promise<void> {
    this.endLeases()
    await delay(RESTART_MS)
    await client.disconnect().catch(() => {})
    if (this.ended) return
    try {
      await this.run(this.options.topics.map((topic) => this.parts.names.nameOf(topic)))
    } catch (error) {
      this.heardMs = performance.now()
      if (isPassing(error) && this.client !== null) void this.restart(this.client)
      else this.fail(toForewarmError(error, `joining the group ${this.parts.groupId} again`))
    }
  }

  /** Runs inside kafkajs's join, before its next fetch: nothing is fetched until the handler has said from where. */
  private assign(client: Consumer, assignment: IMemberAssignment): void {
    this.endLeases()
    const epoch = this.epoch
    const partitions = Object.entries(assignment).flatMap(([name, numbers]) => {
      const topic = this.parts.names.roleOf(name)
      return topic === null ? [] : numbers.map((partition) => ({ topic, partition }))
    })
    if (partitions.length > 0) client.pause(this.byName(partitions))
    this.taking = this.taking
      .then(() => this.take(client, epoch, partitions))
      .catch((error: unknown) => this.fail(toForewarmError(error, `starting in the group ${this.parts.groupId}`)))
  }

  private async take(client: Consumer, epoch: number, partitions: readonly TopicPartition[]): Promise<void> {
    await this.idle()
    if (!this.isCurrent(epoch)) return
    const lost = lostPartitions(this.held, partitions)
    this.held = partitions
    if (lost.length > 0) await this.handler.revoked(lost)
    if (partitions.length === 0) return
    const positions = await this.handler.assigned(partitions)
    const starts = await this.resolveStarts(epoch, partitions, positions)
    if (starts === null || !this.isCurrent(epoch)) return
    partitions.forEach((partition, index) => {
      const next = starts[index] ?? 0
      client.seek({ ...this.named(partition), offset: String(next) })
      this.leases.set(partitionName(partition), this.createLease(partition, epoch, next))
    })
    client.resume(this.byName(partitions))
  }

  /** Goes on asking while the brokers are away; null once the assignment is over. */
  private async resolveStarts(
    epoch: number,
    partitions: readonly TopicPartition[],
    positions: readonly StartPosition[],
  ): Promise<readonly number[] | null> {
    while (this.isCurrent(epoch)) {
      try {
        return await Promise.all(partitions.map((partition, index) => this.startOf(partition, positions[index])))
      } catch (error) {
        if (!(error instanceof ForewarmError) || !error.retriable) throw error
        this.heardMs = performance.now()
        await delay(RESTART_MS)
      }
    }
    return null
  }

  private async startOf(partition: TopicPartition, position: StartPosition | undefined): Promise<number> {
    const { direct, groupId } = this.parts
    const named = this.named(partition)
    const committed = position === 'committed' ? await direct.committed(groupId, named) : null
    return checkPosition(partition, position, { ...(await direct.bounds(named)), committed })
  }

  private createLease(partition: TopicPartition, epoch: number, next: number): Lease {
    return createLease(partition, {
      next,
      handler: this.handler,
      recordsMax: this.options.batchRecordsMax,
      current: () => this.epoch === epoch,
      checkGap: async (at, wanted) => {
        const bounds = await this.parts.direct.bounds(this.named(at))
        if (wanted < bounds.first) throw truncated(at, wanted, bounds)
      },
      follow: (work) => this.follow(work),
    })
  }

  private async deliver(client: Consumer, payload: EachBatchPayload): Promise<void> {
    const { batch, isStale, heartbeat } = payload
    const role = this.parts.names.roleOf(batch.topic)
    const lease =
      role === null ? undefined : this.leases.get(partitionName({ topic: role, partition: batch.partition }))
    if (lease === undefined || this.ended || isStale()) return
    const heartbeats = keepHeartbeats(heartbeat, {
      everyMs: this.parts.times.heartbeatMs,
      onRejoin: () => this.tellLeases(),
    })
    try {
      await this.hand(lease, payload, this.leaseClient(client, payload))
    } finally {
      // Throws what makes kafkajs join again.
      heartbeats.end()
    }
  }

  private async hand(lease: Lease, { batch }: EachBatchPayload, client: LeaseClient): Promise<void> {
    try {
      await lease.deliver({ messages: batch.messages, endOffset: Number(batch.highWatermark) }, client)
    } catch (error) {
      // kafkajs knows what to do about its own errors: join again, retry, or crash. The others are the handler's.
      if (isKafkaError(error)) throw error
      this.fail(error)
    }
  }

  private leaseClient(client: Consumer, payload: EachBatchPayload): LeaseClient {
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

  /** Everything in flight is told to end, and what it leads to is dropped. */
  private endLeases(): void {
    this.epoch += 1
    this.tellLeases()
    this.leases = new Map()
  }

  /** Everything in flight is told to end; its verdicts still count. */
  private tellLeases(): void {
    for (const lease of this.leases.values()) lease.end()
  }

  private track(work: Promise<void>): Promise<void> {
    const settled = work.catch(() => {})
    this.delivering.add(settled)
    void settled.then(() => this.delivering.delete(settled))
    return work
  }

  /** What the client has to say of a commit it says again at the next batch; anything else ends this consumer. */
  private follow(work: Promise<void>): void {
    const followed = work.catch((error: unknown) => {
      if (!isKafkaError(error)) this.fail(error)
    })
    this.inHand.add(followed)
    void followed.then(() => this.inHand.delete(followed))
  }

  private async idle(): Promise<void> {
    await Promise.all(this.delivering)
    await Promise.all(this.inHand)
  }

  private watch(): void {
    if (this.delivering.size > 0) this.heardMs = performance.now()
    const silentMs = performance.now() - this.heardMs
    if (silentMs <= this.parts.times.silenceMs) return
    this.fail(
      new ForewarmError(
        'FW_LOG_UNAVAILABLE',
        `nothing was heard of the group ${this.parts.groupId} for ${Math.round(silentMs)} ms: the client stopped in ` +
          'silence or the brokers do not answer; start this process again',
        { retriable: true },
      ),
    )
  }

  private fail(error: unknown): void {
    if (this.ended) return
    this.ended = true
    this.failing.reject(error)
    this.endLeases()
    this.held = []
    this.stopping ??= this.shutDown()
  }

  private async leave(): Promise<void> {
    this.ended = true
    this.tellLeases()
    // What ends now is committed before the group is left.
    await Promise.race([this.idle(), delay(STOP_MS, undefined, { ref: false })])
    await this.shutDown()
    const lost = this.held
    this.held = []
    if (lost.length > 0) await this.handler.revoked(lost)
  }

  private async shutDown(): Promise<void> {
    clearInterval(this.watchdog)
    const orderly = this.client?.disconnect().catch(() => {})
    await Promise.race([orderly, delay(STOP_MS, undefined, { ref: false })])
    // A join that waits for other members would hold kafkajs back for a minute.
    await this.cluster?.disconnect().catch(() => {})
    await this.idle()
    this.endLeases()
  }

  private isCurrent(epoch: number): boolean {
    return this.epoch === epoch && !this.ended
  }

  private named({ topic, partition }: TopicPartition): NamedPartition {
    return { topic: this.parts.names.nameOf(topic), partition }
  }

  private byName(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
    const grouped = byTopic(partitions.map((partition) => this.named(partition)))
    return Object.entries(grouped).map(([topic, numbers]) => ({ topic, partitions: numbers }))
  }
}
