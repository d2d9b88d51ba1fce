import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Candidate } from '../../../src/model/candidates/candidate.ts'
import { CUT_OFFS, PredictionGate } from '../../../src/model/candidates/gate.ts'

const options = { cutOff: CUT_OFFS.medium, horizonMs: 60_000, perSecondMax: 10, burstMax: 20, openMax: 1_000 } as const
const candidate = (path: string, over: Partial<Candidate> = {}): Candidate => ({
  path,
  probability: 0.9,
  reason: 'correlation',
  expectedAtMs: 10_000,
  ...over,
})

describe('the prediction gate', () => {
  it('issues a likely file once until it is read or its horizon has passed', () => {
    const gate = new PredictionGate(options, 10)
    expect(gate.decide([candidate('a')], 0).issued).toHaveLength(1)
    expect(gate.decide([candidate('a')], 1).suppressed.get('open')).toBe(1)
    gate.wasRead('a')
    expect(gate.decide([candidate('a')], 2).issued).toHaveLength(1)
    expect(gate.decide([candidate('a', { expectedAtMs: 70_000 })], 60_003).issued).toHaveLength(1)
  })

  it('refuses what is unlikely, what would come too late and what exceeds the share, each with its cause', () => {
    const gate = new PredictionGate(options, 1_000)
    const due = candidate('due', { expectedAtMs: 400 })
    const unlikely = candidate('unlikely', { probability: CUT_OFFS.medium - 0.01 })
    const many = Array.from({ length: 25 }, (_, index) => candidate(`f${index}`))
    const { issued, suppressed } = gate.decide([due, unlikely, ...many], 0)
    expect(issued).toHaveLength(options.burstMax)
    expect(Object.fromEntries(suppressed)).toEqual({ late: 1, threshold: 1, throttled: 5 })
  })

  it('holds back nothing but the surplus of a source that has decided already', () => {
    const gate = new PredictionGate({ ...options, cutOff: 'decided' }, 1_000)
    const soon = candidate('soon', { probability: 0.01, expectedAtMs: 1 })
    expect(gate.decide([soon], 0).issued).toEqual([soon])
    expect(gate.decide([soon], 1).issued).toEqual([soon])
    const many = Array.from({ length: 25 }, (_, index) => candidate(`f${index}`))
    expect(gate.decide(many, 1).suppressed).toEqual(new Map([['throttled', 7]]))
  })

  it('learns from outcomes how long a warm takes', () => {
    const gate = new PredictionGate(options, 5_000)
    for (let n = 0; n < 60; n += 1) gate.tookMs(20)
    expect(gate.latencyMs).toBeGreaterThan(19)
    expect(gate.latencyMs).toBeLessThan(30)
    expect(gate.decide([candidate('soon', { expectedAtMs: 30 })], 0).issued).toHaveLength(1)
  })

  it('accounts for every candidate and never issues more than its share over any time', () => {
    const arrivals = fc.array(fc.record({ afterMs: fc.nat(500), count: fc.nat(40) }), { maxLength: 40 })
    fc.assert(
      fc.property(arrivals, (steps) => {
        const gate = new PredictionGate(options, 0)
        let nowMs = 0
        let issuedInAll = 0
        steps.forEach(({ afterMs, count }, step) => {
          nowMs += afterMs
          const offered = Array.from({ length: count }, (_, n) =>
            candidate(`${step}/${n}`, { expectedAtMs: nowMs + 1 }),
          )
          const { issued, suppressed } = gate.decide(offered, nowMs)
          const refused = [...suppressed.values()].reduce((sum, n) => sum + n, 0)
          expect(issued.length + refused).toBe(count)
          issuedInAll += issued.length
        })
        expect(issuedInAll).toBeLessThanOrEqual(options.burstMax + (nowMs / 1_000) * options.perSecondMax)
      }),
    )
  })
})
