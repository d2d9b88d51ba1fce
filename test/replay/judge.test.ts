import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { beladyHits } from '../../src/model/replay/belady.ts'
import { buildTrace } from '../../src/model/replay/build-trace.ts'
import { type Decisions, judge, NO_DECISIONS, type Verdict } from '../../src/model/replay/judge.ts'
import { capacityOf, type Trace } from '../../src/model/replay/trace.ts'
import { plainly } from './plain-judge.ts'

const nameOf = (trace: Trace, file: number): string => trace.files[file]?.path ?? `extra ${file}`

/** What the plain judge counts of a trace and numbered decisions. */
function plainVerdict(
  trace: Trace,
  decisions: Decisions,
  bounds: { capacityFiles: number; latencyMs: number },
): Verdict {
  const reads = Array.from(trace.file, (file, row) => ({ timeMs: trace.timeMs[row] ?? 0, file: nameOf(trace, file) }))
  const warms = decisions.file.map((file, nth) => ({
    afterRow: decisions.afterRow[nth] ?? 0,
    atMs: decisions.atMs[nth] ?? 0,
    file: nameOf(trace, file),
  }))
  return plainly(reads, warms, bounds)
}

const traces = fc.array(fc.tuple(fc.nat(3), fc.nat(12)), { minLength: 1, maxLength: 60 }).map((steps) => {
  let timeMs = 0
  return buildTrace(
    steps.map(([gapMs, file]) => {
      timeMs += gapMs
      return { timeMs, workspace: 'w', session: 's', path: `f${file}` }
    }),
  )
})

const played = traces.chain((trace) =>
  fc.array(fc.tuple(fc.nat(trace.file.length - 1), fc.nat(15)), { maxLength: 40 }).map((warms) => {
    const sorted = warms.toSorted(([a], [b]) => a - b)
    const afterRow = sorted.map(([row]) => row)
    return {
      trace,
      decisions: {
        afterRow,
        atMs: afterRow.map((row) => trace.timeMs[row] ?? 0),
        file: sorted.map(([, file]) => file),
      },
    }
  }),
)

describe('the judge', () => {
  test('counts what the rules in plain form count', () => {
    fc.assert(
      fc.property(
        played,
        fc.integer({ min: 1, max: 8 }),
        fc.nat(6),
        ({ trace, decisions }, capacityFiles, latencyMs) => {
          const bounds = { capacityFiles, latencyMs }
          expect(judge(trace, decisions, bounds)).toEqual(plainVerdict(trace, decisions, bounds))
        },
      ),
    )
  })

  test("finds Belady's hits where nothing does better, and never fewer than LRU's", () => {
    const abc = buildTrace([...'abcabdadbc'].map((path, timeMs) => ({ timeMs, workspace: 'w', session: 's', path })))
    expect(beladyHits(abc, 2).reduce((sum, hit) => sum + hit, 0)).toBe(3)
    fc.assert(
      fc.property(traces, fc.integer({ min: 1, max: 8 }), (trace, capacityFiles) => {
        const best = beladyHits(trace, capacityFiles).reduce((sum, hit) => sum + hit, 0)
        expect(best).toBeGreaterThanOrEqual(judge(trace, NO_DECISIONS, { capacityFiles, latencyMs: 0 }).hits)
      }),
    )
  })

  test('reads a capacity as a share of the distinct files or as a number', () => {
    expect(capacityOf('10%', 1044)).toBe(104)
    expect(capacityOf('0.01%', 50)).toBe(1)
    expect(capacityOf('77', 50)).toBe(77)
    expect(capacityOf('half', 50)).toBeNaN()
    expect(capacityOf('0', 50)).toBeNaN()
  })
})
