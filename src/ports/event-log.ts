/**
 * The event log: topics of ordered partitions, written once and read from any position by independent groups.
 * Adapters: Kafka, one SQLite file, memory. Offsets are decimal-safe integers below 2^53.
 */

/** Topics of the system, by their role; the name on the broker carries a configured prefix. */
export type TopicRole = 'access-events' | 'warm-requests' | 'warm-commands' | 'warm-outcomes' | 'dead-letters'

export type TopicPartition = { readonly topic: TopicRole; readonly partition: number }

export type Headers = ReadonlyMap<string, string>

/** A record to append: those with one key keep their order. */
export type OutgoingRecord = {
  readonly key: string | null
  readonly value: Uint8Array
  readonly headers: Headers
}

/** A record as it stands in the log. */
export type LogRecord = TopicPartition & {
  readonly offset: number
  readonly key: string | null
  readonly value: Uint8Array
  readonly headers: Headers
  /** When the log took the record, milliseconds since the Unix epoch. */
  readonly timestampMs: number
}

/** Header of a record that stands for something on the log which cannot be unpacked, and is its value: says why. */
export const UNREADABLE_HEADER = 'forewarm.unreadable'

/** Records of one partition, in order, offsets ascending but not always without gaps. Never empty. */
export type LogBatch = TopicPartition & {
  readonly records: readonly LogRecord[]
  /** Offset after the last record that the partition holds now; the distance to it is the lag. */
  readonly endOffset: number
}

/** Where to start reading a partition: an offset, the log's first record, its end, or the group's committed offset. */
export type StartPosition = number | 'earliest' | 'latest' | 'committed'

/** What the log is to do after a batch. */
export type BatchVerdict = {
  /** Offset to read next: one past what was handled, or a lower one to read again. */
  readonly next: number
  /** Offset to commit for the group, if any; by rule 1 it only feeds lag graphs for ingest. */
  readonly commit?: number
  /** Wait so long before this partition is delivered again (backpressure, retry). */
  readonly pauseMs?: number
  /**
   * Work on records before `next` that goes on after the batch. Resolves once the handler has nothing of the partition in
   * hand any more, with the offset to commit then; a rejection is one of the batch. It ends soon after the batch's signal
   * is aborted; until it has, the partition is given to nobody else. While one is pending, further verdicts bring none.
   */
  readonly inHand?: Promise<number>
}

/** A consumer of some topics. Calls for one partition never overlap; calls for different partitions may. */
export interface LogHandler {
  /**
   * Partitions were assigned, also those that were this consumer's already. Returns where to start each of them, in
   * the order given. No batch of them is delivered before it has resolved.
   */
  assigned(partitions: readonly TopicPartition[]): Promise<readonly StartPosition[]>
  /** Partitions are no longer this consumer's. Their batches stop; what is in flight may still end. */
  revoked(partitions: readonly TopicPartition[]): Promise<void>
  /**
   * Handles one batch. `signal` is aborted when the partition is lost or the consumer is to stop: end at the next
   * record boundary. A rejection ends the consumer: `LogConsumer.failed` rejects and nothing is committed.
   */
  batch(batch: LogBatch, signal: AbortSignal): Promise<BatchVerdict>
}

/** What a member of a group reads. */
export type ConsumeOptions = {
  readonly group: string
  readonly topics: readonly TopicRole[]
  /** Records of one batch at the most. */
  readonly batchRecordsMax: number
}

/** A running consumer. */
export interface LogConsumer {
  /** Never resolves; rejects when the consumer cannot go on. */
  readonly failed: Promise<never>
  /** Partitions that are this consumer's now. */
  assignment(): readonly TopicPartition[]
  /** Whether the group has given it its share of the partitions. That may be none: then it stands by for another's. */
  joined(): boolean
  /** Stops fetching, lets the batch in flight end at a record boundary, leaves the group. */
  stop(): Promise<void>
  /**
   * Leaves the group so that another member can go on at once, after an error or in a stop that hangs: what is in flight is
   * told to end, its verdicts count no more, and nothing is committed.
   */
  abandon(): Promise<void>
}

/** The log that processes meet in. */
export interface EventLog {
  /** Resolves with the offsets once every record is durable (all in-sync replicas). Order is kept within a key. */
  append(
    topic: TopicRole,
    records: readonly OutgoingRecord[],
  ): Promise<readonly (TopicPartition & { offset: number })[]>
  /** Reads as a member of a group; partitions with the same number of all topics go to the same member. */
  consume(options: ConsumeOptions, handler: LogHandler): Promise<LogConsumer>
  /** Reads a partition from `from` up to what it holds at the call, outside any group (rebuild, tools, oracles). */
  read(partition: TopicPartition, from: number): AsyncIterable<LogRecord>
  /** Number of partitions of a topic. */
  partitions(topic: TopicRole): Promise<number>
  /** First offset that is still there and the offset after the last record. */
  bounds(partition: TopicPartition): Promise<{ readonly first: number; readonly end: number }>
  /** Whether the log can be reached now. */
  healthy(): Promise<boolean>
  close(): Promise<void>
}
