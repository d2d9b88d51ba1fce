import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SPEND_WAIT_MS_MAX, spend } from '../../src/warming/spend.ts'

const limit = { perSecond: 10, burst: 5, waitMsMax: 10_000 }

test('a budget gives its burst at once, and then as much a second as it may', () => {
  let fullAtMs: number | null = null
  const waits = [3, 2, 1, 1, 20].map((amount) => {
    const spent = spend(fullAtMs, 1_000, amount, limit)
    fullAtMs = spent.fullAtMs
    return spent.waitMs
  })
  expect(waits).toEqual([0, 0, 100, 200, 2_200])
  expect(spend(fullAtMs, 3_200, 0, limit).waitMs).toBe(0)
  expect(spend(fullAtMs, 3_200, 1, limit).waitMs).toBe(100)
})

test('who does not wait so long spends nothing', () => {
  const { fullAtMs } = spend(null, 0, 5, limit)
  const refused = spend(fullAtMs, 0, 2, { ...limit, waitMsMax: 199 })
  expect(refused.waitMs).toBe(200)
  expect(refused.fullAtMs).toBe(fullAtMs)
  expect(spend(refused.fullAtMs, 0, 2, { ...limit, waitMsMax: 200 }).fullAtMs).toBeGreaterThan(fullAtMs)
})

test('a clock that went back leaves no budget closed for longer than anybody may wait', () => {
  const { fullAtMs } = spend(null, 10_000_000_000, 1, limit)
  expect(spend(fullAtMs, 1_000, 1, limit).waitMs).toBe(0)
  expect(spend(SPEND_WAIT_MS_MAX, 0, 1, limit).waitMs).toBeGreaterThan(0)
})

/** What spenders ask for, and how long after the one before. */
const asked = fc.record({
  afterMs: fc.integer({ min: 0, max: 2_000 }),
  amount: fc.integer({ min: 0, max: 50 }),
  waitMsMax: fc.integer({ min: 0, max: 5_000 }),
})

test('in no window is more used than the burst and what the window gives, whoever spends when', () => {
  const rates = fc.record({ perSecond: fc.integer({ min: 1, max: 100 }), burst: fc.integer({ min: 1, max: 100 }) })
  fc.assert(
    fc.property(rates, fc.array(asked, { minLength: 1, maxLength: 40 }), ({ perSecond, burst }, all) => {
      let [fullAtMs, nowMs]: [number | null, number] = [null, 0]
      const used: { atMs: number; amount: number }[] = []
      for (const { afterMs, amount, waitMsMax } of all) {
        nowMs += afterMs
        const spent = spend(fullAtMs, nowMs, amount, { perSecond, burst, waitMsMax })
        fullAtMs = spent.fullAtMs
        if (spent.waitMs <= waitMsMax) used.push({ atMs: nowMs + spent.waitMs, amount })
      }
      for (const [from, first] of used.entries()) {
        let sum = 0
        for (const { atMs, amount } of used.slice(from)) {
          sum += amount
          // Times are whole milliseconds: what one of them gives is within the rounding.
          const given = (perSecond * (atMs - first.atMs + 1)) / 1_000
          expect(sum).toBeLessThanOrEqual(Math.max(burst, first.amount) + given + 1e-6)
        }
      }
    }),
  )
})

test('nothing is lost either: whoever always wants more gets the rate', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: 100 }), (perSecond, amount) => {
      let [fullAtMs, nowMs]: [number | null, number] = [null, 0]
      for (let round = 0; round < 50; round += 1) {
        const spent = spend(fullAtMs, nowMs, amount, { perSecond, burst: 1, waitMsMax: SPEND_WAIT_MS_MAX })
        fullAtMs = spent.fullAtMs
        nowMs += spent.waitMs
      }
      expect(nowMs).toBeLessThanOrEqual(((50 * amount) / perSecond) * 1_000 + 50)
    }),
  )
})
