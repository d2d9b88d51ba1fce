import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/security.md'), 'utf8').replaceAll(/\s+/g, ' ')

/** A test file, then the names of tests in it. */
const named = [...page.matchAll(/`(test\/[\w/.-]+\.test\.ts)` ((?:(?:, | and )?"[^"]+")+)/g)].flatMap(
  ([, file = '', names = '']) => [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => [file, name] as const),
)

test('every item of the OWASP API Security Top 10 is mapped to a test', () => {
  const rows = page.match(/\| API\d+ [^|]+\|[^|]+\|[^|]+\|/g) ?? []
  expect(rows.map((row) => Number(/API(\d+)/.exec(row)?.[1]))).toEqual(Array.from({ length: 10 }, (_, nth) => nth + 1))
  expect(rows.filter((row) => !/`test\/[^`]+` "/.test(row))).toEqual([])
})

test.each(named)('%s has the test "%s"', (file, name) => {
  const source = readFileSync(join(root, file), 'utf8').replaceAll("\\'", "'")
  expect(source).toContain(name)
})

test('every test file that is named says which of its tests', () => {
  const files = new Set(page.match(/test\/[\w/.-]+\.test\.ts/g))
  files.delete('test/docs/security.test.ts')
  expect([...files].toSorted()).toEqual([...new Set(named.map(([file]) => file))].toSorted())
})
