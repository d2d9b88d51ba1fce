import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { ForewarmError } from '../../ports/errors.ts'
import type { LogRecord, OutgoingRecord, TopicPartition } from '../../ports/event-log.ts'
import type { LocalLog } from '../local-lease.ts'
import { transact } from './database.ts'

export type Stamped = OutgoingRecord & TopicPartition & { readonly timestampMs: number }

export type LogTables = LocalLog & {
  /** Inside the caller's transaction. */
  push(record: Stamped): LogRecord
  /** Whether another connection wrote to the file since the last call. */
  changedByOthers(): boolean
  /** Drops records of a time before this from the front of each partition. */
  dropBefore(timeMs: number): void
  /** Drops oldest records while all together have more bytes than this. */
  dropOver(bytesMax: number): void
}

/** Records that one transaction of a sweep drops at most, so that appends need not wait for long. */
const DROP_RECORDS = 1_000

const TABLES = `
CREATE TABLE IF NOT EXISTS log_partitions (
  place INTEGER PRIMARY KEY, topic TEXT NOT NULL, partition INTEGER NOT NULL,
  first INTEGER NOT NULL, next INTEGER NOT NULL, bytes INTEGER NOT NULL, UNIQUE (topic, partition)
) STRICT;
CREATE TABLE IF NOT EXISTS log_records (
  place INTEGER NOT NULL, offset INTEGER NOT NULL, key TEXT, value BLOB NOT NULL, headers TEXT NOT NULL,
  timestamp_ms INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (place, offset)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log_commits (
  reader TEXT NOT NULL, place INTEGER NOT NULL, offset INTEGER NOT NULL, PRIMARY KEY (reader, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log_settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`

/** The log's tables in the embedded database. `first` and `next` outlive the records, so no offset is given twice. */
export function createLogTables(database: DatabaseSync, partitions: number): LogTables {
  database.exec(TABLES)
  claimPartitions(database, partitions)
  const places = createPlaces(database)
  const prepare = (sql: string) => database.prepare(sql)
  const bounds = prepare('SELECT first, next FROM log_partitions WHERE place = ?')
  const slice = prepare('SELECT * FROM log_records WHERE place = ? AND offset >= ? ORDER BY offset LIMIT ?')
  const insert = prepare('INSERT INTO log_records VALUES (?, ?, ?, ?, ?, ?, ?)')
  const grow = prepare('UPDATE log_partitions SET next = next + 1, bytes = bytes + ? WHERE place = ? RETURNING next')
  const committed = prepare('SELECT offset FROM log_commits WHERE reader = ? AND place = ?')
  const commit = prepare('INSERT OR REPLACE INTO log_commits VALUES (?, ?, ?)')
  const version = prepare('PRAGMA data_version')
  let seenVersion = version.get()?.['data_version']
  return {
    partitions: () => partitions,
    bounds: (at) => {
      const row = bounds.get(places(at))
      return { first: Number(row?.['first'] ?? 0), end: Number(row?.['next'] ?? 0) }
    },
    slice: (at, from, recordsMax) => slice.all(places(at), from, recordsMax).map((row) => toRecord(at, row)),
    committed: (group, at) => numberOrNull(committed.get(group, places(at))?.['offset']),
    commit: (group, at, offset) => void commit.run(group, places(at), offset),
    push: (record) => {
      const place = places(record)
      const headers = JSON.stringify([...record.headers])
      const bytes = record.value.length + headers.length + (record.key?.length ?? 0)
      const offset = Number(grow.get(bytes, place)?.['next']) - 1
      insert.run(place, offset, record.key, record.value, headers, Math.trunc(record.timestampMs), bytes)
      return { ...record, offset }
    },
    changedByOthers: () => {
      const before = seenVersion
      seenVersion = version.get()?.['data_version']
      return before !== seenVersion
    },
    ...createDrops(database),
  }
}

