import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CacheView } from '../../../src/model/prediction/cache-view.ts'

/** A deterministic stream of numbers 0..1 (xorshift). */
function stream(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** The cache itself: plain LRU over whoever reads. */
class Truth {
  readonly #entries = new Map<string, true>()
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  read(key: string): boolean {
    const isThere = this.#entries.delete(key)
    this.#entries.set(key, true)
    const oldest = this.#entries.keys().next()
    if (this.#entries.size > this.#capacity && oldest.done !== true) this.#entries.delete(oldest.value)
    return isThere
  }
}

const LIVES = { readMs: 1e9, horizonMs: 1e6 }

/** One predictor's belief about files of its own, read with a skew: some often, most seldom. */
function believer(name: string, start: { capacityFiles: number; files: number; adapts: boolean; seed: number }) {
  const view = new CacheView(start.capacityFiles, 0, start.adapts ? LIVES : null)
  const random = stream(start.seed)
  const nodes = Array.from({ length: start.files }, () => view.allocate())
  const read = (truth: Truth, timeMs: number): boolean => {
    const file = Math.floor(start.files * random() ** 2)
    const node = nodes[file] ?? 0
    const believed = view.age(node) !== Number.POSITIVE_INFINITY
    const isThere = truth.read(`${name}/${file}`)
    view.read(node, timeMs, isThere)
    return believed === isThere
  }
  return { view, read }
}

/** Share of the last fifth of the reads for which the belief was right. */
function rightAtTheEnd(reads: number, read: (nth: number) => boolean): number {
  let right = 0
  for (let nth = 0; nth < reads; nth++) if (read(nth) && nth >= reads * 0.8) right++
  return right / (reads * 0.2)
}

describe('the belief about the cache', () => {
  test.each([
    ['far too large', 50_000],
    ['far too small', 20],
  ])('recovers from a capacity that is %s', (_, capacityFiles) => {
    const truth = new Truth(800)
    const { view, read } = believer('a', { capacityFiles, files: 4_000, adapts: true, seed: 7 })
    expect(rightAtTheEnd(40_000, (nth) => read(truth, nth))).toBeGreaterThan(0.95)
    expect(view.capacityFiles).toBeGreaterThan(800 * 0.75)
    expect(view.capacityFiles).toBeLessThan(800 * 1.3)
  })

  test('of two predictors that share one cache comes to a residence that fits, each for its own traffic', () => {
    const truth = new Truth(1_000)
    const often = believer('a', { capacityFiles: 1_000, files: 3_000, adapts: true, seed: 3 })
    const seldom = believer('b', { capacityFiles: 1_000, files: 3_000, adapts: true, seed: 5 })
    const right = rightAtTheEnd(60_000, (nth) => (nth % 4 === 0 ? seldom : often).read(truth, nth))
    expect(right).toBeGreaterThan(0.93)
    const together = often.view.capacityFiles + seldom.view.capacityFiles
    expect(together).toBeGreaterThan(1_000 * 0.75)
    expect(together).toBeLessThan(1_000 * 1.3)
    expect(often.view.capacityFiles).toBeGreaterThan(seldom.view.capacityFiles)
  })

  test('follows a cache that others fill at one time and leave alone at another', () => {
    const truth = new Truth(1_000)
    const own = believer('a', { capacityFiles: 1_000, files: 3_000, adapts: true, seed: 3 })
    const others = believer('b', { capacityFiles: 1_000, files: 3_000, adapts: true, seed: 5 })
    const right = rightAtTheEnd(60_000, (nth) => {
      const isBusy = Math.floor(nth / 2_000) % 2 === 1
      for (let times = 0; isBusy && times < 8; times++) others.read(truth, nth)
      return own.read(truth, nth)
    })
    // A residence that is right in the long run tells 89 % of the reads rightly.
    expect(right).toBeGreaterThan(0.95)
  })

  test('stays put where the capacity is exactly known, whatever is read', () => {
    const traffic = fc.record({
      seed: fc.integer({ min: 1, max: 2 ** 30 }),
      capacityFiles: fc.integer({ min: 16, max: 400 }),
      files: fc.integer({ min: 1, max: 2_000 }),
    })
    fc.assert(
      fc.property(traffic, ({ seed, capacityFiles, files }) => {
        const truth = new Truth(capacityFiles)
        const { view, read } = believer('a', { capacityFiles, files, adapts: true, seed })
        expect(rightAtTheEnd(4_000, (nth) => read(truth, nth))).toBe(1)
        expect(view.capacityFiles).toBe(capacityFiles)
      }),
      { numRuns: 60 },
    )
  })

  test('lets an entry go when its life is over, and takes no read for a fill of which nobody knows what it found', () => {
    const view = new CacheView(100, 0, { readMs: 1_000, horizonMs: 100 })
    const [read, warmed, unseen, clock] = [view.allocate(), view.allocate(), view.allocate(), view.allocate()]
    view.read(read, 0, false)
    view.readBlindly(unseen, 0)
    view.warm(warmed)
    expect([view.age(read), view.age(warmed)].every(Number.isFinite)).toBe(true)
    expect(view.age(unseen)).toBe(Number.POSITIVE_INFINITY)
    view.read(clock, 101, false)
    expect([view.age(read), view.age(warmed)].every((age) => age < 1)).toBe(true)
    view.read(clock, 1_001, true)
    expect([view.age(read), view.age(warmed)]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])
  })

  test('gives what is warmed long after the latest read a whole life', () => {
    const view = new CacheView(100, 0, { readMs: 100, horizonMs: 10 })
    const [read, warmed] = [view.allocate(), view.allocate()]
    view.read(read, 0, false)
    view.pass(50_000)
    view.warm(warmed)
    expect(view.wastedAtMs).toBe(50_010)
    view.read(read, 50_090, true)
    expect(view.age(warmed)).toBeLessThan(1)
    view.pass(50_101)
    expect(view.age(warmed)).toBe(Number.POSITIVE_INFINITY)
  })

  test('is not moved by what reads find when it does not adapt', () => {
    const truth = new Truth(100)
    const { view, read } = believer('a', { capacityFiles: 5_000, files: 3_000, adapts: false, seed: 9 })
    for (let nth = 0; nth < 20_000; nth++) read(truth, nth)
    expect(view.capacityFiles).toBe(5_000)
  })
})
