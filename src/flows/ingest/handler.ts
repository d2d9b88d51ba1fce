import { partitionOf, shardKey } from '../../model/identity.ts'
import type {
  BatchVerdict,
  LogBatch,
  LogHandler,
  LogRecord,
  StartPosition,
  TopicPartition,
} from '../../ports/event-log.ts'
import { isTransient, pauseAfter } from '../transient.ts'
import { openWhenAnswered } from './assign.ts'
import { claimModel } from './claim-model.ts'
import { INGEST_TOPICS, type IngestTopic } from './fence.ts'
import type { Fates } from './fold-items.ts'
import { asIngest } from './item.ts'
import type { IngestDeps } from './load-shard.ts'
import type { Partition, Progress } from './partition.ts'
import { type OffsetRange, readRange } from './read-range.ts'
import { trimMemory } from './trim-memory.ts'

export type IngestOptions = {
  /** Files of all shards that are kept in memory between batches; answers of runs count as the files whose memory they take. */
  readonly filesInMemoryMax: number
  /** Records of a partition after which the fences of its idle buckets are brought along. */
  readonly settleRecords: number
  /** Records that are read again at once where the store lost a tail. */
  readonly batchRecordsMax: number
  /** Go on although records that the model needs are gone from the log. */
  readonly acceptTruncated: boolean
}

export const DEFAULT_INGEST_OPTIONS: IngestOptions = {
  filesInMemoryMax: 400_000,
  settleRecords: 10_000,
  batchRecordsMax: 500,
  acceptTruncated: false,
}

/**
 * The ingest flow: folds access events and warm outcomes into the models, each record exactly once (docs/architecture.md,
 * rule 1). Where it stands is in the fences of the store and nowhere else, so a redelivery is skipped, a writer that
 * lost its partition is refused, and a store that lost its tail is folded again from there.
 */
export class IngestHandler implements LogHandler {
  readonly #deps: IngestDeps
  readonly #options: IngestOptions
  readonly #partitions = new Map<number, Partition>()
  readonly #count: number
  readonly #owner: string

  private constructor(deps: IngestDeps, options: IngestOptions, partitions: number) {
    this.#deps = deps
    this.#options = options
    this.#count = partitions
    this.#owner = deps.nextMark()
  }

  /** Checks that the store is safe and its model was made with the same limits and partitions. */
  static async create(deps: IngestDeps, options: IngestOptions): Promise<IngestHandler> {
    return new IngestHandler(deps, options, await claimModel(deps))
  }

  async assigned(partitions: readonly TopicPartition[]): Promise<readonly StartPosition[]> {
    for (const number of new Set(partitions.map(({ partition }) => partition))) {
      const before = this.#partitions.get(number)
      if (before !== undefined) before.lost = true
      this.#partitions.set(number, await this.#open(number))
    }
    await this.#trySuspect()
    return partitions.map(
      ({ topic, partition }) => this.#partitions.get(partition)?.position[asIngest(topic)] ?? 'earliest',
    )
  }

  /**
   * Handles the record that processes did not come back from before any batch, so that a process which ends now ends of
   * it. One for each assignment: after it, partitions go on beside each other, and an end would say nothing.
   */
  async #trySuspect(): Promise<void> {
    const partition = [...this.#partitions.values()].find(({ guard }) => guard.suspected !== null)
    const suspect = partition?.guard.suspected
    if (partition === undefined || !suspect) return
    const { topic, offset } = suspect
    const range = { from: partition.position[topic], end: offset + 1 }
    await partition.turn(() => partition.guard.alone(() => this.#handleRange(partition, topic, range)))
  }

  async #handleRange(partition: Partition, topic: IngestTopic, range: OffsetRange): Promise<void> {
    try {
      for await (const chunk of this.#again(partition, topic, range)) {
        const progress = await this.#handle(partition, topic, chunk)
        if (progress.retry !== null || partition.rewind[topic] !== null) return
      }
    } catch (error) {
      // What does not answer now says nothing about the record: its batch comes to it again.
      if (!isTransient(error)) throw error
    }
  }

  async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#release([...new Set(partitions.map(({ partition }) => partition))])
  }

