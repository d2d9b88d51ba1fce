import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../src/adapters/sqlite/database.ts'

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
