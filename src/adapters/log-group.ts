import { setImmediate as nextTick } from 'node:timers/promises'
import type { Clock } from '../ports/clock.ts'
import type {
  ConsumeOptions,
  LogConsumer,
  LogHandler,
  LogRecord,
  StartPosition,
  TopicPartition,
  TopicRole,
} from '../ports/event-log.ts'
import { assignPartitions, lostPartitions, partitionName } from './log-assignment.ts'
import { checkPosition, truncated } from './log-position.ts'

/** What a log that lives in this process offers to the groups that read it. */
export type LocalLog = {
  partitions(topic: TopicRole): number
  bounds(partition: TopicPartition): { readonly first: number; readonly end: number }
  slice(partition: TopicPartition, from: number, recordsMax: number): readonly LogRecord[]
  committed(group: string, partition: TopicPartition): number | null
  commit(group: string, partition: TopicPartition, offset: number): void
}

export type LocalGroups = {
  join(options: ConsumeOptions, handler: LogHandler): Promise<LogConsumer>
  /** New records may be there. */
  wake(): void
  /** Assigns a group anew, to other members where there are some; see MemoryLogFaults. */
  reassign(group: string, options: ReassignOptions): Promise<void>
  /** Sets what every group reads next of a partition. */
  rewind(partition: TopicPartition, to: number): void
  close(): Promise<void>
}

export type ReassignOptions = { readonly zombies: boolean }

type Time = Pick<Clock, 'sleep'>

/** The groups of a log that lives in this process: members, assignment, delivery. */
export function createLocalGroups(log: LocalLog, time: Time): LocalGroups {
  const groups = new Map<string, Group>()
  const members = (): Member[] => [...groups.values()].flatMap((group) => [...group.members])
  const leases = (): Lease[] => members().flatMap((member) => member.leases)
  return {
    async join(options, handler) {
      const group = groups.get(options.group) ?? new Group(log)
      groups.set(options.group, group)
      const member = new Member({ log, time, options, handler, group })
      group.members.add(member)
      await group.rebalance()
      return member
    },
    wake() {
      for (const lease of leases()) lease.wake()
    },
    async reassign(name, { zombies }) {
      await groups.get(name)?.rebalance({ zombies, rotate: true })
    },
    rewind(partition, to) {
      const name = partitionName(partition)
      for (const lease of leases()) if (partitionName(lease.partition) === name) lease.rewind(to)
    },
    async close() {
      await Promise.all(members().map((member) => member.stop()))
    },
  }
}

/** Members that share the partitions of their topics. Assignments happen one after the other. */
class Group {
  readonly members = new Set<Member>()
  /** Loops that deliver now; a new assignment waits for them, but not for zombies. */
  readonly delivering = new Set<Promise<void>>()
  private turn: Promise<void> = Promise.resolve()
  private rotation = 0
  private wanted: { readonly zombies: boolean } | null = null
  private readonly log: LocalLog

  constructor(log: LocalLog) {
    this.log = log
  }

  /** Resolves once an assignment is made that was begun after this call. */
  rebalance({ zombies = false, rotate = false } = {}): Promise<void> {
    if (rotate) this.rotation += 1
    this.wanted = { zombies: zombies || this.wanted?.zombies === true }
    this.turn = this.turn.then(() => this.assign())
    return this.turn
  }

  private async assign(): Promise<void> {
    if (this.wanted === null) return
    const { zombies } = this.wanted
    for (const member of this.members) member.suspend(zombies)
    if (zombies) this.delivering.clear()
    await Promise.all(this.delivering)
    // What was asked for while this waited is done with it.
    this.wanted = null
    const members = [...this.members]
    const topics = members.map((member) => member.options.topics)
    const assigned = assignPartitions(topics, (topic) => this.log.partitions(topic), this.rotation)
    const shares = members.map((member, index) => [member, assigned[index] ?? []] as const)
    await Promise.all(shares.map(([member, share]) => member.give(share)))
    await Promise.all(shares.map(([member, share]) => member.take(share)))
  }
}

type MemberParts = {
  readonly log: LocalLog
  readonly time: Time
  readonly options: ConsumeOptions
  readonly handler: LogHandler
  readonly group: Group
}

class Member implements LogConsumer {
  readonly options: ConsumeOptions
  readonly failed: Promise<never>
  leases: Lease[] = []
  private readonly parts: MemberParts
  private held: readonly TopicPartition[] = []
  private readonly loops = new Set<Promise<void>>()
  private readonly ending = Promise.withResolvers<void>()
  private readonly failing = Promise.withResolvers<never>()
  private stopping: Promise<void> | null = null

  constructor(parts: MemberParts) {
    this.parts = parts
    this.options = parts.options
    this.failed = this.failing.promise
    this.failed.catch(() => {})
  }

  assignment(): readonly TopicPartition[] {
    return this.held
  }

  stop(): Promise<void> {
    this.stopping ??= this.leave()
    return this.stopping
  }

  /** Ends delivery before a new assignment; a zombie is not told and ends its batch while another has the partition. */
  suspend(zombie: boolean): void {
    for (const lease of this.leases) {
      if (zombie) lease.fence()
      else lease.end()
    }
    this.leases = []
  }

