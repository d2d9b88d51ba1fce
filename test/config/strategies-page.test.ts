import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { builtInFields, PRESETS } from '../../src/warming/strategy/presets.ts'
import { AGGRESSIVENESS } from '../../src/warming/strategy/run-spec.ts'
import { SELECTOR_COUNTS, selectorText } from '../../src/warming/strategy/selector.ts'
import { completeStrategy, DERIVED } from '../../src/warming/strategy/strategy.ts'

/** Rows of all tables of docs/strategies.md, by their first cell. */
const rows = new Map(
  readFileSync('docs/strategies.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => {
      const [, name = '', ...cells] = line.split('|').map((cell) => cell.trim().replaceAll('`', ''))
      return [name, cells] as const
    }),
)

test('docs/strategies.md has the value of every field at each setting of the knob', () => {
  for (const field of ['priorityFiles', ...Object.keys(DERIVED.medium)] as (keyof typeof DERIVED.medium)[]) {
    const values = AGGRESSIVENESS.map((knob) => {
      const value = DERIVED[knob][field]
      if (!Array.isArray(value)) return String(value)
      return value.map((one) => (typeof one === 'string' ? one : selectorText(one))).join(', ')
    })
    expect({ field, values: rows.get(field)?.slice(1, 4) }).toEqual({ field, values })
  }
})

test('docs/strategies.md has the presets and the counts of selectors', () => {
  for (const preset of PRESETS) {
    const { dependencyDepth, batchSize, memoryPressureThreshold } = completeStrategy(preset, [
      builtInFields(preset, 64),
    ])
    const [depth, , batch, threshold] = rows.get(preset) ?? []
    expect([preset, depth, batch, threshold]).toEqual([
      preset,
      String(dependencyDepth),
      String(batchSize),
      String(memoryPressureThreshold),
    ])
  }
  for (const kind of ['mostAccessed', 'peakHour', 'withinHour', 'profile'] as const) {
    const [, cells] = [...rows].find(([name]) => name.startsWith(`${kind}:`)) ?? []
    expect([kind, cells?.[1]]).toEqual([kind, String(SELECTOR_COUNTS[kind])])
  }
})
