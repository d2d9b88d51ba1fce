import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { slopeOf } from './slope.ts'

const root = resolve(import.meta.dirname, '../..')
const run = promisify(execFile)

it('finds what each cycle adds, however many cycles are disturbed, as long as they are fewer than a quarter', () => {
  const values = fc.tuple(
    fc.integer({ min: -50, max: 50 }),
    fc.array(fc.integer({ min: 0, max: 29 }), { maxLength: 6 }),
  )
  fc.assert(
    fc.property(values, ([slope, disturbed]) => {
      const series = Array.from({ length: 30 }, (_, at) => 1_000 + slope * at - (disturbed.includes(at) ? 9_000 : 0))
      expect(slopeOf(series)).toBe(slope)
    }),
  )
})

it('fails on a program that keeps something in each cycle', async () => {
  const args = ['--expose-gc', join(root, 'test/leaks/main.ts'), '--cycles', '14', '--files', '20', '--leak-kib', '300']
  const ended = await run(process.execPath, args).then(
    () => 0,
    (error: { readonly code?: number }) => error.code,
  )
  expect(ended).toBe(1)
})
