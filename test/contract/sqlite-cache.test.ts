import { expect, onTestFinished, test } from 'vitest'
import { createManualClock } from '../../src/adapters/memory/clock.ts'
import { createSqliteCache } from '../../src/adapters/sqlite/cache.ts'
import { openDatabase } from '../../src/adapters/sqlite/database.ts'

const key = { workspaceId: '0123456789abcdef', rest: 'v.1' }
const text = Buffer.from('text that is packed '.repeat(100))

test('a damaged entry is a miss, is counted, and makes room for the right value', async () => {
  const database = openDatabase(':memory:')
  onTestFinished(() => database.close())
  let damaged = 0
  const clock = createManualClock(0)
  const cache = createSqliteCache(database, {
    ...{ clock, bytesMax: 1_000_000, pressureAgeMsMax: 0 },
    onDamaged: () => (damaged += 1),
  })
  const ways = [
    `UPDATE cache_payloads SET payload = x'00'`,
    `UPDATE cache_payloads SET payload = 'text'`,
    `UPDATE cache_entries SET compression = 'none2'`,
    `UPDATE cache_entries SET state = 'odd'`,
    'UPDATE cache_entries SET value_bytes = value_bytes - 1',
    'UPDATE cache_entries SET value_bytes = 4e9',
  ]
  for (const [at, damage] of ways.entries()) {
    expect(await cache.put(key, text, { kind: 'fill' })).toBe('stored')
    database.exec(damage)
    expect(await cache.get(key)).toBeNull()
    expect(damaged).toBe(at + 1)
  }
  expect(await cache.put(key, text, { kind: 'fill' })).toBe('stored')
  expect((await cache.pressure()).bytesUsed).toBeLessThan(text.length)
  await cache.clear(key.workspaceId)
  expect((await cache.pressure()).bytesUsed).toBe(0)
  expect(database.prepare('SELECT count(*) AS n FROM cache_payloads').get()).toEqual({ n: 0 })
})
