import { describe, expect, it } from 'vitest'
import { newOutcomeTally, Tallies } from '../../src/model/fold/tallies.ts'
import { prove } from '../../src/model/proof.ts'

const tallies = (): Tallies => {
  const made = new Tallies()
  for (let n = 0; n < 8; n += 1) made.count('profile', 'warmed', 'hit')
  for (let n = 0; n < 2; n += 1) made.count('sequence', 'warmed', 'wasted')
  made.count('sequence', 'warmed', 'late')
  for (let n = 0; n < 50; n += 1) made.count('profile', 'present', 'wasted')
  for (let n = 0; n < 5; n += 1) made.count('profile', 'control', 'wasted')
  return made
}

describe('the proof of warming', () => {
  it('takes accuracy from warmed files alone and shows late ones beside it', () => {
    const none = newOutcomeTally()
    const proof = prove({ tallies: tallies(), treated: none, control: none })
    expect(proof).toMatchObject({ accuracy: 0.8, hits: 8, wasted: 2, late: 1, hitRate: null, missesPrevented: null })
    expect(proof.byReason.map(({ reason, accuracy }) => [reason, accuracy])).toEqual([
      ['profile', 1],
      ['sequence', 0],
    ])
  })

  it('has no accuracy before anything is settled', () => {
    const none = newOutcomeTally()
    expect(prove({ tallies: new Tallies(), treated: none, control: none }).accuracy).toBeNull()
  })

  it('estimates the misses prevented by the control group, with the error of both shares', () => {
    const treated = { hit: 500, warmHit: 300, miss: 200, stale: 0 }
    const control = { hit: 50, warmHit: 0, miss: 50, stale: 0 }
    const proof = prove({ tallies: new Tallies(), treated, control })
    expect(proof.hitRate?.value).toBeCloseTo(0.8)
    expect(proof.hitRateWithoutWarming).toEqual({ value: 0.5, error: 0.05 })
    expect(proof.missesPrevented?.value).toBeCloseTo(300)
    expect(proof.missesPrevented?.error).toBeCloseTo(1_000 * Math.hypot(0.05, Math.sqrt((0.8 * 0.2) / 1_000)))
    expect(proof.warmHits).toBe(300)
  })
})
