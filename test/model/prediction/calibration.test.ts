import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Calibration } from '../../../src/model/prediction/calibration.ts'

describe('the calibration of promises', () => {
  test('is without error when a quarter of what is promised at .25 comes true, and off by .5 when three quarters do', () => {
    const [exact, shy] = [new Calibration(), new Calibration()]
    for (let nth = 0; nth < 400; nth++) {
      exact.observe(0.25, nth % 4 === 0)
      shy.observe(0.25, nth % 4 !== 0)
    }
    expect(exact.error(10)).toBeCloseTo(0, 9)
    expect(shy.error(10)).toBeCloseTo(0.5, 9)
    expect(exact.brier).toBeCloseTo(0.25 * 0.75 ** 2 + 0.75 * 0.25 ** 2, 9)
  })

  test('puts every example into one of the bins, in order of what was promised', () => {
    const promise = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(fc.array(fc.tuple(promise, fc.boolean()), { minLength: 1, maxLength: 300 }), (examples) => {
        const calibration = new Calibration()
        for (const [promised, came] of examples) calibration.observe(promised, came)
        const bins = calibration.bins(8)
        expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(examples.length)
        expect(bins.length).toBeLessThanOrEqual(8)
        const promises = bins.map(({ promised }) => promised)
        expect(promises).toEqual([...promises].sort((a, b) => a - b))
        expect(calibration.error(8)).toBeLessThanOrEqual(1)
      }),
    )
  })
})
