import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytes, durationMs, seconds } from '../../src/cli/runs/figures.ts'
import { jsonOutput, plainOutput, terminalOutput } from '../../src/cli/runs/output.ts'
import { exitCodeOf, lineOf, percentOf, progressText, reportText } from '../../src/cli/runs/summary.ts'
import type { RunFile, RunSummary } from '../../src/ports/runs.ts'
import { hasEnded, RUN_STATES } from '../../src/warming/run/state.ts'

const running: RunSummary = {
  ...{ id: 'r', workspace: 'shop', strategy: 'nightly', requestedBy: 'anna', requestedAtMs: 1_000, deadlineMs: 99_000 },
  ...{ state: 'warming', why: '', files: 200, verified: 0, bytes: 12_345_678, pressure: 0.125, batchSize: 50 },
  counts: [
    { outcome: 'pending', detail: '', files: 150 },
    { outcome: 'warmed', detail: '', files: 50 },
  ],
  ...{ startedAtMs: 1_100, endedAtMs: null, hitRate: { before: null, after: null } },
}

const partial: RunSummary = {
  ...running,
  ...{ state: 'partial', why: '3 missing, 2 failed (origin)', verified: 195, endedAtMs: 9_000 },
  counts: [
    { outcome: 'failed', detail: 'origin', files: 2 },
    { outcome: 'missing', detail: '', files: 3 },
    { outcome: 'present', detail: '', files: 95 },
    { outcome: 'warmed', detail: '', files: 100 },
  ],
  hitRate: { before: { rate: 0.25, reads: 1_200 }, after: null },
}

const gone: RunFile = {
  ...{ path: 'a\u001b[31m.ts', layer: 'ast', reason: 'glob', outcome: 'missing', detail: '', version: null },
  ...{ bytes: 0, verified: false },
}

describe('a run in words', () => {
  test('100 % is shown of no run but a complete one, whatever its counts', () => {
    const counts = fc.array(
      fc.record({
        outcome: fc.constantFrom('pending', 'warmed', 'failed', 'cold', 'skipped'),
        detail: fc.constant(''),
        files: fc.nat(1_000),
      }),
    )
    fc.assert(
      fc.property(fc.constantFrom(...RUN_STATES), counts, (state, counts) => {
        const files = counts.reduce((sum, one) => sum + one.files, 0)
        const shown = percentOf({ ...running, state, counts, files })
        expect(shown).toBeGreaterThanOrEqual(0)
        expect(shown).toBeLessThanOrEqual(state === 'complete' ? 100 : 99)
      }),
    )
  })

  test('a list tells how far a run is, and of an ended one how many of its files are there', () => {
    expect(lineOf(running)).toMatch(/warming +25 % {2}nightly/)
    expect(lineOf(partial)).toMatch(/partial +195\/200 {2}nightly/)
  })

  test('progress has files, bytes, rate and what is left', () => {
    expect(progressText(running, 25)).toBe('warming 50/200 files, 12.3 MB, 25 files/s, ETA 6.0 s')
    expect(progressText({ ...running, files: null }, null)).toBe('planning')
    expect(progressText({ ...running, files: null, why: 'waits' }, null)).toBe('planning: waits')
    expect(progressText({ ...running, verified: 7 }, null)).toBe('warming 50/200 files, 12.3 MB, 7 verified')
  })

  test('the report of a partial run does not read as success', () => {
    expect(reportText(partial, 0.812).split('\n')).toEqual([
      'partial: 195 of 200 files in the cache, 195 verified',
      '  why       3 missing, 2 failed (origin)',
      '  files     2 failed (origin), 3 not found, 95 already warm, 100 warmed',
      '  memory    12.3 MB brought into the cache, highest pressure 0.13',
      '  time      8.0 s, 25 files/s',
      '  hit rate  before 25.0 % of 1,200 reads, after no reads',
      '  accuracy  81.2 % of what was predicted was read in time',
      '  run       r (strategy nightly, by anna)',
      '',
    ])
  })

  test('exit codes follow from the state; a check by which all is cold says 3', () => {
    const codes = RUN_STATES.filter(hasEnded).map((state) => [state, exitCodeOf({ ...partial, state }, false)])
    expect(codes).toEqual([
      ['complete', 0],
      ['partial', 3],
      ['cancelled', 130],
      ['timedOut', 4],
      ['failed', 1],
    ])
    const cold: RunSummary = { ...partial, state: 'failed', counts: [{ outcome: 'cold', detail: '', files: 200 }] }
    expect(exitCodeOf(cold, true)).toBe(3)
    expect(exitCodeOf(cold, false)).toBe(1)
    expect(exitCodeOf({ ...partial, state: 'failed', counts: [] }, true)).toBe(1)
  })
})

