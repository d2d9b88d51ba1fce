import { expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { createMemoryModelStore } from '../../src/adapters/memory/model-store.ts'
import { createModelReader } from '../../src/adapters/near-cache/model-reader.ts'
import { filePatternsText, patternsText } from '../../src/cli/patterns-text.ts'
import { filePatterns, patternsOf } from '../../src/flows/patterns.ts'
import { foldEvent } from '../../src/model/fold/fold-event.ts'
import { ShardState } from '../../src/model/fold/shard-state.ts'
import { bucketOf, shardKey, shortId } from '../../src/model/identity.ts'
import { DEFAULT_LIMITS as limits } from '../../src/model/limits.ts'
import { takeDirtyRows } from '../../src/model/rows/save.ts'
import { anAccess, anAccessEvent } from '../support/records.ts'

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000]
const MONDAY = Date.UTC(2026, 0, 5)
const LINT = ['src/main.ts', 'src/a.ts', 'src/b.ts', 'src/c.ts']

/** Eight days on which `lint` walks its four files at nine, each time with a file of its own at the end. */
async function learned() {
  const state = new ShardState(limits, sha256Hex)
  for (let day = 0; day < 8; day += 1) {
    const startMs = MONDAY + day * DAY_MS + 9 * HOUR_MS
    const accesses = [...LINT, `own/${day}.ts`].map((path, at) => anAccess({ path, timeMs: startMs + at * 100 }))
    const event = anAccessEvent({
      workspace: 'shop',
      session: `s${day}`,
      analyzer: 'lint',
      sessionEnded: true,
      accesses,
    })
    foldEvent(state, event, { from: 0, rowsMax: 1_000 })
  }
  const [store, key] = [createMemoryModelStore(), shardKey('shop', 0)]
  const rows = takeDirtyRows(state).map((row) => ({ ...row, shard: shortId(key, sha256Hex) }))
  await store.apply({ bucket: bucketOf(key), expected: null, next: '1', rows })
  const nowMs = MONDAY + 8 * DAY_MS
  const reader = createModelReader(store, { limits, sha256Hex, now: () => nowMs, freshMs: 1, entriesMax: 1_000 })
  return { reader, query: { workspace: 'shop', nowMs, limit: 5 } }
}

test('correlations, sequences, hours and expected reads are those of the reads that were folded', async () => {
  const { reader, query } = await learned()
  const found = await patternsOf(reader, query)
  if (found === null) throw new Error('nothing was learned')
  expect(found).toMatchObject({ accesses: 40, files: 12, closedSessions: 8 })
  // Six pairs of the four files, each told once, each read together on all eight days.
  expect(found.correlations.map(({ count, strength }) => [count, strength])).toEqual(Array(5).fill([8, 1]))
  const pairs = found.correlations.map(({ path, coFile }) => [path, coFile].sort().join())
  expect(new Set(pairs).size).toBe(5)
  expect(found.recurring).toEqual([{ analyzer: 'lint', paths: LINT, sessions: 8 }])
  expect(found.latest.map(({ session }) => session)).toEqual(['s7', 's6', 's5', 's4', 's3'])
  expect(found.latest[0]).toMatchObject({ analyzer: 'lint', reads: 5, paths: [...LINT, 'own/7.ts'] })
  expect(found.hoursOfDay[9]).toBe(40)
  expect(found.hoursOfWeek[9]).toBe(10)
  expect(found.hoursOfWeek.reduce((sum, count) => sum + count, 0)).toBe(40)
  expect(found.next.map(({ path }) => path).sort()).toEqual([...LINT].sort())
  for (const { expectedAtMs, probability } of found.next) {
    expect(Math.abs(expectedAtMs - (query.nowMs + 9 * HOUR_MS))).toBeLessThan(HOUR_MS)
    expect(probability).toBeGreaterThan(0.5)
  }
  expect(await patternsOf(reader, { ...query, workspace: 'nobody' })).toBeNull()
})

test('one file is told with its neighbours and the sequences that it is part of', async () => {
  const { reader, query } = await learned()
  const file = await filePatterns(reader, 'src/a.ts', query)
  if (file === null) throw new Error('nothing was learned')
  expect(file.after[0]).toEqual({ path: 'src/b.ts', count: 8, strength: 1 })
  expect(
    file.together
      .slice(0, 3)
      .map(({ path }) => path)
      .sort(),
  ).toEqual(['src/b.ts', 'src/c.ts', 'src/main.ts'])
  expect(file.recurring).toHaveLength(1)
  expect(file.meanIntervalNextMs).toBeCloseTo(file.lastAccessMs + DAY_MS)
  expect(await filePatterns(reader, 'src/nobody.ts', query)).toBeNull()
  const text = filePatternsText(file)
  expect(text).toContain('src/a.ts in shop: read 8 times, last at 2026-01-12T09:00:00Z')
  expect(text).toContain('lint, 8 sessions, 4 files: src/main.ts → src/a.ts → src/b.ts → src/c.ts')
})

test('people see tables and the week as a picture, and names cannot steer their terminal', async () => {
  const { reader, query } = await learned()
  const found = await patternsOf(reader, query)
  if (found === null) throw new Error('nothing was learned')
  const text = patternsText({ ...found, peakFiles: [{ path: 'evil\u001b[2J.ts', count: 3 }] })
  expect(text).toContain('shop: 40 reads of 12 files, 8 sessions ended')
  expect(text).toMatch(/^ {2}COUNT {2}STRENGTH {2}FILES$/m)
  const [day, ...week] = text.split('\n').filter((line) => /^ {2}(all|Mon|Tue|Wed|Thu|Fri|Sat|Sun) {2}/.test(line))
  expect(day).toBe(`  all  ${' '.repeat(9)}█${' '.repeat(14)}`)
  expect(week).toHaveLength(7)
  expect(week[0]).toBe(`  Mon  ${'·'.repeat(9)}█${'·'.repeat(14)}`)
  expect(week[2]).toBe(`  Wed  ${'·'.repeat(9)}▒${'·'.repeat(14)}`)
  expect(text).toContain('evil\\u001b[2J.ts')
})
