import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { documentedSections, documentedSettings, settingsReference } from '../../src/config/print.ts'

test('docs/configuration.md is what the schema says (mend: npm run docs)', () => {
  expect(readFileSync('docs/configuration.md', 'utf8')).toBe(settingsReference())
})

test('every setting and every section is described by a sentence', () => {
  const bare = [...documentedSettings(), ...documentedSections()]
    .filter(({ description }) => !/^[A-Z].*[.)]$/s.test(description))
    .map(({ path }) => path)
  expect(bare).toEqual([])
})

test('no two settings share a variable', () => {
  const variables = documentedSettings().flatMap(({ variable }) => variable ?? [])
  expect(new Set(variables).size).toBe(variables.length)
})
