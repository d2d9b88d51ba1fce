import type { KafkaMessage } from 'kafkajs'
import type { BatchVerdict, LogHandler, LogRecord, TopicPartition } from '../../ports/event-log.ts'
import { partitionName } from '../log-assignment.ts'
import { toRecord } from './records.ts'

/** What a lease does to the client when a batch was handled. All calls are synchronous but the commit. */
export type LeaseClient = {
  /** Records up to this offset, included, need not be fetched again. */
  resolve(offset: number): void
  seek(next: number): void
  pause(): void
  resume(): void
  commit(offset: number): Promise<void>
  /** Tells the group that this member lives; rejects when it is to join again. */
  heartbeat(): Promise<void>
}

export type Fetched = { readonly messages: readonly KafkaMessage[]; readonly endOffset: number }

/** This consumer's hold on one partition, from an assignment to the next. */
export type Lease = {
  readonly partition: TopicPartition
  /** Hands fetched messages to the handler, batch by batch, and carries out its verdicts. */
  deliver(fetched: Fetched, client: LeaseClient): Promise<void>
  /** The partition is lost, or the consumer stops: the batch in flight is told, and what follows it is dropped. */
  end(): void
}

export type LeaseOptions = {
  readonly next: number
  readonly handler: LogHandler
  readonly recordsMax: number
  /** Whether this lease still counts: a batch that outlived its assignment changes nothing. */
  readonly current: () => boolean
  /** Fails if records at this offset were dropped by retention. */
  readonly checkGap: (partition: TopicPartition, next: number) => Promise<void>
  /** Takes what goes on after its batch, and its rejection: the partition is given to nobody else until it has ended. */
  readonly follow: (work: Promise<void>) => void
}

/** A hold on a partition that begins at `options.next`. */
export function createLease(partition: TopicPartition, options: LeaseOptions): Lease {
  return new PartitionLease(partition, options)
}

class PartitionLease implements Lease {
  readonly partition: TopicPartition
  readonly #options: LeaseOptions
  readonly #lost = new AbortController()
  #next: number
  #gapAt: number | null = null
  #resuming: NodeJS.Timeout | null = null

  constructor(partition: TopicPartition, options: LeaseOptions) {
    this.partition = partition
    this.#options = options
    this.#next = options.next
  }

  end(): void {
    if (this.#resuming !== null) clearTimeout(this.#resuming)
    this.#lost.abort(new Error(`the partition ${partitionName(this.partition)} is no longer this consumer's`))
  }

  async deliver({ messages, endOffset }: Fetched, client: LeaseClient): Promise<void> {
    const records = messages.map((message) => toRecord(this.partition, message))
    const fresh = records.filter(({ offset }) => offset >= this.#next)
    const [first] = fresh
    if (first === undefined) return client.seek(this.#next)
    if (!(await this.#follows(first.offset))) return client.seek(this.#next)
    for (let at = 0; at < fresh.length && this.#alive(); at += this.#options.recordsMax) {
      const batch = fresh.slice(at, at + this.#options.recordsMax)
      const verdict = await this.#options.handler.batch(
        { ...this.partition, records: batch, endOffset },
        this.#lost.signal,
      )
      if (!this.#options.current()) return this.#drop(verdict)
      if (!(await this.#settle(verdict, batch, client))) return
      await client.heartbeat()
    }
  }

  /**
   * Whether a batch that starts here goes on where the last one ended. What lies between may be gone for good, or never
   * have been a record, or the batch was fetched for a position that is no longer true: the same gap twice is a real one.
   */
  async #follows(offset: number): Promise<boolean> {
    if (offset === this.#next || offset === this.#gapAt) return true
    await this.#options.checkGap(this.partition, this.#next)
    this.#gapAt = offset
    return false
  }

  /** Carries out a verdict; answers whether the next batch in hand follows it. */
  async #settle(verdict: BatchVerdict, batch: readonly LogRecord[], client: LeaseClient): Promise<boolean> {
    const last = batch.at(-1)?.offset ?? this.#next
    const whole = verdict.next === last + 1
    this.#next = verdict.next
    if (whole) client.resolve(last)
    else client.seek(verdict.next)
    const pauseMs = this.#alive() ? (verdict.pauseMs ?? 0) : 0
    if (pauseMs > 0) this.#pause(pauseMs, client)
    if (verdict.inHand !== undefined) this.#options.follow(this.#commitAfter(verdict.inHand, client))
    if (verdict.commit !== undefined) await client.commit(verdict.commit)
    return whole && pauseMs <= 0
  }

  async #commitAfter(inHand: Promise<number>, client: LeaseClient): Promise<void> {
    const offset = await inHand
    if (this.#options.current()) await client.commit(offset)
  }

  #pause(ms: number, client: LeaseClient): void {
    client.pause()
    this.#resuming = setTimeout(() => client.resume(), ms)
  }

  /** The assignment is over: only the end of what is in hand is still waited for. */
  #drop({ inHand }: BatchVerdict): void {
    if (inHand !== undefined) this.#options.follow(inHand.then(() => {}))
  }

  #alive(): boolean {
    return !this.#lost.signal.aborted && this.#options.current()
  }
}
