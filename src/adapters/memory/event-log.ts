import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../../ports/clock.ts'
import type { EventLog, LogRecord, OutgoingRecord, TopicPartition, TopicRole } from '../../ports/event-log.ts'
import type { LocalLog } from '../local-lease.ts'
import { createPartitioner, partitionName, placeOf } from '../log-assignment.ts'
import { createLocalGroups, type ReassignOptions } from '../log-group.ts'
import { checkPosition } from '../log-position.ts'

export type MemoryEventLogOptions = {
  /** Partitions of every topic. */
  readonly partitions: number
  /** Stamps records and times pauses; the machine's clock by default. */
  readonly clock?: Pick<Clock, 'now' | 'sleep'>
}

/** What may befall a reader of a log, on demand. */
export type MemoryLogFaults = {
  /** Delivers a partition again from this offset on, to every group that reads it. */
  redeliver(partition: TopicPartition, from: number): void
  /**
   * Assigns a group's partitions anew, to other members where there are some. With `zombies` the members before are not
   * told: their batches in flight go on beside the new owners', and only their verdicts are dropped.
   */
  reassign(group: string, options?: ReassignOptions): Promise<void>
  /** Drops all records below this offset, as retention does. */
  truncate(partition: TopicPartition, first: number): void
}

export type MemoryEventLog = EventLog & { readonly faults: MemoryLogFaults }

type Partition = { first: number; records: LogRecord[] }

const CHUNK_RECORDS = 1_000
const machineClock = { now: () => Date.now(), sleep: (ms: number, signal?: AbortSignal) => delayed(ms, signal) }

/** An event log in this process's memory: for tests, replays and a first run. It grows with what is appended. */
export function createMemoryEventLog(options: MemoryEventLogOptions): MemoryEventLog {
  const clock = options.clock ?? machineClock
  const log = createMemoryLog(options.partitions)
  const groups = createLocalGroups(log, clock)
  const choose = createPartitioner()
  const append = async (topic: TopicRole, records: readonly OutgoingRecord[]) => {
    const timestampMs = clock.now()
    const placed = records.map((record) => {
      const partition = choose(record, options.partitions)
      return placeOf(log.push({ topic, partition }, { ...record, timestampMs }))
    })
    groups.wake()
    return placed
  }
  return {
    append,
    consume: (consumeOptions, handler) => groups.join(consumeOptions, handler),
    read: (partition, from) => readMemory(log, partition, from),
    partitions: async () => options.partitions,
    bounds: async (partition) => log.bounds(partition),
    healthy: async () => true,
    close: () => groups.close(),
    faults: {
      redeliver: (partition, from) => groups.rewind(partition, from),
      reassign: (group, reassignOptions = { zombies: false }) => groups.reassign(group, reassignOptions),
      truncate: (partition, first) => log.truncate(partition, first),
    },
  }
}

type Stamped = OutgoingRecord & { readonly timestampMs: number }

type MemoryLog = LocalLog & {
  push(at: TopicPartition, record: Stamped): LogRecord
  truncate(at: TopicPartition, first: number): void
}

function createMemoryLog(partitions: number): MemoryLog {
  const stored = new Map<string, Partition>()
  const commits = new Map<string, number>()
  const find = (at: TopicPartition): Partition => stored.get(partitionName(at)) ?? { first: 0, records: [] }
  return {
    partitions: () => partitions,
    bounds: (at) => boundsOf(find(at)),
    slice: (at, from, recordsMax) => {
      const { first, records } = find(at)
      return records.slice(from - first, from - first + recordsMax)
    },
    committed: (group, at) => commits.get(`${group} ${partitionName(at)}`) ?? null,
    commit: (group, at, offset) => void commits.set(`${group} ${partitionName(at)}`, offset),
    push: ({ topic, partition }, record) => {
      const found = find({ topic, partition })
      const offset = boundsOf(found).end
      const copy = {
        ...record,
        topic,
        partition,
        offset,
        value: record.value.slice(),
        headers: new Map(record.headers),
      }
      found.records.push(copy)
      stored.set(partitionName(copy), found)
      return copy
    },
    truncate: (at, first) => {
      const found = find(at)
      found.records = found.records.slice(first - found.first)
      found.first = first
      stored.set(partitionName(at), found)
    },
  }
}

const boundsOf = ({ first, records }: Partition) => ({ first, end: first + records.length })

async function* readMemory(log: LocalLog, partition: TopicPartition, from: number): AsyncGenerator<LogRecord> {
  const bounds = log.bounds(partition)
  let next = checkPosition(partition, from, { ...bounds, committed: null })
  while (next < bounds.end) {
    const records = log.slice(partition, next, Math.min(CHUNK_RECORDS, bounds.end - next))
    yield* records
    next += records.length
  }
}

async function delayed(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal })
}
