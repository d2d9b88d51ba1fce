import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HEAD, Scorer } from '../../../src/model/prediction/scorer.ts'
import { SharedWeights } from '../../../src/model/prediction/shared-weights.ts'
import { RowFormatError } from '../../../src/model/rows/row-reader.ts'

const learner = () => {
  const scorer = new Scorer()
  const shared = new SharedWeights(scorer.learned)
  const score = (feature: number) => scorer.score(Int32Array.of(feature), 0, { count: 1, head: HEAD.near })
  const learn = (feature: number, label: number, times = 1) => {
    for (let nth = 0; nth < times; nth++) scorer.learn(Int32Array.of(feature), 0, { count: 1, head: HEAD.near, label })
  }
  return { scorer, shared, score, learn }
}

/** A scorer of forty places that is told what it has learned. */
const small = () => {
  const [weight, evidence] = [new Float32Array(40), new Float32Array(40)]
  const shared = new SharedWeights({ form: 1, tables: [{ weight, evidence }] })
  const learn = (at: number, label: number) => {
    weight[at] = (weight[at] ?? 0) + (label - 0.5) / 3
    evidence[at] = (evidence[at] ?? 0) + 0.25
  }
  return { shared, learn }
}

type Small = ReturnType<typeof small>
type Shares = Pick<Learner, 'shared'>

type Learner = ReturnType<typeof learner>

/** What a process does when it is its turn: everybody else hears what it has learned. */
function tell(from: Shares, others: readonly Shares[]): number {
  const bytes = from.shared.changes()
  if (bytes === null) return 0
  from.shared.told(bytes)
  for (const other of others) other.shared.takeIn(bytes)
  return bytes.length
}

describe('weights that are shared', () => {
  test('bring what one has learned to the other, and to one that comes later', () => {
    const [first, second, later] = [learner(), learner(), learner()]
    first.learn(77, 1, 1_000)
    second.learn(88, 0, 1_000)
    tell(first, [second])
    tell(second, [first])
    const all = second.shared.all()
    if (all !== null) later.shared.takeIn(all)
    for (const { score } of [first, second, later]) {
      expect(score(77)).toBeGreaterThan(0.6)
      expect(score(88)).toBeLessThan(0.3)
    }
    expect(later.score(77)).toBeCloseTo(second.score(77), 6)
  })

  test('do not learn twice what two have learned alike', () => {
    const [first, second] = [learner(), learner()]
    for (const { learn } of [first, second]) learn(77, 1, 200)
    const alone = first.score(77)
    tell(first, [second])
    tell(second, [first])
    expect(first.score(77)).toBeCloseTo(alone, 2)
    expect(second.score(77)).toBeCloseTo(alone, 2)
  })

  test('keep what was learned between telling and being heard', () => {
    const [first, second] = [learner(), learner()]
    first.learn(77, 1, 1_000)
    const bytes = first.shared.changes() ?? new Uint8Array()
    first.learn(99, 1, 1_000)
    first.shared.told(bytes)
    second.shared.takeIn(bytes)
    expect(second.score(99)).toBeLessThan(0.5)
    tell(first, [second])
    expect(second.score(99)).toBeGreaterThan(0.6)
  })

  test('come to the same values everywhere, whoever learns what and in whatever order they tell', () => {
    const step = fc.record({
      who: fc.nat(2),
      feature: fc.integer({ min: 0, max: 39 }),
      label: fc.nat(1),
      tells: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const learners = [small(), small(), small()]
        const others = (one: Small | undefined) => learners.filter((other) => other !== one)
        for (const { who, feature, label, tells } of steps) {
          const one = learners[who]
          one?.learn(feature, label)
          if (one !== undefined && tells) tell(one, others(one))
        }
        for (const one of learners) tell(one, others(one))
        const [first, ...rest] = learners.map(({ shared }) => shared.all())
        for (const other of rest) expect(other).toEqual(first)
      }),
    )
  })

  test('take a few bytes each, and none when nothing was learned since', () => {
    const [first, second] = [learner(), learner()]
    for (let feature = 0; feature < 10_000; feature++) first.learn(feature, feature % 2)
    expect(tell(first, [second])).toBeLessThan(10_000 * 6)
    expect(tell(first, [second])).toBe(0)
  })

  test('are refused in another form, or torn, and then change nothing', () => {
    const { shared, score, learn, scorer } = learner()
    learn(77, 1, 10)
    const bytes = shared.changes() ?? new Uint8Array()
    const other = new SharedWeights({ ...scorer.learned, form: scorer.learned.form + 1 })
    expect(() => other.takeIn(bytes)).toThrow(RowFormatError)
    const before = score(77)
    expect(() => shared.takeIn(bytes.subarray(0, -2))).toThrow(RowFormatError)
    expect(() => shared.takeIn(Uint8Array.of(9, 9, 9))).toThrow(RowFormatError)
    expect(score(77)).toBe(before)
  })
})
