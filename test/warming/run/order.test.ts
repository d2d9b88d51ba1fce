import fc from 'fast-check'
import { expect, test } from 'vitest'
import { orderPlan, type PlannedPath } from '../../../src/warming/run/order.ts'

const planned = (path: string): PlannedPath => ({
  ...{ path, reason: 'glob', depth: 0, probability: 1 },
  ...{ expectedAtMs: 0, horizonAtMs: 0 },
})
const isSource = (path: string) => path.endsWith('.ts')
const hasValue = (path: string, layer: string) => layer === 'content' || isSource(path)

test('a file is planned in the layers that it has a value in, and the bound on files counts files', () => {
  const paths = ['README.md', 'a.ts', 'logo.png', 'b.ts'].map(planned)
  const plan = orderPlan(paths, { layers: ['content', 'ast'], filesMax: 3, entriesMax: 100, hasValue })
  expect(plan.entries.map(({ path, layer }) => `${path} ${layer}`)).toEqual([
    ...['README.md content', 'a.ts content', 'a.ts ast', 'logo.png content'],
    ...['b.ts content', 'b.ts ast'],
  ])
  expect(plan.filesWithin).toBe(4)
})

test('every entry has a value, every value has its entry, and what is within the bound is of the first files', () => {
  const path = fc.constantFrom('a.ts', 'b.ts', 'c.md', 'd', 'e.ts', 'f.png')
  const options = { layers: ['content', 'ast', 'incremental'], entriesMax: 100, hasValue }
  fc.assert(
    fc.property(fc.array(path), fc.nat(8), (paths, filesMax) => {
      const { entries, filesWithin } = orderPlan(paths.map(planned), { ...options, filesMax })
      const files = [...new Set(paths)]
      expect(entries).toHaveLength(files.reduce((sum, file) => sum + (isSource(file) ? 3 : 1), 0))
      const within = new Set(entries.slice(0, filesWithin).map((entry) => entry.path))
      expect([...within]).toEqual(filesMax === 0 ? files : files.slice(0, filesMax))
      expect(entries.slice(filesWithin).filter((entry) => within.has(entry.path))).toEqual([])
    }),
  )
})
