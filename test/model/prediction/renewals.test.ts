import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CacheView } from '../../../src/model/prediction/cache-view.ts'
import { createPredictor } from '../../../src/model/prediction/learned.ts'
import { Worth } from '../../../src/model/prediction/worth.ts'

const HORIZON_MS = 600_000
const FLOOR = { floor: 0.5, ample: 0.5, dearnessMin: 0.5 }

/** A view of two places in which warmed entries are read (`true`) or leave unread. */
function dearnessAfter(outcomes: readonly boolean[], worth: Worth): number {
  const view = new CacheView(2, 0)
  const [warmed, ...others] = [view.allocate(), view.allocate(), view.allocate()]
  let dearness = 1
  for (const isRead of outcomes) {
    view.warm(warmed)
    if (isRead) view.read(warmed, 0)
    for (const other of others) view.read(other, 0)
    dearness = worth.dearness(view)
  }
  return dearness
}

describe('the price of a wasted warm', () => {
  test('rises while too few warms are read, and falls back when enough are', () => {
    const worth = new Worth(FLOOR)
    expect(dearnessAfter(Array(40).fill(false), worth)).toBeCloseTo(Math.exp(40 * 0.01 * 0.5), 5)
    expect(dearnessAfter([...Array(40).fill(false), ...Array(80).fill(true)], new Worth(FLOOR))).toBeCloseTo(
      Math.exp(-0.2),
      5,
    )
  })

  test('rises where nothing ever leaves, when the horizon of an unread warm is over; a read after it comes too late', () => {
    const view = new CacheView(10_000, 0, { readMs: 1e12, horizonMs: HORIZON_MS })
    const clock = view.allocate()
    const warm = (at: number, count: number) =>
      Array.from({ length: count }, () => {
        view.pass(at)
        const node = view.allocate()
        view.warm(node)
        return node
      })
    const [inTime = [], late = []] = [warm(0, 10), warm(1, 30)]
    for (const [nth, node] of inTime.entries()) {
      if (nth < 5) view.read(node, HORIZON_MS, false)
      else view.readBlindly(node, HORIZON_MS)
    }
    expect([view.used, view.wasted]).toEqual([10, 0])
    view.read(clock, HORIZON_MS + 2, false)
    expect([view.used, view.wasted]).toEqual([10, 30])
    for (const node of late) view.read(node, HORIZON_MS + 3, true)
    expect([view.used, view.wasted, view.unread]).toEqual([10, 30, 5])
    expect(new Worth(FLOOR).dearness(view)).toBeCloseTo(Math.exp(0.1), 5)
  })

  test('stays within its bounds whatever becomes of the warms', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 600 }), (outcomes) => {
        const dearness = dearnessAfter(outcomes, new Worth(FLOOR))
        expect(dearness).toBeGreaterThanOrEqual(0.5 - 1e-9)
        expect(dearness).toBeLessThanOrEqual(12 + 1e-9)
      }),
    )
  })
})

test('what is read time and again is renewed before a stream of files read once pushes it out', () => {
  const predictor = createPredictor({ capacityFiles: 30, latencyMs: 0, aggressiveness: 'medium' })
  const renewed = new Map<string, number>()
  for (let nth = 0; nth < 4000; nth++) {
    const path = nth % 40 === 0 ? `often/f${(nth / 40) % 3}` : `once/f${nth}`
    const access = { workspace: 'w', session: `s${nth}`, analyzer: '', path, timeMs: nth * 5000, outcome: null }
    for (const one of predictor.observe(access)) {
      if (one.reason === 'renewal' && nth > 2000) renewed.set(one.path, (renewed.get(one.path) ?? 0) + 1)
    }
  }
  const often = [...renewed].filter(([path]) => path.startsWith('often/')).reduce((sum, [, count]) => sum + count, 0)
  const once = [...renewed.values()].reduce((sum, count) => sum + count, 0) - often
  expect(often).toBeGreaterThan(50)
  expect(once).toBeLessThan(often / 2)
})