  /** Gives up what is not in the new share. */
  async give(share: readonly TopicPartition[]): Promise<void> {
    const lost = lostPartitions(this.held, share)
    this.held = share
    if (lost.length > 0) await this.attempt(() => this.parts.handler.revoked(lost))
  }

  /** Asks where to start, and starts. */
  async take(share: readonly TopicPartition[]): Promise<void> {
    if (share.length === 0) return
    await this.attempt(async () => {
      const positions = await this.parts.handler.assigned(share)
      const starts = share.map((partition, index) => this.startOf(partition, positions[index]))
      if (!this.parts.group.members.has(this)) return
      this.leases = share.map((partition, index) => this.deliver(partition, starts[index] ?? 0))
    })
  }

  private deliver(partition: TopicPartition, next: number): Lease {
    const lease = new Lease(partition, next, this.parts)
    const { delivering } = this.parts.group
    const loop = lease.run().catch((error: unknown) => this.fail(error))
    for (const loops of [delivering, this.loops]) {
      loops.add(loop)
      void loop.finally(() => loops.delete(loop))
    }
    return lease
  }

  private startOf(partition: TopicPartition, position: StartPosition | undefined): number {
    const { log, options } = this.parts
    const committed = position === 'committed' ? log.committed(options.group, partition) : null
    return checkPosition(partition, position, { ...log.bounds(partition), committed })
  }

  /** Runs a call of the handler; it ends this consumer if it fails, and is not waited for once this consumer ends. */
  private attempt(call: () => Promise<void>): Promise<void> {
    return Promise.race([call().catch((error: unknown) => this.fail(error)), this.ending.promise])
  }

  private fail(error: unknown): void {
    if (!this.parts.group.members.delete(this)) return
    this.suspend(false)
    this.ending.resolve()
    this.held = []
    this.failing.reject(error)
    void this.parts.group.rebalance()
  }

  private async leave(): Promise<void> {
    const member = this.parts.group.members.delete(this)
    this.suspend(false)
    this.ending.resolve()
    await Promise.all(this.loops)
    const lost = this.held
    this.held = []
    if (!member) return
    if (lost.length > 0) await this.parts.handler.revoked(lost)
    void this.parts.group.rebalance()
  }
}

/** One member's hold on one partition, from an assignment to the next. */
class Lease {
  readonly partition: TopicPartition
  private readonly parts: MemberParts
  private readonly lost = new AbortController()
  private fenced = false
  private next: number
  private rewound: number | null = null
  private woken = Promise.withResolvers<void>()
  /** Work of ended batches that goes on. */
  private inHand: Promise<void> = Promise.resolve()
  private failure: { readonly error: unknown } | null = null

  constructor(partition: TopicPartition, next: number, parts: MemberParts) {
    this.partition = partition
    this.next = next
    this.parts = parts
  }

  wake(): void {
    this.woken.resolve()
  }

  rewind(to: number): void {
    this.rewound = to
    this.wake()
  }

  end(): void {
    this.lost.abort(new Error(`the partition ${partitionName(this.partition)} was taken away`))
    this.wake()
  }

  fence(): void {
    this.fenced = true
    this.wake()
  }

  async run(): Promise<void> {
    await this.deliver()
    await this.inHand
    if (this.failure !== null) throw this.failure.error
  }

  private async deliver(): Promise<void> {
    const { log, options } = this.parts
    while (!this.over()) {
      this.woken = Promise.withResolvers()
      this.next = this.rewound ?? this.next
      this.rewound = null
      const { first, end } = log.bounds(this.partition)
      if (this.next < first) throw truncated(this.partition, this.next, { first, end })
      const records = this.next < end ? log.slice(this.partition, this.next, options.batchRecordsMax) : []
      if (records.length === 0) await this.woken.promise
      else await this.handle(records, end)
    }
  }

  private async handle(records: readonly LogRecord[], endOffset: number): Promise<void> {
    const { handler, log, options } = this.parts
    const verdict = await handler.batch({ ...this.partition, records, endOffset }, this.lost.signal)
    if (verdict.inHand !== undefined) this.follow(verdict.inHand)
    if (this.fenced) return
    this.next = verdict.next
    if (verdict.commit !== undefined) log.commit(options.group, this.partition, verdict.commit)
    if (verdict.pauseMs !== undefined && verdict.pauseMs > 0) await this.pause(verdict.pauseMs)
    // A handler that never waits must not keep timers and sockets from their turn.
    else await nextTick()
  }

  private follow(inHand: Promise<number>): void {
    const { log, options } = this.parts
    this.inHand = inHand.then(
      (offset) => {
        if (!this.fenced) log.commit(options.group, this.partition, offset)
      },
      (error: unknown) => {
        this.failure ??= { error }
        this.wake()
      },
    )
  }

  private async pause(ms: number): Promise<void> {
    await this.parts.time.sleep(ms, this.lost.signal).catch((error: unknown) => {
      if (!this.lost.signal.aborted) throw error
    })
  }

  private over(): boolean {
    return this.fenced || this.lost.signal.aborted || this.failure !== null
  }
}
