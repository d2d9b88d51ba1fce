import fc from 'fast-check'
import { expect, test } from 'vitest'
import { recurringSequences } from '../../../src/model/patterns/recurring.ts'

const sessionsOf = (all: readonly (readonly string[])[]) =>
  all.map((paths, at) => ({ session: `s${at}`, paths: [...paths] }))

test('what sessions share is told once, as long as it is, with how many share it', () => {
  const sessions = sessionsOf([
    ['x1', 'a', 'b', 'c', 'd', 'x2'],
    ['y1', 'a', 'b', 'c', 'd', 'y2', 'y3'],
    ['a', 'b', 'c', 'd'],
    ['z1', 'z2', 'z3', 'z4'],
  ])
  expect(recurringSequences(sessions, 10)).toEqual([{ paths: ['a', 'b', 'c', 'd'], sessions: 3 }])
})

test('what many share ends where only few of them go on', () => {
  const shared = ['a', 'b', 'c', 'd']
  const long = [...shared, 'e', 'f', 'g', 'h']
  const sessions = sessionsOf([long, long, ...Array.from({ length: 6 }, (_, at) => [...shared, `own${at}`])])
  const found = recurringSequences(sessions, 10)
  expect(found[0]).toEqual({ paths: shared, sessions: 8 })
  expect(found).toContainEqual({ paths: ['c', 'd', 'e', 'f', 'g', 'h'], sessions: 2 })
})

const path = fc.constantFrom('a', 'b', 'c', 'd', 'e', '__proto__')

test('every sequence that is told has each of its steps in as many sessions as it says', () => {
  let told = 0
  fc.assert(
    fc.property(
      fc.array(fc.array(path, { minLength: 10, maxLength: 40, size: 'max' }), {
        minLength: 2,
        maxLength: 35,
        size: 'max',
      }),
      (sessions) => {
        const compared = sessions
          .slice(0, 30)
          .map((paths) => paths.filter((one, at) => one !== paths[at - 1]).join('/'))
        const found = recurringSequences(sessionsOf(sessions), 50)
        for (const { paths, sessions: count } of found) {
          const steps = paths.slice(2).map((_, at) => paths.slice(at, at + 3).join('/'))
          const having = compared.filter((text) => steps.every((step) => `/${text}/`.includes(`/${step}/`)))
          expect(count).toBe(having.length)
          expect(count).toBeGreaterThanOrEqual(2)
        }
        told += found.length
      },
    ),
  )
  expect(told).toBeGreaterThan(100)
})
