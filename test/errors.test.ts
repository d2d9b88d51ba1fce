import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ERROR_MENDS } from '../src/ports/error-mends.ts'
import { ERROR_CODES, type ErrorCode } from '../src/ports/errors.ts'

const sections = new Map(
  readFileSync('docs/errors.md', 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.split('\n', 1)[0], section]),
)

test('docs/errors.md has one section for each code, in their order', () => {
  expect([...sections.keys()]).toEqual(Object.keys(ERROR_CODES))
})

test.each(Object.entries(ERROR_CODES))(
  '%s is documented with its meaning, more than that, and its mend',
  (code, meaning) => {
    const section = sections.get(code) ?? ''
    expect(section.toLowerCase()).toContain(meaning.toLowerCase())
    expect(section).toContain(`Mend: ${ERROR_MENDS[code as ErrorCode]}`)
    expect(section.length).toBeGreaterThan(meaning.length + ERROR_MENDS[code as ErrorCode].length + 80)
  },
)
