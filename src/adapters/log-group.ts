import type { ConsumeOptions, LogConsumer, LogHandler, StartPosition, TopicPartition } from '../ports/event-log.ts'
import { LocalLease, type LocalLog, type MemberParts } from './local-lease.ts'
import { assignPartitions, lostPartitions, partitionName } from './log-assignment.ts'
import { checkPosition } from './log-position.ts'

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

/** The groups of a log that lives in this process: members, assignment, delivery. */
export function createLocalGroups(log: LocalLog, time: MemberParts['time']): LocalGroups {
  const groups = new Map<string, Group>()
  const members = (): Member[] => [...groups.values()].flatMap((group) => [...group.members])
  const leases = (): LocalLease[] => members().flatMap((member) => member.leases)
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
  #turn: Promise<void> = Promise.resolve()
  #rotation = 0
  #wanted: { readonly zombies: boolean } | null = null
  readonly #log: LocalLog

  constructor(log: LocalLog) {
    this.#log = log
  }

  /** Resolves once an assignment is made that was begun after this call. */
  rebalance({ zombies = false, rotate = false } = {}): Promise<void> {
    if (rotate) this.#rotation += 1
    this.#wanted = { zombies: zombies || this.#wanted?.zombies === true }
    this.#turn = this.#turn.then(() => this.#assign())
    return this.#turn
  }

  async #assign(): Promise<void> {
    if (this.#wanted === null) return
    const { zombies } = this.#wanted
    for (const member of this.members) member.suspend(zombies)
    if (zombies) this.delivering.clear()
    await Promise.all(this.delivering)
    // What was asked for while this waited is done with it.
    this.#wanted = null
    const members = [...this.members]
    const topics = members.map((member) => member.options.topics)
    const assigned = assignPartitions(topics, (topic) => this.#log.partitions(topic), this.#rotation)
    const shares = members.map((member, index) => [member, assigned[index] ?? []] as const)
    await Promise.all(shares.map(([member, share]) => member.give(share)))
    await Promise.all(shares.map(([member, share]) => member.take(share)))
  }
}

type GroupMemberParts = MemberParts & { readonly group: Group }

class Member implements LogConsumer {
  readonly options: ConsumeOptions
  readonly failed: Promise<never>
  leases: LocalLease[] = []
  readonly #parts: GroupMemberParts
  #held: readonly TopicPartition[] = []
  #isJoined = false
  readonly #loops = new Set<Promise<void>>()
  readonly #ending = Promise.withResolvers<void>()
  readonly #failing = Promise.withResolvers<never>()
  #stopping: Promise<void> | null = null

  constructor(parts: GroupMemberParts) {
    this.#parts = parts
    this.options = parts.options
    this.failed = this.#failing.promise
    this.failed.catch(() => {})
  }

  assignment(): readonly TopicPartition[] {
    return this.#held
  }

  joined(): boolean {
    return this.#isJoined
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#leave()
    return this.#stopping
  }

  async abandon(): Promise<void> {
    if (!this.#parts.group.members.delete(this)) return
    for (const lease of this.leases) lease.fence()
    this.suspend(false)
    this.#ending.resolve()
    this.#held = []
    void this.#parts.group.rebalance()
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
    const lost = lostPartitions(this.#held, share)
    this.#held = share
    this.#isJoined = true
    if (lost.length > 0) await this.#attempt(() => this.#parts.handler.revoked(lost))
  }

  /** Asks where to start, and starts. */
  async take(share: readonly TopicPartition[]): Promise<void> {
    if (share.length === 0) return
    await this.#attempt(async () => {
      const positions = await this.#parts.handler.assigned(share)
      const starts = share.map((partition, index) => this.#startOf(partition, positions[index]))
      if (!this.#parts.group.members.has(this)) return
      this.leases = share.map((partition, index) => this.#deliver(partition, starts[index] ?? 0))
    })
  }

  #deliver(partition: TopicPartition, next: number): LocalLease {
    const lease = new LocalLease(partition, next, this.#parts)
    const { delivering } = this.#parts.group
    const loop = lease.run().catch((error: unknown) => this.#fail(error))
    for (const loops of [delivering, this.#loops]) {
      loops.add(loop)
      void loop.finally(() => loops.delete(loop))
    }
    return lease
  }

  #startOf(partition: TopicPartition, position: StartPosition | undefined): number {
    const { log, options } = this.#parts
    const committed = position === 'committed' ? log.committed(options.group, partition) : null
    return checkPosition(partition, position, { ...log.bounds(partition), committed })
  }

  /** Runs a call of the handler; it ends this consumer if it fails, and is not waited for once this consumer ends. */
  #attempt(call: () => Promise<void>): Promise<void> {
    return Promise.race([call().catch((error: unknown) => this.#fail(error)), this.#ending.promise])
  }

  #fail(error: unknown): void {
    if (!this.#parts.group.members.delete(this)) return
    this.suspend(false)
    this.#ending.resolve()
    this.#held = []
    this.#isJoined = false
    this.#failing.reject(error)
    void this.#parts.group.rebalance()
  }

  async #leave(): Promise<void> {
    const member = this.#parts.group.members.delete(this)
    this.suspend(false)
    this.#ending.resolve()
    await Promise.all(this.#loops)
    const lost = this.#held
    this.#held = []
    this.#isJoined = false
    if (!member) return
    if (lost.length > 0) await this.#parts.handler.revoked(lost)
    void this.#parts.group.rebalance()
  }
}