  /** Writes all fences; for after the consumer's stop. */
  async close(): Promise<void> {
    await this.#release([...this.#partitions.keys()])
  }

  /**
   * Looks whether all fences are as this process left them, and reads again what a store has lost: where no record comes,
   * no write would tell. While the log or the store is away there is nothing to see.
   */
  async look(): Promise<void> {
    await Promise.all([...this.#partitions.values()].map((partition) => partition.turn(() => this.#lookAt(partition))))
  }

  /** Workspaces whose first shard is folded here and in memory now: those that are read. */
  workspaces(): ReadonlySet<string> {
    const held = [...this.#partitions.values()].flatMap((partition) => partition.heldShards())
    return new Set(held.flatMap(({ key }) => (key.endsWith('#0') ? [key.slice(0, -2)] : [])))
  }

  /** Whether the first shard of a workspace is folded here. */
  folds(workspace: string): boolean {
    return this.#partitions.has(partitionOf(shardKey(workspace, 0), this.#count))
  }

  async #lookAt(partition: Partition): Promise<void> {
    if (partition.lost) return
    try {
      await partition.look()
      for (const topic of INGEST_TOPICS) await this.#catchUp(partition, topic)
    } catch (error) {
      if (!isTransient(error)) throw error
      this.#deps.logger.warn(
        { partition: partition.number, reason: error.message },
        'the fences cannot be looked at now',
      )
    }
  }

  async batch(batch: LogBatch, signal: AbortSignal): Promise<BatchVerdict> {
    const first = firstOffset(batch.records)
    const partition = this.#partitions.get(batch.partition)
    if (partition === undefined) return { next: first, pauseMs: pauseAfter(1) }
    return partition.turn(async () => {
      if (partition.lost || signal.aborted) return { next: first, pauseMs: pauseAfter(1) }
      return this.#batch(partition, batch)
    })
  }

  async #batch(partition: Partition, batch: LogBatch): Promise<BatchVerdict> {
    try {
      const verdict = await this.#fold(partition, batch)
      if (verdict.pauseMs === undefined) partition.failures = 0
      return verdict
    } catch (error) {
      if (!isTransient(error)) {
        partition.lost = true
        throw error
      }
      return this.#retry(partition, batch, error)
    }
  }

