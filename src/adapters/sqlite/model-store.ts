import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { ApplyRequest, ApplyResult, ModelStore, RowAddress, RowSpace } from '../../ports/model-store.ts'
import { assertApplicable, assertBucket, assertShard, metaFromText, metaToText } from '../model-rows.ts'
import { transact } from './database.ts'
import { guardSqlite } from './errors.ts'
import { createSqliteNotes } from './notes.ts'

const SPACES: Record<RowSpace, number> = { model: 0, sequences: 1, shards: 2 }
const SCAN_ROWS = 500

/**
 * Rows lie in the order in which they first came, their names in an index. Files that are read together came together, so
 * a change touches few pages: two to four times the rows a second of a table in the order of names (measured).
 */
const TABLES = `
  CREATE TABLE IF NOT EXISTS model_fences (bucket INTEGER PRIMARY KEY, fence TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS model_rows (
    bucket INTEGER NOT NULL, space INTEGER NOT NULL, shard TEXT NOT NULL, row BLOB NOT NULL, value BLOB NOT NULL,
    UNIQUE (bucket, space, shard, row)
  );
  CREATE TABLE IF NOT EXISTS model_meta (one INTEGER PRIMARY KEY CHECK (one = 1), meta TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS model_shared (name TEXT PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL);
`

/** Models in the embedded file. The opener of `database` closes it. */
export function createSqliteModelStore(database: DatabaseSync): ModelStore {
  const guard: Guard = (work) => guardSqlite({ unavailable: 'FW_STORE_UNAVAILABLE', full: 'FW_STORE_FULL' }, work)
  guard(() => database.exec(TABLES))
  const statements = prepare(database)
  const fenceOf = (bucket: number): string | null => {
    const found = statements.fence.get(bucket)
    return found === undefined ? null : String(found['fence'])
  }
  return {
    notes: createSqliteNotes(database),
    async fences(buckets) {
      for (const bucket of buckets) assertBucket(bucket)
      return guard(() => buckets.map(fenceOf))
    },
    async apply(request) {
      assertApplicable(request)
      return guard(() => transact(database, () => applyIn(statements, request, fenceOf(request.bucket))))
    },
    ...rowsOf(statements, guard),
    async shardKeys() {
      return guard(() => statements.shards.all(SPACES.shards)).map(({ value }) => textOf(value))
    },
    async dropBucket(bucket) {
      assertBucket(bucket)
      const drop = (): void => {
        statements.dropRows.run(bucket)
        statements.dropFence.run(bucket)
      }
      guard(() => transact(database, drop))
    },
    ...agreedOn(statements, guard),
    async verify() {},
    room: async () => ({ evicted: 0, memoryShare: 0 }),
    async healthy() {
      return database.isOpen
    },
    async close() {},
  }
}

type Guard = <Result>(work: () => Result) => Result

/** What reads the rows of one shard. */
const rowsOf = (statements: Statements, guard: Guard): Pick<ModelStore, 'scan' | 'get'> => ({
  async *scan(address) {
    assertAddress(address)
    let from: Uint8Array = new Uint8Array()
    for (;;) {
      const start = from
      const found = guard(() => statements.scan.all(...columnsOf(address), start, SCAN_ROWS))
      if (found.length > 0) yield found.map(({ row, value }) => [textOf(row), bytesOf(value)] as const)
      if (found.length < SCAN_ROWS) return
      from = nextAfter(bytesOf(found.at(-1)?.['row']))
    }
  },
  async get(address, rows) {
    assertAddress(address)
    const find = (row: string) => statements.row.get(...columnsOf(address), Buffer.from(row))
    return guard(() => rows.map(find)).map((found) => (found === undefined ? null : bytesOf(found['value'])))
  },
})

/** What holds for all shards: how models are made, and what processes share. */
const agreedOn = (statements: Statements, guard: Guard): Pick<ModelStore, 'claim' | 'shared' | 'share'> => ({
  async claim(meta) {
    guard(() => statements.claim.run(metaToText(meta)))
    return metaFromText(String(guard(() => statements.meta.get())?.['meta']))
  },
  async shared(name) {
    const found = guard(() => statements.shared.get(name))
    return found === undefined ? null : { value: bytesOf(found['value']), version: Number(found['version']) }
  },
  async share(name, value, version) {
    const statement = version === 0 ? statements.shareFirst : statements.shareNext
    return guard(() => statement.run({ name, value, version })).changes === 1
  },
})

/** The name that follows in SQLite's order of blobs: the same with a zero byte behind it. */
const nextAfter = (row: Uint8Array): Uint8Array => Uint8Array.from([...row, 0])

type Statements = ReturnType<typeof prepare>

const prepare = (database: DatabaseSync) => ({
  fence: database.prepare('SELECT fence FROM model_fences WHERE bucket = ?'),
  setFence: database.prepare('INSERT OR REPLACE INTO model_fences VALUES (?, ?)'),
  setRow: database.prepare(
    'INSERT INTO model_rows VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
  ),
  deleteRow: database.prepare('DELETE FROM model_rows WHERE bucket = ? AND space = ? AND shard = ? AND row = ?'),
  row: database.prepare('SELECT value FROM model_rows WHERE bucket = ? AND space = ? AND shard = ? AND row = ?'),
  scan: database.prepare(
    'SELECT row, value FROM model_rows WHERE bucket = ? AND space = ? AND shard = ? AND row >= ? ORDER BY row LIMIT ?',
  ),
  shards: database.prepare('SELECT value FROM model_rows WHERE space = ?'),
  dropRows: database.prepare('DELETE FROM model_rows WHERE bucket = ?'),
  dropFence: database.prepare('DELETE FROM model_fences WHERE bucket = ?'),
  claim: database.prepare('INSERT OR IGNORE INTO model_meta VALUES (1, ?)'),
  meta: database.prepare('SELECT meta FROM model_meta'),
  shared: database.prepare('SELECT version, value FROM model_shared WHERE name = ?'),
  shareFirst: database.prepare('INSERT OR IGNORE INTO model_shared VALUES (:name, :version + 1, :value)'),
  shareNext: database.prepare(
    'UPDATE model_shared SET version = version + 1, value = :value WHERE name = :name AND version = :version',
  ),
})

function applyIn(statements: Statements, request: ApplyRequest, fence: string | null): ApplyResult {
  const { bucket, expected, next, rows } = request
  if (fence !== expected) return { applied: false, fence }
  statements.setFence.run(bucket, next)
  for (const { shard, space, row, value } of rows) {
    const columns = [...columnsOf({ bucket, shard, space }), Buffer.from(row)] as const
    if (value === null) statements.deleteRow.run(...columns)
    else statements.setRow.run(...columns, value)
  }
  return { applied: true }
}

const columnsOf = ({ bucket, space, shard }: RowAddress): [number, number, string] => [bucket, SPACES[space], shard]

function assertAddress({ bucket, shard }: RowAddress): void {
  assertBucket(bucket)
  assertShard(shard)
}

function bytesOf(value: SQLOutputValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw new TypeError('a column of the model is no blob: the database file is not one of forewarm')
}

const textOf = (value: SQLOutputValue | undefined): string => new TextDecoder().decode(bytesOf(value))
