import { describe, expect, it } from 'vitest'
import { judgeAccuracy } from '../../src/model/accuracy-alarm.ts'
import { SPAN_MS, WarmingEvidence } from '../../src/model/fold/evidence.ts'
import { newOutcomeTally, Tallies } from '../../src/model/fold/tallies.ts'
import { prove, type RecentProof, recentProof } from '../../src/model/proof.ts'

const tallies = (): Tallies => {
  const made = new Tallies()
  for (let n = 0; n < 8; n += 1) made.count('profile', 'warmed', 'hit')
  for (let n = 0; n < 2; n += 1) made.count('sequence', 'warmed', 'wasted')
  made.count('sequence', 'warmed', 'late')
  for (let n = 0; n < 50; n += 1) made.count('profile', 'present', 'wasted')
  for (let n = 0; n < 5; n += 1) made.count('profile', 'control', 'wasted')
  return made
}

const treated = newOutcomeTally()

describe('the proof of warming', () => {
  it('takes accuracy and timeliness from warmed files alone, and says what waste cost by reason', () => {
    const warming = new WarmingEvidence()
    warming.waste('sequence', 300)
    const proof = prove({ tallies: tallies(), treated, warming })
    expect(proof).toMatchObject({ accuracy: 0.8, hits: 8, wasted: 2, late: 1, wastedBytes: 300 })
    expect(proof).toMatchObject({ hitRate: null, missesPrevented: null, coverage: null, recent: null })
    expect(proof.timeliness).toBeCloseTo(8 / 9)
    expect(proof.byReason.map(({ reason, accuracy, wastedBytes }) => [reason, accuracy, wastedBytes])).toEqual([
      ['profile', 1, 0],
      ['sequence', 0, 300],
    ])
  })

  it('has no accuracy before anything is settled', () => {
    const none = { tallies: new Tallies(), treated, warming: new WarmingEvidence() }
    expect(prove(none)).toMatchObject({ accuracy: null, timeliness: null, recent: null })
  })

  it('estimates what warming prevented from the control group', () => {
    const warming = new WarmingEvidence()
    for (let file = 0; file < 40; file += 1) {
      for (let read = 0; read < 10; read += 1) warming.read('treated', file, read < 8)
      for (let read = 0; read < 5; read += 1) warming.read('control', file, read < 2 + (file % 2))
    }
    const proof = prove({ tallies: new Tallies(), treated: { hit: 200, warmHit: 120, miss: 80, stale: 0 }, warming })
    expect(proof.hitRate).toMatchObject({ value: 0.8, error: 0 })
    expect(proof.hitRateWithoutWarming?.value).toBeCloseTo(0.5)
    // Twenty files at .4 and twenty at .6: a standard deviation of .1 over forty files, nearly.
    expect(proof.hitRateWithoutWarming?.error).toBeCloseTo(0.1 / Math.sqrt(39))
    expect(proof.missesPrevented?.value).toBeCloseTo(120)
    expect(proof.missesPrevented?.error).toBeCloseTo((400 * 0.1) / Math.sqrt(39))
    expect(proof.coverage?.value).toBeCloseTo(0.6)
    expect(proof.warmHits).toBe(120)
  })

  it('adds up over the shards of a workspace as if there were one', () => {
    const [one, other, all] = [new WarmingEvidence(), new WarmingEvidence(), new WarmingEvidence()]
    for (const [at, shard] of [one, other, one, other, other].entries()) {
      for (const evidence of [shard, all]) {
        evidence.read('control', at * 7, at > 1)
        evidence.settle(at * SPAN_MS, at > 1 ? 'hit' : 'wasted')
        evidence.waste(`reason ${at % 2}`, at)
      }
    }
    const sum = new WarmingEvidence()
    sum.add(one)
    sum.add(other)
    expect(sum.groups).toEqual(all.groups)
    expect(sum.spans).toEqual(all.spans)
    expect(sum.wastedBytes).toEqual(all.wastedBytes)
  })
})

describe('the accuracy of late', () => {
  const spans = (...all: readonly (readonly [number, number])[]) =>
    new Map(all.map(([hit, wasted], at) => [at, { hit, late: 0, wasted }] as const))

  it('is that of the last hour where enough was settled in it', () => {
    const recent = recentProof(spans([900, 0], [25, 25], [25, 25], [25, 25], [25, 25]))
    expect(recent).toEqual({ accuracy: 0.5, timeliness: 1, settled: 200, fromMs: SPAN_MS, toMs: 5 * SPAN_MS })
  })

  it('goes further back where it was not, and says nothing where a day is not enough', () => {
    expect(recentProof(spans([90, 0], [0, 1], [0, 1], [0, 1], [0, 1], [5, 5]))).toMatchObject({ settled: 104 })
    expect(recentProof(spans([90, 0], [5, 4]))).toBeNull()
  })

  it('keeps a day of spans, and one far in the future spoils nothing', () => {
    const evidence = new WarmingEvidence()
    evidence.settle(1e15, 'hit')
    for (let span = 0; span < 200; span += 1) for (let n = 0; n < 30; n += 1) evidence.settle(span * SPAN_MS, 'wasted')
    expect(evidence.spans.size).toBe(96)
    expect(recentProof(evidence.spans)).toMatchObject({ accuracy: 0, settled: 120 })
  })
})

describe('the warning', () => {
  const recent = (accuracy: number): RecentProof => ({ accuracy, timeliness: 1, settled: 100, fromMs: 0, toMs: 1 })

  it('is given below the target and taken back only well above it', () => {
    expect(judgeAccuracy('fine', recent(0.71), 0.7)).toBe('fine')
    expect(judgeAccuracy('fine', recent(0.69), 0.7)).toBe('low')
    expect(judgeAccuracy('low', recent(0.71), 0.7)).toBe('low')
    expect(judgeAccuracy('low', recent(0.74), 0.7)).toBe('fine')
    expect(judgeAccuracy('low', recent(1), 1)).toBe('fine')
  })

  it('stays as it was while too little is settled to tell', () => {
    expect(judgeAccuracy('low', null, 0.7)).toBe('low')
    expect(judgeAccuracy('fine', null, 0.7)).toBe('fine')
  })
})
