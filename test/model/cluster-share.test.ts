import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { clusterShare, coverageOf, difference, type Estimate, studentT } from '../../src/model/cluster-share.ts'
import { READ_GROUPS } from '../../src/model/fold/evidence.ts'

/** Numbers in 0..1 from a seed: a simulation must fail the same way twice. */
function drawsOf(seed: number) {
  let state = seed
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  return { uniform, normal }
}

const newGroups = () => ({
  reads: new Array<number>(READ_GROUPS).fill(0),
  hits: new Array<number>(READ_GROUPS).fill(0),
})

type Truth = { readonly without: number; readonly prevented: number; readonly coverage: number }

/**
 * A workspace as it might be: files that are read unequally often (log-normal) and found in the cache unequally often
 * without warming; warming saves a share of the misses. A random fiftieth of the files is not warmed.
 */
function simulate({ uniform, normal }: ReturnType<typeof drawsOf>, spread: number) {
  const [treated, control] = [newGroups(), newGroups()]
  const sums = { reads: 0, without: 0, with: 0 }
  for (let file = 0; file < 2_000; file += 1) {
    const reads = 1 + Math.floor(20 * Math.exp(spread * normal()))
    const rate = 1 / (1 + Math.exp(-0.5 - 1.5 * normal()))
    const at = Math.floor(uniform() * READ_GROUPS)
    const isControl = uniform() < 0.02
    let [without, warmed] = [0, 0]
    for (let read = 0; read < reads; read += 1) {
      const isHit = uniform() < rate
      without += Number(isHit)
      warmed += Number(isHit || uniform() < 0.6)
    }
    const group = isControl ? control : treated
    group.reads[at] = (group.reads[at] ?? 0) + reads
    group.hits[at] = (group.hits[at] ?? 0) + (isControl ? without : warmed)
    if (isControl) continue
    sums.reads += reads
    sums.without += without
    sums.with += warmed
  }
  const [without, hitRate] = [sums.without / sums.reads, sums.with / sums.reads]
  const truth: Truth = { without, prevented: hitRate - without, coverage: 1 - (1 - hitRate) / (1 - without) }
  return { treated, control, truth }
}

const holds = ({ low, high }: Estimate, value: number): boolean => low <= value && value <= high

describe('intervals from random groups of files', () => {
  it.each([0, 1, 1.5])('hold the truth about as often as they say, reads by file spread by %s', (spread) => {
    const draws = drawsOf(7 + spread)
    const held = { share: 0, prevented: 0, coverage: 0, binomial: 0 }
    let told = 0
    for (let world = 0; world < 300; world += 1) {
      const { treated, control, truth } = simulate(draws, spread)
      const [hitRate, without] = [clusterShare(treated), clusterShare(control)]
      if (hitRate === null || without === null || without.error === null) continue
      const coverage = coverageOf(hitRate, without)
      if (coverage === null) continue
      told += 1
      held.share += Number(holds(without, truth.without))
      held.prevented += Number(holds(difference(hitRate, without), truth.prevented))
      held.coverage += Number(holds(coverage, truth.coverage))
      const reads = control.reads.reduce((sum, count) => sum + count, 0)
      const binomial = 1.96 * Math.sqrt((without.value * (1 - without.value)) / reads)
      held.binomial += Number(Math.abs(without.value - truth.without) < binomial)
    }
    expect(told).toBeGreaterThan(290)
    for (const name of ['share', 'prevented', 'coverage'] as const) {
      expect(held[name] / told, name).toBeGreaterThan(0.87)
      expect(held[name] / told, name).toBeLessThan(0.995)
    }
    // What counts each read as one draw promises 95 % and keeps two thirds of it at the best.
    expect(held.binomial / told).toBeLessThan(0.66)
  })
})

const groups = fc
  .array(fc.tuple(fc.nat({ max: 1_000 }), fc.double({ min: 0, max: 1, noNaN: true })), {
    minLength: READ_GROUPS,
    maxLength: READ_GROUPS,
  })
  .map((all) => ({ reads: all.map(([reads]) => reads), hits: all.map(([reads, share]) => Math.floor(reads * share)) }))

test('an interval lies within 0 and 1 and holds its own estimate', () => {
  fc.assert(
    fc.property(groups, (group) => {
      const share = clusterShare(group)
      if (share === null) return
      expect(share.low).toBeGreaterThanOrEqual(0)
      expect(share.high).toBeLessThanOrEqual(1)
      expect(share.low).toBeLessThanOrEqual(share.value)
      expect(share.high).toBeGreaterThanOrEqual(share.value)
    }),
  )
})

const READS_NEVER_HIT = [
  306, 312, 1000, 267, 0, 6, 237, 748, 546, 3, 377, 0, 281, 417, 331, 572, 255, 180, 102, 999, 6, 267, 5, 938, 4, 243,
  330, 221, 256, 0, 870, 244, 5, 9, 67, 4, 967, 516, 0, 449, 450, 6, 3, 989, 319, 544, 794, 584, 125, 463, 165, 297, 0,
  352, 4, 157, 535, 559, 502, 0, 5, 0, 0, 961,
]

test('a difference and a coverage hold their own estimates', () => {
  fc.assert(
    fc.property(groups, groups, (treated, control) => {
      const [hitRate, without] = [clusterShare(treated), clusterShare(control)]
      if (hitRate === null || without === null) return
      const told = [difference(hitRate, without), coverageOf(hitRate, without)]
      for (const one of told) if (one !== null) expect(holds(one, one.value), JSON.stringify(one)).toBe(true)
    }),
    { numRuns: 1_000 },
  )
})

test('what was never a hit has an interval from 0 on, to the last bit', () => {
  const group = newGroups()
  // By rounding alone the lower bound came out above 0 here.
  Object.assign(group.reads, READS_NEVER_HIT)
  expect(clusterShare(group)).toMatchObject({ value: 0, low: 0 })
})

test('reads of too few files have no error, and what was always a hit is not certain to be', () => {
  expect(clusterShare(newGroups())).toBeNull()
  const few = newGroups()
  Object.assign(few.reads, { 3: 500, 9: 400 })
  Object.assign(few.hits, { 3: 500 })
  expect(clusterShare(few)).toEqual({ value: 500 / 900, error: null, low: 0, high: 1 })
  const sure = newGroups()
  for (let at = 0; at < 10; at += 1) Object.assign(sure.reads, { [at]: 5 }) && Object.assign(sure.hits, { [at]: 5 })
  expect(clusterShare(sure)).toMatchObject({ value: 1, error: 0, high: 1 })
  expect(clusterShare(sure)?.low).toBeLessThan(0.75)
})

test('without misses to prevent there is no coverage', () => {
  const all: Estimate = { value: 1, error: 0, low: 0.8, high: 1 }
  const half: Estimate = { value: 0.5, error: 0.1, low: 0.3, high: 0.7 }
  expect(coverageOf(all, all)).toBeNull()
  expect(coverageOf(all, half)).toMatchObject({ value: 1, high: 1 })
  expect(coverageOf(half, half)?.value).toBe(0)
})

test.each([
  [2, 4.303],
  [5, 2.571],
  [10, 2.228],
  [30, 2.042],
  [63, 1.998],
])("Student's t of %s degrees of freedom is that of the tables", (freedom, tabled) => {
  expect(Math.abs(studentT(freedom) / tabled - 1)).toBeLessThan(0.01)
})
