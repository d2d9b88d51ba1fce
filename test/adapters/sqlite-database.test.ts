import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { createManualClock } from '../../src/adapters/memory/clock.ts'
import { createSqliteCache } from '../../src/adapters/sqlite/cache.ts'
import { openDatabase } from '../../src/adapters/sqlite/database.ts'
import { createSqliteEventLog } from '../../src/adapters/sqlite/event-log.ts'
import { createSqliteModelStore } from '../../src/adapters/sqlite/model-store.ts'

const LOG = {
  partitions: 1,
  clock: createManualClock(0),
  retention: { ageMsMax: 1_000, bytesMax: 1_000, sweepMs: 1_000 },
}

const databaseModule = new URL('../../src/adapters/sqlite/database.ts', import.meta.url).href

/** Commits two rows a transaction for ever and tells each transaction's number once it is committed. */
const writer = (file: string): string => `
  import { openDatabase, transact } from '${databaseModule}'
  const database = openDatabase(${JSON.stringify(file)})
  database.exec('CREATE TABLE one (n INTEGER); CREATE TABLE other (n INTEGER)')
  for (let n = 1; ; n += 1) {
    transact(database, () => {
      database.exec('INSERT INTO one VALUES (' + n + ')')
      database.exec('INSERT INTO other VALUES (' + n + ')')
    })
    process.getBuiltinModule('node:fs').writeSync(1, n + '\\n')
  }`

test('after a kill -9 in mid-write every committed transaction is there, whole', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'forewarm-sqlite-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'data.db')
  const child = spawn(process.execPath, ['--input-type=module', '--eval', writer(file)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let told = ''
  for await (const chunk of child.stdout) {
    told += chunk
    if (told.split('\n').length > 200) break
  }
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  const lastTold = Number(told.split('\n').slice(0, -1).at(-1))

  const database = openDatabase(file)
  const count = (table: string): unknown => database.prepare(`SELECT count(*) AS n, max(n) AS last FROM ${table}`).get()
  expect(count('one')).toEqual(count('other'))
  expect(Number(Object(count('one')).last)).toBeGreaterThanOrEqual(lastTold)
  database.close()
})

test.each<[string, (database: DatabaseSync) => unknown, string]>([
  ['the log', (database) => createSqliteEventLog({ ...LOG, database }), 'FW_LOG_UNAVAILABLE'],
  ['the models', createSqliteModelStore, 'FW_STORE_FULL'],
  ['the cache', (database) => createSqliteCache(database, { clock: LOG.clock, bytesMax: 1_000 }), 'FW_CACHE_FULL'],
])('a disk without room for the tables of %s is told, with what mends it', (_, open, code) => {
  const database = openDatabase(':memory:')
  onTestFinished(() => database.close())
  database.exec('PRAGMA max_page_count = 1')
  expect(() => open(database)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining('free disk space') }),
  )
})
