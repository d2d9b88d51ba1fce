import { setImmediate as nextTick } from 'node:timers/promises'
import type { Clock } from '../ports/clock.ts'
import type { ConsumeOptions, LogHandler, LogRecord, TopicPartition, TopicRole } from '../ports/event-log.ts'
import { partitionName } from './log-assignment.ts'
import { truncated } from './log-position.ts'

/** What a log that lives in this process offers to the groups that read it. */
export type LocalLog = {
  partitions(topic: TopicRole): number
  bounds(partition: TopicPartition): { readonly first: number; readonly end: number }
  slice(partition: TopicPartition, from: number, recordsMax: number): readonly LogRecord[]
  committed(group: string, partition: TopicPartition): number | null
  commit(group: string, partition: TopicPartition, offset: number): void
}

/** What a member of a group works with. */
export type MemberParts = {
  readonly log: LocalLog
  readonly time: Pick<Clock, 'sleep'>
  readonly options: ConsumeOptions
  readonly handler: LogHandler
}

/** One member's hold on one partition, from an assignment to the next. */
export class LocalLease {
  readonly partition: TopicPartition
  readonly #parts: MemberParts
  readonly #lost = new AbortController()
  #fenced = false
  #next: number
  #rewound: number | null = null
  #woken = Promise.withResolvers<void>()
  /** Work of ended batches that goes on. */
  #inHand: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | null = null

  constructor(partition: TopicPartition, next: number, parts: MemberParts) {
    this.partition = partition
    this.#next = next
    this.#parts = parts
  }

  wake(): void {
    this.#woken.resolve()
  }

  rewind(to: number): void {
    this.#rewound = to
    this.wake()
  }

  end(): void {
    this.#lost.abort(new Error(`the partition ${partitionName(this.partition)} was taken away`))
    this.wake()
  }

  fence(): void {
    this.#fenced = true
    this.wake()
  }

  async run(): Promise<void> {
    await this.#deliver()
    await this.#inHand
    if (this.#failure !== null) throw this.#failure.error
  }

  async #deliver(): Promise<void> {
    const { log, options } = this.#parts
    while (!this.#over()) {
      this.#woken = Promise.withResolvers()
      this.#next = this.#rewound ?? this.#next
      this.#rewound = null
      const { first, end } = log.bounds(this.partition)
      if (this.#next < first) throw truncated(this.partition, this.#next, { first, end })
      const records = this.#next < end ? log.slice(this.partition, this.#next, options.batchRecordsMax) : []
      if (records.length === 0) await this.#woken.promise
      else await this.#handle(records, end)
    }
  }

  async #handle(records: readonly LogRecord[], endOffset: number): Promise<void> {
    const { handler, log, options } = this.#parts
    const verdict = await handler.batch({ ...this.partition, records, endOffset }, this.#lost.signal)
    if (verdict.inHand !== undefined) this.#follow(verdict.inHand)
    if (this.#fenced) return
    this.#next = verdict.next
    if (verdict.commit !== undefined) log.commit(options.group, this.partition, verdict.commit)
    if (verdict.pauseMs !== undefined && verdict.pauseMs > 0) await this.#pause(verdict.pauseMs)
    // A handler that never waits must not keep timers and sockets from their turn.
    else await nextTick()
  }

  #follow(inHand: Promise<number>): void {
    const { log, options } = this.#parts
    this.#inHand = inHand.then(
      (offset) => {
        if (!this.#fenced) log.commit(options.group, this.partition, offset)
      },
      (error: unknown) => {
        this.#failure ??= { error }
        this.wake()
      },
    )
  }

  async #pause(ms: number): Promise<void> {
    await this.#parts.time.sleep(ms, this.#lost.signal).catch((error: unknown) => {
      if (!this.#lost.signal.aborted) throw error
    })
  }

  #over(): boolean {
    return this.#fenced || this.#lost.signal.aborted || this.#failure !== null
  }
}
