import { expect, test } from 'vitest'
import { statisticsOf, statisticsText } from '../../src/cli/runs/statistics.ts'
import type { Learned } from '../../src/ports/model-reader.ts'
import type { RunSummary } from '../../src/ports/runs.ts'

const run = (over: Partial<RunSummary>): RunSummary => ({
  ...{ id: 'r', workspace: 'shop', strategy: 'default', requestedBy: 'me', why: '', state: 'complete' },
  ...{ requestedAtMs: 1_000, deadlineMs: 9_000, startedAtMs: 1_000, endedAtMs: 3_000, files: 10, verified: 10 },
  ...{ bytes: 0, pressure: 0, batchSize: 50, hitRate: { before: null, after: null } },
  counts: [{ outcome: 'warmed', detail: '', files: 10 }],
  ...over,
})

const learned = (recent: number | null): Learned => ({
  ...{ accesses: 900, files: 90, closedSessions: 9, sessions: 9, lastAccessMs: 0 },
  proof: {
    ...{ accuracy: 0.75, timeliness: 1, hits: 30, late: 0, wasted: 10, wastedBytes: 0, byReason: [] },
    ...{ hitRate: null, hitRateWithoutWarming: null, warmHits: 31, coverage: null },
    missesPrevented: { value: 34.4, error: 3, low: 28.2, high: 40.1 },
    recent: recent === null ? null : { accuracy: recent, timeliness: null, settled: 200, fromMs: 0, toMs: 1 },
  },
})

test('the figures of the manual are those of the runs that have ended, and of all predictions', () => {
  const runs = [
    run({}),
    run({ endedAtMs: 5_000, counts: [{ outcome: 'refreshed', detail: '', files: 5 }] }),
    run({ state: 'warming', endedAtMs: null }),
  ]
  const told = statisticsOf({ workspace: 'shop', runs, learned: learned(0.8), accuracyTarget: 0.7 })
  expect(told).toMatchObject({
    ...{ warmingSessions: 2, filesWarmed: 15, filesWarmedPerSession: 7.5, averageWarmingTimeMs: 3_000 },
    ...{ cacheMissesPrevented: 31, predictiveAccuracy: 0.75, recentAccuracy: 0.8, isLow: false },
  })
  expect(statisticsText(told)).toBe(
    [
      'workspace     shop',
      'runs          2 that have ended and are kept',
      'files warmed  15, 7.5 a run in 3.0 s on the average',
      'misses        31 prevented; by the control group 34 (28 to 40)',
      'predictions   30 read in time, 10 by nobody',
      'accuracy      75.0 %, of late 80.0 %; wanted 70.0 %',
      '',
    ].join('\n'),
  )
})

test('an accuracy of late below what the workspace wants is said, with where to look', () => {
  const of = (accuracyTarget: number, recent: number | null) =>
    statisticsOf({ workspace: 'shop', runs: [], learned: learned(recent), accuracyTarget })
  expect(statisticsText(of(0.7, 0.69))).toContain('low accuracy: `forewarm explain`')
  expect(statisticsText(of(0.6, 0.69))).not.toContain('low accuracy')
  expect(statisticsText(of(0.7, null))).toContain('of late too little settled')
})

test('where nothing has happened yet nothing is divided', () => {
  const told = statisticsOf({ workspace: 'shop', runs: [], learned: null, accuracyTarget: 0.7 })
  expect(told).toMatchObject({ filesWarmedPerSession: null, averageWarmingTimeMs: null, isLow: null })
  expect(statisticsText(told)).toMatch(/runs +0 that[\s\S]*accuracy +nothing settled yet\n$/)
})
