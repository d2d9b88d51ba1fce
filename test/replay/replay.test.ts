import { describe, expect, test } from 'vitest'
import { learnedFleet } from '../../src/model/replay/fleets.ts'
import { judge, NO_DECISIONS } from '../../src/model/replay/judge.ts'
import { type ReplayRun, replay } from '../../src/model/replay/replay.ts'
import { prefixOf, type Trace } from '../../src/model/replay/trace.ts'
import { madeFleet, madeNights } from './made-trace.ts'

const BOUNDS = { capacityFiles: 60, latencyMs: 0 }
const { trace, graphs } = madeFleet({ seed: 7, workspaces: ['shop', 'desk'], sessions: 60, filesPerWorkspace: 240 })

function run(of: Trace, latencyMs = 0): ReplayRun {
  const bounds = { ...BOUNDS, latencyMs }
  return replay(of, learnedFleet({ ...bounds, aggressiveness: 'medium' }, graphs), bounds)
}

function decided(of: ReplayRun): string[] {
  const { afterRow, atMs, file } = of.decisions
  return afterRow.map((row, nth) => `${row} ${atMs[nth]} ${file[nth]}`)
}

describe('a replay', () => {
  test('decides the same twice', () => {
    expect(decided(run(trace, 10))).toEqual(decided(run(trace, 10)))
  })

  test('decides over the first rows what it decides over the whole trace', () => {
    const rows = 3000
    const whole = run(trace, 10)
    const part = run(prefixOf(trace, rows), 10)
    const first = decided(whole).filter((_, nth) => (whole.decisions.afterRow[nth] ?? 0) < rows - 1)
    expect(first.length).toBeGreaterThan(500)
    expect(decided(part).filter((_, nth) => (part.decisions.afterRow[nth] ?? 0) < rows - 1)).toEqual(first)
  })

  test('reports what the judge counts for the recorded decisions', () => {
    const { decisions, verdict } = run(trace, 10)
    expect(judge(trace, decisions, { ...BOUNDS, latencyMs: 10 })).toEqual(verdict)
  })

  test('removes most of the misses of recurring sessions, and most of its warms are read', () => {
    const lru = judge(trace, NO_DECISIONS, BOUNDS)
    const { verdict } = run(trace)
    expect(verdict.misses).toBeLessThan(0.3 * lru.misses)
    expect(verdict.used / verdict.inserted).toBeGreaterThan(0.7)
  })

  test('finds a nightly job by itself and warms its files before it starts', () => {
    const nights = madeNights(3, 10)
    const bounds = { capacityFiles: 150, latencyMs: 1000 }
    const { reasons, fates, decisions, verdict } = replay(
      nights,
      learnedFleet({ ...bounds, aggressiveness: 'medium' }),
      bounds,
    )
    const used = reasons.filter((reason, nth) => reason === 'clock' && fates[nth] === 3).length
    expect(used).toBeGreaterThan(300)
    expect(judge(nights, decisions, bounds)).toEqual(verdict)
  })
})
