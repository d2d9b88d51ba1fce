import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../ports/clock.ts'
import type { EventLog, LogRecord, TopicPartition } from '../../ports/event-log.ts'
import type { LocalLog } from '../local-lease.ts'
import { createPartitioner, placeOf } from '../log-assignment.ts'
import { createLocalGroups } from '../log-group.ts'
import { checkPosition } from '../log-position.ts'
import { transact } from './database.ts'
import { guardSqlite } from './errors.ts'
import { createLogTables } from './log-tables.ts'

export type SqliteEventLogOptions = {
  /** From openDatabase; whoever opened it closes it, after this log. */
  readonly database: DatabaseSync
  /** Partitions of every topic; noted in the file at its first use and refused if others are asked for later. */
  readonly partitions: number
  readonly clock: Clock
  readonly retention: SqliteRetention
  /** How often other processes' records are looked for; 50 ms by default. */
  readonly pollMs?: number
}

/** What is dropped, oldest first: the file stays within both bounds but for what came since the last sweep. */
export type SqliteRetention = {
  /** No shorter than the model remembers. */
  readonly ageMsMax: number
  /** Bytes of all keys, values and headers together. */
  readonly bytesMax: number
  /** Time between two sweeps. */
  readonly sweepMs: number
}

const ERROR_CODES = { unavailable: 'FW_LOG_UNAVAILABLE', full: 'FW_LOG_UNAVAILABLE' } as const
const POLL_MS = 50
const READ_RECORDS = 1_000

/**
 * An event log in one SQLite file. Durable through the death of the process. Groups live in this process; other
 * processes on the same file may append and read.
 */
export function createSqliteEventLog(options: SqliteEventLogOptions): EventLog {
  const { database, partitions, clock, retention } = options
  const tables = guardSqlite(ERROR_CODES, () => createLogTables(database, partitions))
  const groups = createLocalGroups(tables, clock)
  const poll = setInterval(() => {
    if (tables.changedByOthers()) groups.wake()
  }, options.pollMs ?? POLL_MS)
  let swept = true
  const sweep = setInterval(() => {
    swept = attempt(() => {
      tables.dropBefore(clock.now() - retention.ageMsMax)
      tables.dropOver(retention.bytesMax)
    })
  }, retention.sweepMs)
  poll.unref()
  sweep.unref()
  const choose = createPartitioner()
  return {
    async append(topic, records) {
      const timestampMs = clock.now()
      const stamped = records.map((record) => ({
        ...record,
        topic,
        timestampMs,
        partition: choose(record, partitions),
      }))
      const placed = guardSqlite(ERROR_CODES, () =>
        transact(database, () => stamped.map((record) => placeOf(tables.push(record)))),
      )
      groups.wake()
      return placed
    },
    consume: (consumeOptions, handler) => groups.join(consumeOptions, handler),
    read: (partition, from) => readTables(tables, partition, from),
    partitions: async () => partitions,
    bounds: async (partition) => tables.bounds(partition),
    healthy: async () => swept && attempt(() => tables.bounds({ topic: 'access-events', partition: 0 })),
    async close() {
      clearInterval(poll)
      clearInterval(sweep)
      await groups.close()
    },
  }
}

/** Whether it could be done. A busy or full file passes, and the next sweep does what this one could not. */
function attempt(work: () => unknown): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}

async function* readTables(log: LocalLog, partition: TopicPartition, from: number): AsyncGenerator<LogRecord> {
  const bounds = log.bounds(partition)
  let next = checkPosition(partition, from, { ...bounds, committed: null })
  while (next < bounds.end) {
    const records = log.slice(partition, next, Math.min(READ_RECORDS, bounds.end - next))
    yield* records
    next += records.length
  }
}
