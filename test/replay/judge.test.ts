import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { beladyHits } from '../../src/model/replay/belady.ts'
import { buildTrace } from '../../src/model/replay/build-trace.ts'
import { type Decisions, judge, NO_DECISIONS, type Verdict } from '../../src/model/replay/judge.ts'
import { capacityOf, type Trace } from '../../src/model/replay/trace.ts'

/** The judge's rules once more, in the plainest form: a list, most recent first. */
function plainly(trace: Trace, decisions: Decisions, bounds: { capacityFiles: number; latencyMs: number }): Verdict {
  const cache: { file: number; unread: boolean }[] = []
  const missRow = new Map<number, number>()
  const count = { reads: 0, hits: 0, misses: 0, inserted: 0, used: 0, late: 0, touched: 0 }
  const toFront = (file: number, unread: boolean): boolean => {
    const at = cache.findIndex((entry) => entry.file === file)
    const [entry] = at < 0 ? [{ file, unread }] : cache.splice(at, 1)
    if (entry !== undefined) cache.unshift(entry)
    if (cache.length > bounds.capacityFiles) cache.pop()
    return at >= 0
  }
  let next = 0
  trace.file.forEach((file, row) => {
    const nowMs = trace.timeMs[row] ?? 0
    while (next < decisions.file.length) {
      const [after = 0, atMs = 0, warmed = 0] = [decisions.afterRow[next], decisions.atMs[next], decisions.file[next]]
      if (after >= row || atMs + bounds.latencyMs > nowMs) break
      if ((missRow.get(warmed) ?? -1) > after) count.late++
      if (toFront(warmed, true)) count.touched++
      else count.inserted++
      next++
    }
    count.reads++
    if (toFront(file, false)) count.hits++
    else {
      count.misses++
      missRow.set(file, row)
    }
    const entry = cache[0]
    if (entry?.unread) {
      count.used++
      entry.unread = false
    }
  })
  return count
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
          expect(judge(trace, decisions, bounds)).toEqual(plainly(trace, decisions, bounds))
        },
      ),
    )
  })

  test('lets unread warms leave first under the own policy, so that a flood cannot evict what is read', () => {
    const row = (timeMs: number, path: string) => ({ timeMs, workspace: 'w', session: 's', path })
    const trace = buildTrace([row(0, 'a'), row(1, 'b'), row(2, 'a'), row(3, 'b')])
    const flood = { afterRow: [1, 1, 1], atMs: [1, 1, 1], file: [7, 8, 9] }
    const bounds = { capacityFiles: 3, latencyMs: 0 }
    expect(judge(trace, flood, bounds).hits).toBe(0)
    expect(judge(trace, flood, { ...bounds, policy: 'unreadWarmsFirst' }).hits).toBe(2)
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