/** Notes how many partitions the file was made with; keys would lie elsewhere with another number. */
function claimPartitions(database: DatabaseSync, partitions: number): void {
  database.prepare("INSERT OR IGNORE INTO log_settings VALUES ('partitions', ?)").run(partitions)
  const noted = Number(database.prepare("SELECT value FROM log_settings WHERE name = 'partitions'").get()?.['value'])
  if (noted === partitions) return
  throw new ForewarmError(
    'FW_TOPIC_MISMATCH',
    `the log in this file has ${noted} partitions, not ${partitions}: set ${noted}, or begin with a new file`,
  )
}

/** Number of a partition in the tables; it is made at its first use. */
function createPlaces(database: DatabaseSync): (at: TopicPartition) => number {
  const known = new Map<string, number>()
  const insert = database.prepare('INSERT OR IGNORE INTO log_partitions VALUES (NULL, ?, ?, 0, 0, 0)')
  const find = database.prepare('SELECT place FROM log_partitions WHERE topic = ? AND partition = ?')
  return ({ topic, partition }) => {
    const name = `${topic}/${partition}`
    const found = known.get(name)
    if (found !== undefined) return found
    insert.run(topic, partition)
    const place = Number(find.get(topic, partition)?.['place'])
    // A row that a transaction makes and takes back must not be remembered.
    if (!database.isTransaction) known.set(name, place)
    return place
  }
}

type Row = Record<string, SQLOutputValue>

const numberOrNull = (value: SQLOutputValue | undefined): number | null => (value == null ? null : Number(value))

function toRecord({ topic, partition }: TopicPartition, row: Row): LogRecord {
  const { key, value } = row
  return {
    topic,
    partition,
    offset: Number(row['offset']),
    key: typeof key === 'string' ? key : null,
    value: value instanceof Uint8Array ? value : new Uint8Array(),
    headers: new Map(JSON.parse(String(row['headers']))),
    timestampMs: Number(row['timestamp_ms']),
  }
}

function createDrops(database: DatabaseSync): Pick<LogTables, 'dropBefore' | 'dropOver'> {
  const prepare = (sql: string) => database.prepare(sql)
  const places = prepare('SELECT place, next FROM log_partitions')
  const firstYounger = prepare(
    'SELECT offset FROM log_records WHERE place = ? AND timestamp_ms >= ? ORDER BY offset LIMIT 1',
  )
  const total = prepare('SELECT sum(bytes) AS bytes FROM log_partitions')
  const oldest = prepare(
    `SELECT p.place, p.first FROM log_partitions p JOIN log_records r ON r.place = p.place AND r.offset = p.first
     ORDER BY r.timestamp_ms LIMIT 1`,
  )
  const front = prepare('SELECT offset, bytes FROM log_records WHERE place = ? ORDER BY offset LIMIT ?')
  const weigh = prepare('SELECT sum(bytes) AS bytes FROM log_records WHERE place = ? AND offset < ?')
  const remove = prepare('DELETE FROM log_records WHERE place = ? AND offset < ?')
  const shrink = prepare('UPDATE log_partitions SET first = max(first, ?), bytes = bytes - ? WHERE place = ?')
  const drop = (place: number, first: number): void => {
    const bytes = Number(weigh.get(place, first)?.['bytes'] ?? 0)
    remove.run(place, first)
    shrink.run(first, bytes, place)
  }
  const dropOldest = (excess: number): number => {
    const place = Number(oldest.get()?.['place'])
    let freed = 0
    let first: number | null = null
    for (const row of front.iterate(place, DROP_RECORDS)) {
      if (freed >= excess) break
      freed += Number(row['bytes'])
      first = Number(row['offset']) + 1
    }
    if (first !== null) drop(place, first)
    return freed
  }
  return {
    dropBefore: (timeMs) => {
      for (const { place, next } of places.all()) {
        const first = Number(firstYounger.get(place ?? null, Math.trunc(timeMs))?.['offset'] ?? next)
        transact(database, () => drop(Number(place), first))
      }
    },
    dropOver: (bytesMax) => {
      for (;;) {
        const excess = Number(total.get()?.['bytes'] ?? 0) - bytesMax
        if (excess <= 0 || transact(database, () => dropOldest(excess)) === 0) return
      }
    },
  }
}
