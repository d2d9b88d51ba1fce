import { BUCKETS } from '../../model/identity.ts'
import type { LogRecord } from '../../ports/event-log.ts'
import { isTransient } from '../transient.ts'
import { Bucket, FenceMoved } from './bucket.ts'
import { CrashGuard } from './crash-guard.ts'
import { parkRecords } from './dead-letters.ts'
import { compareCursors, type Fence, formatFence, INGEST_TOPICS, type IngestTopic } from './fence.ts'
import { type Fates, foldItems } from './fold-items.ts'
import { coveringBucket, type Item, type ParkedItem, parked, type Routing, readItem } from './item.ts'
import type { IngestDeps } from './load-shard.ts'

/** How many buckets are written at once. */
const WRITES_MAX = 32

/** Waits between two writers of a bucket grow to 2^8 ms at the most. */
const YIELD_DOUBLINGS_MAX = 8

/** A bucket's fence was another one than believed, and is behind that for these topics. */
class Moved {
  readonly behind = new Set<IngestTopic>()
}

/** What handling some records came to. `next`: one past the last handled record. */
export type Progress = { readonly next: number; readonly fates: Fates; readonly retry: string | null }

/** The buckets of one partition and how far both of its topics are handled. Used by one caller at a time. */
export class Partition {
  readonly number: number
  readonly guard: CrashGuard
  readonly buckets = new Map<number, Bucket>()
  /** Every bucket contains all of its records below these offsets. */
  readonly position: Record<IngestTopic, number> = { 'access-events': 0, 'warm-outcomes': 0 }
  /** Offsets to read again from, because a bucket's stored fence fell behind. */
  readonly rewind: Record<IngestTopic, number | null> = { 'access-events': null, 'warm-outcomes': null }
  /** Where a bucket without a fence begins. */
  start: Fence = { 'access-events': { next: 0, index: 0 }, 'warm-outcomes': { next: 0, index: 0 } }
  /** Failures in a row. */
  failures = 0
  /** Records handled since idle buckets were last brought along. */
  sinceSettled = 0
  lost = false
  /** The last record that was set aside here: those before it were, here or before a fence moved past them. */
  readonly #parkedTo: Record<IngestTopic, number> = { 'access-events': -1, 'warm-outcomes': -1 }
  readonly #askedFor: Record<IngestTopic, number> = { 'access-events': -1, 'warm-outcomes': -1 }
  #tail: Promise<unknown> = Promise.resolve()
  readonly #deps: IngestDeps
  readonly #routing: Routing

  constructor(deps: IngestDeps, routing: Routing) {
    this.#deps = deps
    this.#routing = routing
    this.number = routing.partition
    this.guard = new CrashGuard(deps.store, routing.partition, routing.owner)
    for (let number = routing.partition; number < BUCKETS; number += routing.partitions) {
      this.buckets.set(number, new Bucket(number, deps, this.start))
    }
  }

