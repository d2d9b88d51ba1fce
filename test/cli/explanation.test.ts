import { expect, test } from 'vitest'
import { explanationText, verdictOf } from '../../src/cli/runs/explanation.ts'
import type { Explanation, InCommand } from '../../src/flows/explain.ts'

const HOUR_MS = 3_600_000

const nothing: Explanation = {
  ...{
    workspace: 'shop',
    path: 'src/a.ts',
    learned: null,
    imports: null,
    pointer: null,
    runs: [],
    commands: [],
    pauses: [],
  },
  origin: { state: 'there', version: 'c0ffee', bytes: 20 },
  cache: [{ layer: 'content', version: 'c0ffee', isThere: false }],
  pressure: { bytesMax: 100, bytesUsed: 50, pressure: 0.5, pressureMin: 0.5, takesPredictions: true },
}

const skipped: InCommand = {
  ...{ path: 'src/a.ts', layer: 'content', version: null, outcome: 'skipped', detail: 'pressure', bytes: 0 },
  ...{ finishedAtMs: HOUR_MS, reason: 'correlation', probability: 0.75, horizonAtMs: 0, commandId: 'c', runId: null },
  ...{ worker: 'w1', mode: 'warm', pressure: 0.92 },
}

const warmed: InCommand = { ...skipped, outcome: 'warmed', detail: '', reason: 'glob', probability: 1 }

test.each<[Partial<Explanation>, string]>([
  [{}, 'nobody was seen reading it, and no run of late has named it'],
  [{ commands: [skipped] }, "a worker's last word: skipped (pressure), for correlation"],
  [
    { cache: [{ layer: 'content', version: 'v', isThere: true }], commands: [warmed] },
    'in the cache (content), warmed for glob',
  ],
  [{ origin: { state: 'missing' } }, 'the origin has no such file'],
  [{ origin: { state: 'denied', detail: 'git' } }, 'refuses it (git)'],
  [{ origin: { state: 'noWorkspace' } }, 'know no such workspace'],
  [{ origin: { state: 'tooLarge', detail: '9 bytes' } }, 'larger than cache.valueBytesMax'],
  [{ pauses: [{ workspace: null, sinceMs: 0, by: 'anna' }], commands: [skipped] }, 'warming is paused'],
])('the most telling reason comes first: %j', (known, said) => {
  expect(verdictOf({ ...nothing, ...known })).toContain(said)
})

test('everything that is known is told, from the model to the last outcome', () => {
  const text = explanationText(
    {
      ...nothing,
      learned: {
        ...{ path: 'src/a.ts', frequency: 12, lastAccessMs: HOUR_MS, accessTimes: [HOUR_MS], hoursOfWeek: new Map() },
        coAccess: [{ path: 'src/b.ts', count: 7 }],
        successors: [{ path: 'src/c.ts', count: 3 }],
        hoursOfDay: new Map([
          [9, 2],
          [14, 10],
        ]),
      },
      imports: { imports: ['src/d.ts'], importedBy: ['x1', 'x2', 'x3', 'x4', 'x5', 'x6'] },
      commands: [skipped],
      pauses: [{ workspace: 'shop', sinceMs: 0, by: 'anna' }],
    },
    HOUR_MS + 5_000,
  )
  for (const line of [
    'src/a.ts in shop: warming is paused',
    '  origin    version c0ffee, 20 B',
    '  cache     content: not there',
    '  learned   read 12 times, the last time 5.0 s ago',
    '  together  src/b.ts (7)',
    '  then      src/c.ts (3)',
    '  hours     14:00 (10), 9:00 (2) UTC',
    '  importers x1, x2, x3, x4, x5 and 1 more',
    '  imports   src/d.ts',
    '  outcome   1970-01-01T01:00:00.000Z [content] skipped (pressure), for correlation, 75.0 % likely, pressure 0.92, by w1',
    '  pressure  0.50 of the whole cache',
    '  paused    shop is paused by anna since 1970-01-01T00:00:00.000Z',
  ]) {
    expect(text.split('\n')).toContain(line)
  }
})
