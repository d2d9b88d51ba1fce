import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Burst } from '../../../src/model/prediction/burst.ts'
import { Candidates, SOURCE } from '../../../src/model/prediction/candidates.ts'
import { CoAccess } from '../../../src/model/prediction/co-access.ts'
import { FileTable } from '../../../src/model/prediction/file-table.ts'
import { Siblings } from '../../../src/model/prediction/siblings.ts'

function table(...paths: string[]): FileTable {
  const files = new FileTable()
  for (const path of paths) files.intern(path)
  return files
}

describe('a burst', () => {
  test('ends with a pause of more than a second, and takes its company along', () => {
    const files = table('a', 'b', 'c')
    const burst = new Burst()
    expect(burst.read(0, 10_000, files)).toBe(true)
    expect(burst.read(1, 10_025, files)).toBe(false)
    burst.company.set(2, { none: 0.5, voices: 1 })
    expect([burst.reads, burst.gapMs]).toEqual([2, 25])
    expect(burst.read(2, 11_026, files)).toBe(true)
    expect([burst.reads, burst.company.size]).toEqual([1, 0])
  })

  test('tells readers that go in order of paths from others', () => {
    const files = table('a', 'b', 'c')
    const [up, down] = [new Burst(), new Burst()]
    for (let nth = 0; nth < 30; nth++) {
      up.read(nth % 2, nth * 2000, files)
      up.read((nth % 2) + 1, nth * 2000 + 5, files)
      down.read(2, nth * 2000, files)
      down.read(nth % 2, nth * 2000 + 5, files)
    }
    expect(up.ascending).toBeGreaterThan(0.9)
    expect(down.ascending).toBeLessThan(0.1)
  })

  test('gathers what its files bring along, each as a cause of its own', () => {
    const files = table('one', 'two', 'third')
    const coAccess = new CoAccess()
    for (let round = 0; round < 20; round++) {
      coAccess.observe([0])
      coAccess.observe([1, 0])
      coAccess.observe([2, 1, 0])
    }
    const burst = new Burst()
    burst.read(0, 0, files)
    coAccess.gather(0, burst)
    const alone = 1 - (burst.company.get(2)?.none ?? 1)
    coAccess.gather(1, burst)
    const together = burst.company.get(2)
    expect(together?.voices).toBe(2)
    expect(1 - (together?.none ?? 1)).toBeGreaterThan(alone)
  })

  test('never says more than certainty of a file, whatever comes along', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 200 }), (reads) => {
        const files = table(...Array.from({ length: 10 }, (_, nth) => `f${nth}`))
        const coAccess = new CoAccess()
        const burst = new Burst()
        const recent: number[] = []
        for (const file of reads) {
          recent.unshift(file)
          coAccess.observe([...new Set(recent)].slice(0, 13))
          burst.read(file, 0, files)
          coAccess.gather(file, burst)
        }
        for (const { none, voices } of burst.company.values()) {
          expect(none).toBeGreaterThanOrEqual(0)
          expect(none).toBeLessThanOrEqual(1)
          expect(voices).toBeLessThanOrEqual(reads.length)
        }
      }),
    )
  })
})

test('siblings are the twelve files of a directory that were read last, newest first', () => {
  const files = table(...Array.from({ length: 14 }, (_, nth) => `dir/f${nth}`), 'other/g')
  const siblings = new Siblings()
  for (let file = 0; file < 15; file++) siblings.observe(file, files)
  siblings.observe(5, files)
  const directory = files.directory(0)
  expect([5, 13, 2, 1].map((file) => siblings.rank(file, directory))).toEqual([0, 1, 11, -1])
  const candidates = new Candidates(64)
  siblings.name(5, files, candidates)
  expect(candidates.size).toBe(11)
  expect([...candidates.files.subarray(0, 11)]).not.toContain(5)
  expect(candidates.sources[0]).toBe(SOURCE.sibling)
})
