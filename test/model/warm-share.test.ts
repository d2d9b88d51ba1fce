import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  CREDIT_MEMORY,
  creditBrought,
  creditRead,
  earnedShare,
  FIRST_CREDIT,
  SHARE_MAX,
  SHARE_MIN,
  type WarmCredit,
} from '../../src/model/warm-share.ts'

/** The credit after predictions of which every so many is read. */
function after(predictions: number, oneReadIn: number): WarmCredit {
  let credit = FIRST_CREDIT
  for (let nth = 1; nth <= predictions; nth += 1) {
    credit = creditBrought(credit)
    if (nth % oneReadIn === 0) credit = creditRead(credit)
  }
  return credit
}

test('a share lies between its bounds, and grows with what was read', () => {
  const counts = fc.record({ read: fc.nat(1_000), brought: fc.integer({ min: 1, max: 1_000 }) })
  fc.assert(
    fc.property(counts, ({ read, brought }) => {
      const share = earnedShare({ read, brought })
      expect(share).toBeGreaterThanOrEqual(SHARE_MIN)
      expect(share).toBeLessThanOrEqual(SHARE_MAX)
      expect(earnedShare({ read: read + 1, brought })).toBeGreaterThanOrEqual(share)
      expect(earnedShare({ read, brought: brought + 1 })).toBeLessThanOrEqual(share)
    }),
  )
  expect(earnedShare({ read: 0, brought: 0 })).toBe(SHARE_MIN)
})

test('predictions of which one in ten is read have all of their room, also the first ones', () => {
  expect(earnedShare(FIRST_CREDIT)).toBe(SHARE_MAX)
  for (const predictions of [10, 100, 1_000]) expect(earnedShare(after(predictions, 10))).toBeCloseTo(SHARE_MAX, 1)
})

test('predictions that nobody reads lose it within their memory, and win it back as soon', () => {
  const lost = after(2 * CREDIT_MEMORY, Number.POSITIVE_INFINITY)
  expect(earnedShare(lost)).toBe(SHARE_MIN)
  let credit = lost
  for (let nth = 0; nth < CREDIT_MEMORY / 4; nth += 1) credit = creditRead(creditBrought(credit))
  expect(earnedShare(credit)).toBe(SHARE_MAX)
})
