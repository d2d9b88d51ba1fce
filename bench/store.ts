/**
 * How fast model stores take rows, and what a row costs in Redis: `node bench/store.ts [redis://host:port]`. Without an
 * address it starts a Redis of its own. Rows are named as files are (`f` and 16 hex digits), values are random bytes.
 * Throughput is of one writer that awaits each change, as a bucket's owner does, and of eight owners side by side.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { createMemoryModelStore } from '../src/adapters/memory/model-store.ts'
import { openRedis } from '../src/adapters/redis/connect.ts'
import { createRedisModelStore } from '../src/adapters/redis/model-store.ts'
import { openDatabase } from '../src/adapters/sqlite/database.ts'
import { createSqliteModelStore } from '../src/adapters/sqlite/model-store.ts'
import type { ModelStore, RowWrite } from '../src/ports/model-store.ts'
import { startRedis } from '../test/support/services/redis.ts'

const ROWS_PER_CHANGE = [100, 500]
const OWNERS = [1, 8]
const VALUE_BYTES = [100, 400, 700]
const FILES = 20_000
const MEASURED_MS = 2_000
const shard = '0123456789abcdef'

const fileIds = Array.from({ length: FILES }, () => `f${randomBytes(8).toString('hex')}`)
const rowsOf = (from: number, count: number, value: Uint8Array): RowWrite[] =>
  Array.from({ length: count }, (_, at) => ({ shard, space: 'model', row: fileIds[(from + at) % FILES] ?? '', value }))

/** Applies changes to one bucket for a while; returns how many. */
async function own(store: ModelStore, bucket: number, rowsPerChange: number): Promise<number> {
  const value = randomBytes(400)
  let [expected] = await store.fences([bucket])
  const start = Number(expected ?? 0)
  const endMs = performance.now() + MEASURED_MS
  let changes = 0
  while (performance.now() < endMs) {
    const next = String(start + changes + 1)
    const rows = rowsOf(changes * rowsPerChange, rowsPerChange, value)
    const result = await store.apply({ bucket, expected: expected ?? null, next, rows })
    if (!result.applied) throw new Error('somebody else writes to this store')
    expected = next
    changes += 1
  }
  return changes
}

async function measureThroughput(name: string, store: ModelStore): Promise<void> {
  for (const rowsPerChange of ROWS_PER_CHANGE) {
    for (const owners of OWNERS) {
      const startMs = performance.now()
      const buckets = Array.from({ length: owners }, (_, bucket) => bucket)
      const counts = await Promise.all(buckets.map((bucket) => own(store, bucket, rowsPerChange)))
      const changes = counts.reduce((sum, count) => sum + count, 0)
      const perSecond = changes / ((performance.now() - startMs) / 1_000)
      const rows = Math.round(perSecond * rowsPerChange).toLocaleString('en')
      const changeMs = ((1_000 / perSecond) * owners).toFixed(2)
      console.log(
        `${name}: ${owners} owner(s), ${rowsPerChange} rows of 400 bytes a change: ${rows} rows/s, ${changeMs} ms a change`,
      )
    }
  }
}

/** What the server's memory grows by for each row, beyond the bytes of its value. */
async function measureOverhead(url: string): Promise<void> {
  const admin = new Redis(url)
  const used = async (): Promise<number> => Number(/^used_memory:(\d+)/m.exec(await admin.info('memory'))?.[1])
  for (const valueBytes of VALUE_BYTES) {
    const store = createRedisModelStore(openRedis({ urls: [url], cluster: false }, 'store'), {
      modelVersion: 'overhead',
    })
    await store.dropBucket(0)
    const before = await used()
    for (let at = 0; at < FILES; at += 500) {
      const rows = rowsOf(at, 500, randomBytes(valueBytes))
      await store.apply({ bucket: 0, expected: at === 0 ? null : String(at), next: String(at + 500), rows })
    }
    const perRow = ((await used()) - before) / FILES
    await store.dropBucket(0)
    console.log(
      `Redis memory: ${perRow.toFixed(0)} bytes a row of ${valueBytes} bytes, overhead ${(perRow - valueBytes).toFixed(0)}`,
    )
    await store.close()
  }
  admin.disconnect()
}

async function measureScan(store: ModelStore): Promise<void> {
  const startMs = performance.now()
  let rows = 0
  for await (const chunk of store.scan({ bucket: 0, shard, space: 'model' })) rows += chunk.length
  console.log(`Redis: a scan of ${rows} rows of 400 bytes took ${(performance.now() - startMs).toFixed(0)} ms`)
}

const given = process.argv[2]
const server =
  given === undefined ? await startRedis({ settings: { appendonly: 'yes', appendfsync: 'everysec' } }) : null
const url = given ?? server?.url ?? ''
const folder = await mkdtemp(join(tmpdir(), 'forewarm-bench-'))
const database = openDatabase(join(folder, 'data.db'))
const redisStore = createRedisModelStore(openRedis({ urls: [url], cluster: false }, 'store'), { modelVersion: 'bench' })
try {
  await measureOverhead(url)
  await measureThroughput('memory', createMemoryModelStore())
  await measureThroughput('SQLite', createSqliteModelStore(database))
  await measureThroughput('Redis with AOF', redisStore)
  await measureScan(redisStore)
} finally {
  for (let bucket = 0; bucket < Math.max(...OWNERS); bucket += 1) await redisStore.dropBucket(bucket)
  await redisStore.close()
  database.close()
  await rm(folder, { recursive: true, force: true })
  await server?.stop()
}
