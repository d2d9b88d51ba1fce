/** Rows a second that model stores take under their fence, beside pipelined scripts that check nothing. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { openRedis } from '../src/adapters/redis/connect.ts'
import { createRedisModelStore } from '../src/adapters/redis/model-store.ts'
import { openDatabase } from '../src/adapters/sqlite/database.ts'
import { createSqliteModelStore } from '../src/adapters/sqlite/model-store.ts'
import { type ModelStore, ROWS_PER_APPLY_MAX, type RowWrite } from '../src/ports/model-store.ts'
import { bareCall, runBare } from './bare-rows.ts'
import type { Bench, Round } from './report.ts'
import { removeKeys } from './servers.ts'

const CHANGES_PER_SECOND = 100
const VALUE_BYTES = 400
const FILES = 20_000
const shard = '0123456789abcdef'

/** Rows as files have them, of random bytes, one change after the other over all files. */
function changesOf(count: number): RowWrite[][] {
  const names = Array.from({ length: FILES }, () => `f${randomBytes(8).toString('hex')}`)
  return Array.from({ length: count }, (_, change) =>
    Array.from({ length: ROWS_PER_APPLY_MAX }, (_, at) => {
      const row = names[(change * ROWS_PER_APPLY_MAX + at) % FILES] ?? ''
      return { shard, space: 'model', row, value: randomBytes(VALUE_BYTES) }
    }),
  )
}

export const measureStore: Bench = async ({ servers, seconds, rounds }) => {
  const url = await servers.modelRedis()
  const changes = changesOf(Math.ceil(seconds * CHANGES_PER_SECOND))
  const rows = changes.length * ROWS_PER_APPLY_MAX
  const measured: { bare: number; redis: number; owners: number; sqlite: number }[] = []
  for (let round = 0; round < rounds; round += 1) {
    measured.push({
      bare: rows / (await writeBare(url, changes)),
      redis: rows / (await withRedis(url, (store) => write(store, changes, 1))),
      owners: rows / (await withRedis(url, (store) => write(store, changes, 8))),
      sqlite: rows / (await withSqlite((store) => write(store, changes, 1))),
    })
  }
  const roundsOf = (name: 'redis' | 'owners' | 'sqlite'): Round[] =>
    measured.map((each) => ({ value: each[name], reference: each.bare }))
  const common = { unit: 'rows/s', reference: 'bare pipelined scripts on Redis' }
  return [
    { ...common, measure: 'Redis, one owner that awaits each change', rounds: roundsOf('redis') },
    { ...common, measure: 'Redis, eight owners', rounds: roundsOf('owners') },
    { ...common, measure: 'SQLite, one owner', rounds: roundsOf('sqlite') },
  ]
}

/** Owners take the changes in turns, each to a bucket of its own; in seconds. */
async function write(store: ModelStore, changes: readonly RowWrite[][], owners: number): Promise<number> {
  const startMs = performance.now()
  const own = async (bucket: number): Promise<void> => {
    let expected: string | null = null
    for (let at = bucket; at < changes.length; at += owners) {
      const next = String(at + 1)
      const { applied } = await store.apply({ bucket, expected, next, rows: changes[at] ?? [] })
      if (!applied) throw new Error('somebody else writes to this store')
      expected = next
    }
  }
  await Promise.all(Array.from({ length: owners }, (_, bucket) => own(bucket)))
  return (performance.now() - startMs) / 1_000
}

const newPrefix = (): string => `bench-${randomBytes(4).toString('hex')}:`

async function writeBare(url: string, changes: readonly RowWrite[][]): Promise<number> {
  const keyPrefix = newPrefix()
  const calls = changes.map((rows) => bareCall(keyPrefix, 0, rows))
  const client = new Redis(url)
  try {
    return await runBare(client, calls)
  } finally {
    client.disconnect()
    await removeKeys(url, `${keyPrefix}*`)
  }
}

async function withRedis(url: string, measure: (store: ModelStore) => Promise<number>): Promise<number> {
  const keyPrefix = newPrefix()
  const connection = openRedis({ urls: [url], cluster: false }, 'store')
  const store = createRedisModelStore(connection, { modelVersion: '1', keyPrefix })
  try {
    await store.healthy()
    return await measure(store)
  } finally {
    await store.close()
    await removeKeys(url, `${keyPrefix}*`)
  }
}

async function withSqlite(measure: (store: ModelStore) => Promise<number>): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'forewarm-bench-'))
  const database = openDatabase(join(folder, 'data.db'))
  try {
    return await measure(createSqliteModelStore(database))
  } finally {
    database.close()
    await rm(folder, { recursive: true, force: true })
  }
}
