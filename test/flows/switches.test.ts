import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createManualClock } from '../../src/adapters/memory/clock.ts'
import { createMemoryModelStore } from '../../src/adapters/memory/model-store.ts'
import { SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { openDatabase } from '../../src/adapters/sqlite/database.ts'
import { createSqliteModelStore } from '../../src/adapters/sqlite/model-store.ts'
import { PAUSES_MAX, StoredSwitches, type SwitchesDeps } from '../../src/flows/switches.ts'
import { awayError } from '../support/away-error.ts'

const clock = createManualClock(1_000)

async function open(store: SwitchesDeps['store']): Promise<StoredSwitches> {
  const switches = new StoredSwitches({ store, clock, logger: SILENT_LOG })
  await switches.load()
  return switches
}

async function two() {
  const store = createMemoryModelStore()
  return { store, here: await open(store), there: await open(store) }
}

test('a pause of one process holds in another from its next round on, until it is taken back', async () => {
  const { here, there } = await two()
  await here.pause('acme/web', 'ann')
  expect(here.paused('acme/web')).toBe(true)
  expect(there.paused('acme/web')).toBe(false)
  await there.round()
  expect([there.paused('acme/web'), there.paused('acme/api')]).toEqual([true, false])
  expect(await there.pauseOf('acme/web')).toEqual({ workspace: 'acme/web', sinceMs: 1_000, by: 'ann' })
  await there.resume('acme/web')
  await here.round()
  expect(here.paused('acme/web')).toBe(false)
})

test('a pause of all holds for every workspace; taking it back leaves those of single ones', async () => {
  const { here, there } = await two()
  await here.pause(null, 'ann')
  await here.pause('acme/web', 'bob')
  expect([here.paused('acme/web'), here.paused('acme/api')]).toEqual([true, true])
  expect((await there.list()).map(({ workspace, by }) => [workspace, by])).toEqual([
    [null, 'ann'],
    ['acme/web', 'bob'],
  ])
  await here.resume(null)
  expect([here.paused('acme/web'), here.paused('acme/api')]).toEqual([true, false])
})

test('who pauses what is paused already changes nothing, nor does resuming what is not', async () => {
  const { here, store } = await two()
  await here.pause('w', 'ann')
  const before = await store.shared('switches-1')
  await here.pause('w', 'bob')
  await here.resume('v')
  expect(await store.shared('switches-1')).toEqual(before)
})

test('pauses survive the process, in one file with any names', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'forewarm-switches-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const names = ['__proto__', 'constructor', 'a"b', 'ключ']
  const first = openDatabase(join(folder, 'data.db'))
  const before = await open(createSqliteModelStore(first))
  for (const name of names) await before.pause(name, name)
  first.close()
  const second = openDatabase(join(folder, 'data.db'))
  onTestFinished(() => second.close())
  const after = await open(createSqliteModelStore(second))
  expect([...names, 'toString'].map(after.paused)).toEqual([true, true, true, true, false])
})

test('of many who switch at the same time nobody is overlooked', async () => {
  const store = createMemoryModelStore()
  const names = Array.from({ length: 10 }, (_, at) => `w${at}`)
  const processes = await Promise.all(names.map(() => open(store)))
  await Promise.all(processes.map((one, at) => one.pause(`w${at}`, 'ann')))
  const last = await open(store)
  expect(names.every(last.paused)).toBe(true)
})

test('while the store is away what was known last holds, and nothing is known before the first answer', async () => {
  const store = createMemoryModelStore()
  let isAway = false
  const away = awayError('FW_STORE_UNAVAILABLE')
  const flaky: SwitchesDeps['store'] = {
    share: store.share,
    shared: async (name) => (isAway ? Promise.reject(away) : store.shared(name)),
  }
  const switches = await open(flaky)
  await switches.pause('w', 'ann')
  isAway = true
  await switches.round()
  expect(switches.paused('w')).toBe(true)
  expect(await switches.pauseOf('w')).toMatchObject({ by: 'ann' })
  await expect(open(flaky)).rejects.toBe(away)
  isAway = false
  await (await open(store)).resume('w')
  await switches.round()
  expect(switches.paused('w')).toBe(false)
})

test('pauses are bounded, in number and in length', async () => {
  const { here, store } = await two()
  const pauses = Array.from({ length: PAUSES_MAX }, (_, at) => ({ workspace: `w${at}`, sinceMs: 1, by: 'ann' }))
  await store.share('switches-1', new TextEncoder().encode(JSON.stringify(pauses)), 0)
  await expect(here.pause('one more', 'ann')).rejects.toMatchObject({ code: 'FW_OVERLOADED' })
  await expect(here.pause('', 'ann')).rejects.toMatchObject({ code: 'FW_REQUEST_INVALID' })
  await expect(here.pause('w', 'a'.repeat(257))).rejects.toMatchObject({ code: 'FW_REQUEST_INVALID' })
})

test.each(['{', '[{"workspace":1,"sinceMs":1,"by":"a"}]', '{}'])(
  'a value %s is no pauses, and said so',
  async (text) => {
    const store = createMemoryModelStore()
    await store.share('switches-1', new TextEncoder().encode(text), 0)
    await expect(open(store)).rejects.toMatchObject({ code: 'FW_RECORD_INVALID' })
  },
)