  /** Runs work of this partition after all that was asked for before. */
  turn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#tail.then(work)
    this.#tail = result.catch(() => undefined)
    return result
  }

  /** Lowest offset of a topic that a bucket still needs, by what is stored. */
  lowest(topic: IngestTopic): number {
    let lowest = Number.POSITIVE_INFINITY
    for (const bucket of this.buckets.values()) lowest = Math.min(lowest, bucket.believed[topic].next)
    return lowest
  }

  /**
   * Where to read again from when a batch begins past what has been handled; null when it does not. A log may have gaps:
   * what is asked for in vain is looked for, and when it is not there, there is nothing to read.
   */
  async missing(topic: IngestTopic, first: number): Promise<number | null> {
    const position = this.position[topic]
    const asked = this.#askedFor[topic] === position
    this.#askedFor[topic] = first > position ? position : -1
    if (first <= position || (asked && (await this.#gap(topic, first)))) return null
    return position
  }

  async #gap(topic: IngestTopic, first: number): Promise<boolean> {
    for await (const record of this.#deps.log.read({ topic, partition: this.number }, this.position[topic])) {
      return record.offset >= first
    }
    return true
  }

  /** Reads the fences of buckets whose last write had no answer. */
  async repair(): Promise<void> {
    const unknown = [...this.buckets.values()].filter((bucket) => bucket.unknown)
    if (unknown.length === 0) return
    const fences = await this.#deps.store.fences(unknown.map((bucket) => bucket.number))
    for (const [at, bucket] of unknown.entries()) this.#restart(bucket, fences[at] ?? null)
  }

  /** Reads all fences and takes those that are not as they were left. */
  async look(): Promise<void> {
    const buckets = [...this.buckets.values()]
    const fences = await this.#deps.store.fences(buckets.map((bucket) => bucket.number))
    for (const [at, bucket] of buckets.entries()) {
      const fence = fences[at] ?? null
      if (bucket.unknown || fence !== bucket.stored) this.#restart(bucket, fence)
    }
  }

  /** Handles records of one topic, in order, all buckets beside each other, until all of it is stored. */
  async handle(topic: IngestTopic, records: readonly LogRecord[]): Promise<Progress> {
    const due = this.rewind[topic]
    if (due !== null && due < (records[0]?.offset ?? 0)) {
      throw new RangeError(
        `${topic}/${this.number}: records after ${due} must not be handled before that is read again`,
      )
    }
    const { items, retry, skipped } = await this.#read(topic, records)
    await this.#park(topic, [...items.values()].flat())
    const fates: Fates = { done: 0, skipped, parked: 0 }
    const work = [...items].map(async ([bucket, list]) => {
      const part = await this.#fold(bucket, topic, list)
      fates.done += part.done
      fates.skipped += part.skipped
      fates.parked += part.parked
    })
    await allEnded(work)
    const last = retry === null ? (records.at(-1)?.offset ?? -1) + 1 : retry.offset
    return { next: last, fates, retry: retry?.reason ?? null }
  }

  /** Brings the fences of all buckets up to the partition's position, so that a start has little to read again. */
  async settle(): Promise<void> {
    this.sinceSettled = 0
    if (INGEST_TOPICS.some((topic) => this.rewind[topic] !== null)) return
    const behind = [...this.buckets.values()].filter((bucket) => this.#behind(bucket))
    await inParts(behind, (bucket) => this.#bringAlong(bucket))
  }

  /** Writes how far these buckets are; of one that somebody else wrote meanwhile that is taken. */
  async write(buckets: readonly Bucket[]): Promise<void> {
    await inParts(buckets, (bucket) => this.#attempt(bucket, () => bucket.flush()))
  }

  /** The shards in memory that no batch uses now. */
  heldShards(): { bucket: Bucket; key: string; files: number; usedAt: number }[] {
    return [...this.buckets.values()]
      .filter((bucket) => !bucket.busy)
      .flatMap((bucket) =>
        [...bucket.shards].map(([key, { state, usedAt }]) => ({ bucket, key, files: state.weight, usedAt })),
      )
  }

  async #read(topic: IngestTopic, records: readonly LogRecord[]) {
    const items = new Map<Bucket, Item[]>()
    let skipped = 0
    for (const record of records) {
      const bucket = this.buckets.get(coveringBucket(record, this.#routing))
      if (bucket === undefined) throw new RangeError(`partition ${this.number} has no bucket for a record`)
      if (record.offset < bucket.cursor[topic].next) {
        skipped += 1
        continue
      }
      const item = await this.#item(record)
      if (item.kind === 'retry') return { items, skipped, retry: { offset: record.offset, reason: item.reason } }
      const list = items.get(bucket)
      if (list === undefined) items.set(bucket, [item])
      else list.push(item)
    }
    return { items, skipped, retry: null }
  }

  /** Sets aside what is to be, once: while the store takes no writes, a batch comes again and again. */
  async #park(topic: IngestTopic, items: readonly Item[]): Promise<void> {
    const before = this.#parkedTo[topic]
    const fresh = items.filter((item): item is ParkedItem => item.kind === 'parked' && item.offset > before)
    await parkRecords(this.#deps, fresh)
    this.#parkedTo[topic] = Math.max(before, ...fresh.map(({ offset }) => offset))
  }

  async #item(record: LogRecord) {
    if (!this.guard.cautious) return readItem(this.#deps.codec, record, this.#routing)
    const attempts = this.guard.killed(record)
    if (attempts > 0)
      return parked(record, { stage: 'process', reason: `the process ended ${attempts} times while handling it` })
    await this.guard.before(record)
    return readItem(this.#deps.codec, record, this.#routing)
  }

  /** Folds a bucket's records until they are stored, by whomever; those of a topic that fell behind come again. */
  async #fold(bucket: Bucket, topic: IngestTopic, items: readonly Item[]): Promise<Fates> {
    bucket.busy = true
    try {
      for (let tries = 1; ; tries += 1) {
        const result = await this.#attempt(bucket, () => foldItems(this.#deps, bucket, items))
        if (!(result instanceof Moved)) return result
        if (result.behind.has(topic)) return { done: 0, skipped: 0, parked: 0 }
        await this.#yieldTo(tries)
      }
    } finally {
      bucket.busy = false
    }
  }

  /**
   * Lets another writer of the same bucket go first. Both mark the fence before they read, so two that went on in step
   * would refuse each other for ever; each waits for a time of its own, the longer the more often they met.
   */
  async #yieldTo(tries: number): Promise<void> {
    const lot = Number.parseInt(this.#deps.sha256Hex(this.#deps.nextMark()).slice(0, 8), 16) / 2 ** 32
    await this.#deps.clock.sleep(Math.floor(lot * 2 ** Math.min(tries, YIELD_DOUBLINGS_MAX)))
  }

  async #bringAlong(bucket: Bucket): Promise<void> {
    await this.#attempt(bucket, async () => {
      const cursor = { ...bucket.cursor }
      for (const topic of INGEST_TOPICS) {
        const next = this.position[topic]
        if (cursor[topic].next < next) cursor[topic] = { next, index: 0 }
      }
      bucket.cursor = cursor
      await bucket.flush()
    })
  }

  /** Does something with a bucket; when its fence moved, takes the one that is there and says how it lies. */
  async #attempt<Result>(bucket: Bucket, work: () => Promise<Result>): Promise<Result | Moved> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof FenceMoved) return this.#restart(bucket, error.fence)
      // Whatever it was: half a record may be in memory, and the write may have arrived or not.
      bucket.doubt()
      throw error
    }
  }

  /** Takes the stored fence. Behind what was believed, the store lost a tail: that is read again. */
  #restart(bucket: Bucket, stored: string | null): Moved {
    const believed = bucket.believed
    bucket.restart(stored, this.start)
    const moved = new Moved()
    for (const topic of INGEST_TOPICS) {
      if (compareCursors(bucket.believed[topic], believed[topic]) >= 0) continue
      const { next } = bucket.believed[topic]
      this.rewind[topic] = Math.min(this.rewind[topic] ?? Number.POSITIVE_INFINITY, next)
      moved.behind.add(topic)
    }
    const result = moved.behind.size > 0 ? 'behind' : 'ahead'
    this.#deps.telemetry.measure('forewarm.ingest.applies', 1, { result })
    const fence = stored ?? 'none'
    this.#deps.logger.debug({ bucket: bucket.number, fence, result }, 'the fence of a bucket was another one')
    return moved
  }

  #behind(bucket: Bucket): boolean {
    if (bucket.unknown) return false
    const late = INGEST_TOPICS.some((topic) => bucket.cursor[topic].next < this.position[topic])
    return late || bucket.stored === null
  }

  /**
   * How far the partition's fences are as one text, to see whether anything has moved. Without their marks: to load a
   * shard leaves a new mark, and the process may have ended right after.
   */
  progress(): string {
    const fences = [...this.buckets.values()].map(({ believed }) => formatFence(believed, ''))
    return this.#deps.sha256Hex(fences.join(' '))
  }
}

/** Waits for all, then rejects with the first error; one that does not pass by itself comes before those that do. */
async function allEnded(work: readonly Promise<unknown>[]): Promise<void> {
  const ended = await Promise.allSettled(work)
  const errors = ended.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
  if (errors.length > 0) throw errors.find((error) => !isTransient(error)) ?? errors[0]
}

async function inParts(buckets: readonly Bucket[], work: (bucket: Bucket) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < buckets.length; at += WRITES_MAX) {
    await allEnded(buckets.slice(at, at + WRITES_MAX).map(work))
  }
}
