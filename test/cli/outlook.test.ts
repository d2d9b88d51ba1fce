import { expect, test } from 'vitest'
import { inSessionsText, outlookText } from '../../src/cli/runs/outlook-text.ts'
import { editsBetween, nearestPaths } from '../../src/flows/nearest-paths.ts'
import type { OutlookFile, SessionOutlook } from '../../src/ports/outlook.ts'

const file: OutlookFile = {
  ...{ path: 'src/a.ts', sources: ['sequence', 'co-access'], probability: 0.82, distance: 3, dueMs: 120 },
  ...{ strength: 0.5, support: 7.2, fate: 'warm', control: false },
}
const outlook: SessionOutlook = {
  ...{ workspace: 'shop', session: 's1', analyzer: 'lint', reads: 12, lastReadMs: 0, threshold: 0.05, paused: false },
  files: [file, { ...file, path: 'evil\u001b.ts', distance: null, dueMs: null, support: 0, fate: 'unlikely' }],
}
const lineOf = (text: string, path: string) => text.split('\n').find((line) => line.includes(path))

test('each file is told with its evidence and what comes of it', () => {
  const text = outlookText(outlook)
  expect(text).toContain('s1 in shop: lint, 12 reads, the last at 1970-01-01T00:00:00.000Z')
  expect(text).toContain('threshold now 5.0 %')
  expect(lineOf(text, 'src/a.ts')).toMatch(
    /82\.0 % +3 reads, 0\.1 s +0\.50 of 7 +sequence, co-access +src\/a\.ts +worth a warm$/,
  )
  expect(lineOf(text, 'evil\\u001b.ts')).toMatch(/below the threshold$/)
})

test.each<[Partial<OutlookFile>, boolean, RegExp]>([
  [{ fate: 'cached' }, false, /cached, as far as is known$/],
  [{ fate: 'late' }, false, /due before a warm could be there$/],
  [{ control: true }, false, /in the control group, which is never warmed$/],
  [{}, true, /worth a warm, but warming is paused$/],
])('why a file is not warmed is said: %j, paused %s', (fields, paused, said) => {
  const text = outlookText({ ...outlook, paused, files: [{ ...file, ...fields }] })
  expect(lineOf(text, 'src/a.ts')).toMatch(said)
})

test('of many files the likeliest are told and the others counted', () => {
  const files = Array.from({ length: 45 }, (_, at) => ({ ...file, path: `f${at}.ts` }))
  expect(outlookText({ ...outlook, files })).toMatch(/and 15 less likely ones\n$/)
  expect(outlookText({ ...outlook, files: [] })).toContain('nothing is named')
})

test('a file is told at the moment of each open session', () => {
  const { session, analyzer, reads, threshold, paused } = outlook
  const of = { session, analyzer, reads, threshold, paused }
  const text = inSessionsText([
    { ...of, hasRead: false, file },
    { ...of, session: 's2', hasRead: true, file: null },
  ])
  expect(text).toContain(
    's1 (lint): 82.0 % likely (threshold 5.0 %) by sequence, co-access, in 3 reads (0.1 s): worth a warm',
  )
  expect(text).toContain('s2 (lint): has read it; nothing says that it will again')
  expect(inSessionsText([])).toContain('none is open')
})

test('a word that names no file finds those with names like it, the most alike first', async () => {
  const clock = { frequency: 1, lastAccessMs: 0, accessTimes: [], hoursOfDay: new Map(), hoursOfWeek: new Map() }
  const paths = ['src/parser.ts', 'lib/parse.ts', 'src/parse.ts.map', 'docs/other.md', 'test/parse.test.ts']
  const models = {
    async *files() {
      yield paths.map((path) => ({ path, ...clock }))
    },
  }
  expect(await nearestPaths(models, 'shop', 'src/parse.ts')).toEqual([
    'lib/parse.ts',
    'src/parse.ts.map',
    'src/parser.ts',
  ])
  expect(await nearestPaths(models, 'shop', 'zzz')).toEqual([])
  expect(editsBetween('kitten', 'sitting')).toBe(3)
})
