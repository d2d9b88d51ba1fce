import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CacheView } from '../../../src/model/prediction/cache-view.ts'
import { createPredictor } from '../../../src/model/prediction/learned.ts'
import { Worth } from '../../../src/model/prediction/worth.ts'

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