describe('where a run is shown', () => {
  const open = (make: typeof terminalOutput) => {
    const seen = { out: '', err: '', nowMs: 0 }
    const output = make({
      write: (text) => {
        seen.out += text
      },
      report: (text) => {
        seen.err += text
      },
      nowMs: () => seen.nowMs,
    })
    return { output, seen }
  }

  test('a terminal has one line that is drawn over, and the report when the run has ended', () => {
    const { output, seen } = open(terminalOutput)
    output.progress(null)
    output.progress(running)
    seen.nowMs = 1_000
    output.progress({
      ...running,
      counts: [
        { outcome: 'warmed', detail: '', files: 100 },
        { outcome: 'pending', detail: '', files: 100 },
      ],
    })
    expect(seen.err).not.toContain('\n')
    expect(seen.err).toContain('[######------------------]  25 %  warming 50/200 files')
    expect(seen.err).toContain(
      '[############------------]  50 %  warming 100/200 files, 12.3 MB, 50 files/s, ETA 2.0 s',
    )
    output.ended({ summary: partial, accuracy: null, notThere: [gone], more: 4 })
    expect(seen.out).toContain('  not found  a\\u001b[31m.ts [ast]  (glob)\n  and 4 more: forewarm runs show r\n')
  })

  test('elsewhere progress is a line now and then, and at each new state', () => {
    const { output, seen } = open(plainOutput)
    for (const nowMs of [0, 500, 1_900, 2_000, 2_100]) {
      seen.nowMs = nowMs
      output.progress(running)
    }
    output.progress({ ...running, state: 'verifying' })
    expect(seen.err.split('\n').map((line) => line.split(' ').slice(0, 4).join(' '))).toEqual([
      'forewarm: 25 %: warming',
      'forewarm: 25 %: warming',
      'forewarm: 25 %: verifying',
      '',
    ])
    expect(seen.out).toBe('')
  })

  test('machines get one object a line, the same state once', () => {
    const { output, seen } = open(jsonOutput)
    output.progress(null)
    output.progress(running)
    output.progress(running)
    output.ended({ summary: partial, accuracy: 0.5, notThere: [gone], more: 0 })
    const lines = seen.out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
    expect(lines).toMatchObject([
      { type: 'progress', state: 'warming', percent: 25, ended: false, tookMs: null },
      { type: 'file', path: gone.path, outcome: 'missing' },
      { type: 'ended', state: 'partial', percent: 99, ended: true, tookMs: 8_000, accuracy: 0.5, filesNotListed: 0 },
    ])
    expect(seen.err).toBe('')
  })
})

test('figures are for people', () => {
  expect([0, 999, 1_000, 12_345_678, 250_000_000].map(bytes)).toEqual(['0 B', '999 B', '1.0 kB', '12.3 MB', '250 MB'])
  expect([0, 1_500, 61_000, 185_000].map(seconds)).toEqual(['0.0 s', '1.5 s', '61 s', '3 min 5 s'])
  expect(['60s', '5m', '1.5h', '250ms', '2 min'].map(durationMs)).toEqual([60_000, 300_000, 5_400_000, 250, 120_000])
  expect(['60', 's', '-5s', '5d', ''].map(durationMs)).toEqual([null, null, null, null, null])
})
