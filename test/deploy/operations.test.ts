import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { documentedSettings } from '../../src/config/print.ts'
import { METRICS } from '../../src/ports/telemetry.ts'

const page = readFileSync('docs/operations.md', 'utf8')

test('docs/operations.md lists all metrics as they are', () => {
  const table = page.split('<!-- metrics -->')[1]?.split('<!-- /metrics -->')[0] ?? ''
  const cells = table
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    )
  const wanted = Object.entries(METRICS).map(([name, { kind, unit, description }]) => [
    `\`${name}\``,
    kind,
    `\`${unit}\``,
    description,
  ])
  expect(cells).toEqual(wanted)
})

test('docs/operations.md names only settings and metrics that exist', () => {
  const settings = documentedSettings().map(({ path }) => path)
  const sections = new Set(settings.map((path) => path.split('.')[0]))
  const known = new Set<string>([
    ...settings,
    ...settings.flatMap((path) => path.split('.').map((_, depth, keys) => keys.slice(0, depth).join('.'))),
    ...Object.keys(METRICS),
  ])
  const named = [...page.matchAll(/`([a-z][A-Za-z]*(?:[._][A-Za-z_]+)+)`/g)].map(([, name = '']) => name)
  const stray = named.filter((name) => {
    const [section = ''] = name.split('.')
    return (section === 'forewarm' || sections.has(section)) && !known.has(name)
  })
  expect(named.length).toBeGreaterThan(20)
  expect(stray).toEqual([])
})