  #retry(partition: Partition, { topic, records }: LogBatch, error: Error): BatchVerdict {
    const first = firstOffset(records)
    const of = { topic, partition: partition.number }
    partition.failures += 1
    const pauseMs = pauseAfter(partition.failures)
    this.#deps.logger.warn({ partition: partition.number, pauseMs, reason: error.message }, 'ingest waits')
    this.#deps.telemetry.measure('forewarm.ingest.records', records.length, { ...of, fate: 'retry' })
    return { next: first, pauseMs }
  }

  async #fold(partition: Partition, batch: LogBatch): Promise<BatchVerdict> {
    const topic = asIngest(batch.topic)
    await partition.repair()
    const first = firstOffset(batch.records)
    const due = this.#rewound(partition, topic, first) ?? (await partition.missing(topic, first))
    if (due !== null) return { next: due }
    const progress = await this.#handle(partition, topic, batch.records)
    const other = topic === 'access-events' ? 'warm-outcomes' : 'access-events'
    for (let left = CATCH_UPS_MAX; left > 0 && partition.rewind[other] !== null; left -= 1) {
      await this.#catchUp(partition, other)
    }
    trimMemory([...this.#partitions.values()], this.#options.filesInMemoryMax)
    const next = this.#rewound(partition, topic, progress.next) ?? progress.next
    const commit = partition.lowest(topic)
    if (progress.retry === null) return { next, commit }
    partition.failures += 1
    const pauseMs = pauseAfter(partition.failures)
    this.#deps.logger.warn(
      { partition: partition.number, pauseMs, reason: progress.retry },
      'a record cannot be read yet',
    )
    return { next, commit, pauseMs }
  }

  /** Where to read again from, if that lies before `at`; the partition then stands there. */
  #rewound(partition: Partition, topic: IngestTopic, at: number): number | null {
    const rewind = partition.rewind[topic]
    partition.rewind[topic] = null
    if (rewind === null || rewind >= at) return null
    partition.position[topic] = rewind
    return rewind
  }

  async #handle(partition: Partition, topic: IngestTopic, records: readonly LogRecord[]): Promise<Progress> {
    const single = partition.guard.cautious
    let progress: Progress = { next: firstOffset(records), fates: { done: 0, skipped: 0, parked: 0 }, retry: null }
    for (let at = 0; at < records.length && progress.retry === null && partition.rewind[topic] === null; ) {
      const part = single ? records.slice(at, at + 1) : records
      // Records that come again: until they are through, nothing after them is taken as contained.
      partition.position[topic] = firstOffset(part)
      progress = await this.#handlePart(partition, topic, part)
      if (single) await partition.guard.after()
      this.#countFates({ topic, partition: partition.number }, progress.fates)
      partition.position[topic] = progress.next
      at += part.length
    }
    partition.sinceSettled += records.length
    if (partition.sinceSettled >= this.#options.settleRecords) {
      await partition.settle()
      await partition.guard.end()
    }
    return progress
  }

  async #handlePart(partition: Partition, topic: IngestTopic, part: readonly LogRecord[]): Promise<Progress> {
    try {
      return await partition.handle(topic, part)
    } catch (error) {
      if (isTransient(error) && partition.guard.cautious) await partition.guard.after()
      throw error
    }
  }

  /** Reads again what the store lost of the other topic: its own next batch may be long in coming. */
  async #catchUp(partition: Partition, topic: IngestTopic): Promise<void> {
    const end = partition.position[topic]
    const from = this.#rewound(partition, topic, end)
    if (from === null) return
    try {
      for await (const chunk of this.#again(partition, topic, { from, end })) {
        const progress = await this.#handle(partition, topic, chunk)
        if (progress.retry !== null || partition.rewind[topic] !== null) return
      }
      partition.position[topic] = end
    } finally {
      const reached = partition.position[topic]
      if (reached < end) partition.rewind[topic] = Math.min(partition.rewind[topic] ?? reached, reached)
      partition.position[topic] = end
    }
  }

  #again({ number }: Partition, topic: IngestTopic, range: OffsetRange): AsyncIterable<readonly LogRecord[]> {
    const partition = { topic, partition: number }
    return readRange(this.#deps.log, partition, { ...range, chunk: this.#options.batchRecordsMax })
  }

  #countFates(of: TopicPartition, fates: Fates): void {
    for (const fate of ['done', 'skipped', 'parked'] as const) {
      if (fates[fate] > 0) this.#deps.telemetry.measure('forewarm.ingest.records', fates[fate], { ...of, fate })
    }
  }

  #open(number: number): Promise<Partition> {
    const routing = { partition: number, partitions: this.#count, shards: this.#deps.limits.shards, owner: this.#owner }
    return openWhenAnswered(this.#deps, routing, this.#options)
  }

  async #release(numbers: readonly number[]): Promise<void> {
    await Promise.all(numbers.map((number) => this.#releaseOne(number)))
  }

  async #releaseOne(number: number): Promise<void> {
    const partition = this.#partitions.get(number)
    if (partition === undefined) return
    this.#partitions.delete(number)
    await partition.turn(async () => {
      partition.lost = true
      // A store that is away would hold up each write: longer than a process has to stop.
      if (!(await this.#deps.store.healthy())) return
      try {
        await partition.settle()
        await partition.guard.end()
      } catch (error) {
        // The fences stay where they are: the next owner reads a little more again.
        if (!isTransient(error)) throw error
      }
    })
  }
}

const firstOffset = (records: readonly LogRecord[]): number => records[0]?.offset ?? 0

/** Times that one batch reads the other topic again; what is still missing then waits for the next batch. */
const CATCH_UPS_MAX = 3
