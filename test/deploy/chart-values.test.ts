import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { alertsCopy, documentedValues, schemaText, withTable } from '../../deploy/helm/generate.ts'
import { documentedSettings } from '../../src/config/print.ts'
import { chartFolder } from '../support/helm/chart.ts'

const read = (file: string): string => readFileSync(join(chartFolder, file), 'utf8')
const yaml = read('values.yaml')

describe('the files of the chart', () => {
  it('values.schema.json is what values.yaml says (mend: npm run docs)', () => {
    expect(read('values.schema.json')).toBe(schemaText(yaml))
  })

  it('README.md has the table of values.yaml (mend: npm run docs)', () => {
    const page = read('README.md')
    expect(page).toBe(withTable(page, yaml))
    expect(page).toContain('| `autoscaling.mode` |')
  })

  it('rules/alerts.yaml is deploy/prometheus/alerts.yaml (mend: npm run docs)', () => {
    expect(read('rules/alerts.yaml')).toBe(alertsCopy())
  })

  it('every value is described by a sentence', () => {
    const bare = documentedValues(yaml).filter(
      ({ description, path }) => description !== '' && !/^[A-Z].*[.:]$/s.test(description) && path.length > 0,
    )
    expect(bare.map(({ path }) => path.join('.'))).toEqual([])
  })

  it('Chart.yaml has the version of the package', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    expect(parse(read('Chart.yaml'))).toMatchObject({ version, appVersion: version })
  })

  it('the settings that values.yaml writes out are the defaults', () => {
    const defaults = new Map(documentedSettings().map(({ path, value }) => [path, value]))
    const { kafka } = (parse(yaml) as { settings: { kafka: object } }).settings
    for (const [key, value] of Object.entries(kafka)) expect([key, value]).toEqual([key, defaults.get(`kafka.${key}`)])
  })

  it('the schema takes nothing that the chart itself sets, and nothing secret', () => {
    const { properties } = JSON.parse(read('values.schema.json')).properties.settings
    const keysOf = (section: { properties: object }): readonly string[] => Object.keys(section.properties)
    expect(keysOf({ properties })).not.toContain('mode')
    expect(keysOf(properties.kafka)).not.toEqual(expect.arrayContaining(['tls']))
    expect(keysOf(properties.kafka)).not.toEqual(expect.arrayContaining(['sasl']))
    expect(keysOf(properties.model.properties.redis).toSorted()).toEqual([
      'cluster',
      'commandTimeoutMs',
      'keyPrefix',
      'urls',
    ])
    expect(keysOf(properties.registry)).toEqual(['url'])
    expect(JSON.stringify(properties)).not.toMatch(/"password"/)
  })
})
