import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Precedents, type Step } from '../../../src/model/prediction/precedents.ts'
import { RowFormatError } from '../../../src/model/rows/row-reader.ts'

const MYPY = 11
const PYTEST = -12
const [DRF, CELERY, DJANGO] = [21, -22, 23]

/** A session of `workspace` that reads these files in order. */
function reads(precedents: Precedents, by: { analyzer: number; workspace: number }, paths: readonly string[]): void {
  for (const [at, next] of paths.entries()) {
    const before = paths[at - 1]
    if (before !== undefined) precedents.learn(before, { ...by, next })
  }
}

function ahead(precedents: Precedents, path: string, by: { analyzer: number; workspace: number; beyond?: number }) {
  const found: string[] = []
  precedents.follow(path, { beyond: 0, ...by }, (next, distance) => found.push(`${distance} ${next}`))
  return found
}

describe('precedents', () => {
  test('tell a workspace what the same analyzer read next in another', () => {
    const precedents = new Precedents()
    reads(precedents, { analyzer: MYPY, workspace: DRF }, ['lib/re.py', 'lib/enum.py', 'lib/types.py', 'drf/app.py'])
    const told = ahead(precedents, 'lib/re.py', { analyzer: MYPY, workspace: CELERY })
    expect(told).toEqual(['1 lib/enum.py', '2 lib/types.py', '3 drf/app.py'])
  })

  test('tell nothing of a workspace to itself, nor of one analyzer to another', () => {
    const precedents = new Precedents()
    reads(precedents, { analyzer: MYPY, workspace: DRF }, ['a', 'b'])
    expect(ahead(precedents, 'a', { analyzer: MYPY, workspace: DRF })).toEqual([])
    expect(ahead(precedents, 'a', { analyzer: PYTEST, workspace: CELERY })).toEqual([])
  })

  test('follow one workspace at a time, the one that was learned from last first', () => {
    const precedents = new Precedents()
    reads(precedents, { analyzer: MYPY, workspace: DRF }, ['a', 'b', 'c'])
    reads(precedents, { analyzer: MYPY, workspace: CELERY }, ['a', 'x', 'c', 'd'])
    const told = ahead(precedents, 'a', { analyzer: MYPY, workspace: DJANGO })
    expect(told).toEqual(['1 x', '2 c', '3 d', '1 b', '2 c'])
  })

  test('pass over what comes too soon for a warm', () => {
    const precedents = new Precedents()
    reads(precedents, { analyzer: MYPY, workspace: DRF }, ['a', 'b', 'c', 'd'])
    expect(ahead(precedents, 'a', { analyzer: MYPY, workspace: CELERY, beyond: 2 })).toEqual(['3 d'])
  })

  test('end at a circle, and keep the words of two workspaces and no more', () => {
    const precedents = new Precedents()
    reads(precedents, { analyzer: MYPY, workspace: DRF }, ['a', 'b', 'a'])
    expect(ahead(precedents, 'a', { analyzer: MYPY, workspace: CELERY })).toHaveLength(12)
    for (const workspace of [1, 2, 3]) reads(precedents, { analyzer: MYPY, workspace }, ['p', `of-${workspace}`])
    expect(ahead(precedents, 'p', { analyzer: MYPY, workspace: 9 })).toEqual(['1 of-3', '1 of-2'])
  })

  test('are the same once they were told, whatever was learned; what was told is not told again', () => {
    const path = fc.constantFrom('a', 'b', 'c', 'ünï/côdé', '__proto__')
    const by = { analyzer: fc.constantFrom(MYPY, PYTEST), workspace: fc.constantFrom(DRF, CELERY, DJANGO) }
    const step: fc.Arbitrary<Step & { path: string }> = fc.record({ ...by, path, next: path })
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const [first, second, third] = [new Precedents(), new Precedents(), new Precedents()]
        for (const { path: from, ...rest } of steps) first.learn(from, rest)
        const changes = first.changes()
        if (changes !== null) {
          second.takeIn(changes)
          first.told(changes)
        }
        const whole = first.all()
        if (whole !== null) third.takeIn(whole)
        expect(first.changes()).toBeNull()
        for (const from of ['a', 'b', 'c', 'ünï/côdé', '__proto__']) {
          for (const analyzer of [MYPY, PYTEST]) {
            const told = [first, second, third].map((one) => ahead(one, from, { analyzer, workspace: 99 }).sort())
            expect(told[1]).toEqual(told[0])
            expect(told[2]).toEqual(told[0])
          }
        }
      }),
    )
  })

  test('tell later what was learned of a file while the rest of it was on its way', () => {
    const [first, second] = [new Precedents(), new Precedents()]
    first.learn('a', { analyzer: MYPY, workspace: DRF, next: 'b' })
    const changes = first.changes() ?? new Uint8Array()
    first.learn('a', { analyzer: MYPY, workspace: CELERY, next: 'c' })
    first.told(changes)
    second.takeIn(changes)
    second.takeIn(first.changes() ?? new Uint8Array())
    expect(ahead(second, 'a', { analyzer: MYPY, workspace: DJANGO })).toEqual(['1 c', '1 b'])
  })

  test('forget the oldest files, told or not', () => {
    const precedents = new Precedents()
    for (let at = 0; at < 40_000; at += 1) precedents.learn(`f${at}`, { analyzer: MYPY, workspace: DRF, next: 'x' })
    const by = { analyzer: MYPY, workspace: CELERY }
    expect([ahead(precedents, 'f0', by), ahead(precedents, 'f39999', by)]).toEqual([[], ['1 x']])
    const other = new Precedents()
    other.takeIn(precedents.changes() ?? new Uint8Array())
    expect([ahead(other, 'f0', by), ahead(other, 'f8000', by)]).toEqual([[], ['1 x']])
  })

  test('refuse damaged bytes whole', () => {
    const [first, second] = [new Precedents(), new Precedents()]
    reads(first, { analyzer: MYPY, workspace: DRF }, ['a', 'b', 'c'])
    const bytes = first.changes() ?? new Uint8Array()
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => second.takeIn(bytes.subarray(0, length))).toThrow(RowFormatError)
    }
    expect(second.all()).toBeNull()
  })
})
