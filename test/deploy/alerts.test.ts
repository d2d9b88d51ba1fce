import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { METRICS } from '../../src/ports/telemetry.ts'

type Alert = { readonly alert: string; readonly expr: string; readonly annotations: Readonly<Record<string, string>> }

const { groups } = parse(readFileSync('deploy/prometheus/alerts.yaml', 'utf8')) as {
  groups: readonly { readonly rules: readonly Alert[] }[]
}
const alerts = groups.flatMap(({ rules }) => rules)

/** Names under which Prometheus has the metrics. */
const exported = new Set(
  Object.entries(METRICS).flatMap(([name, { kind }]) => {
    const plain = name.replaceAll('.', '_')
    if (kind === 'histogram') return ['_bucket', '_count', '_sum'].map((end) => plain + end)
    return [kind === 'counter' ? `${plain}_total` : plain]
  }),
)

test('alerts ask for metrics that exist', () => {
  const asked = alerts.flatMap(({ expr }) => expr.match(/forewarm_\w+/g) ?? [])
  expect(asked.length).toBeGreaterThanOrEqual(alerts.length)
  expect(asked.filter((name) => !exported.has(name))).toEqual([])
})

test('each alert has its section in docs/operations.md', () => {
  const headings = [...readFileSync('docs/operations.md', 'utf8').matchAll(/^### (\w+)$/gm)].map(
    ([, heading]) => heading,
  )
  for (const { alert, annotations } of alerts) {
    expect(headings).toContain(alert)
    expect(annotations['runbook_url']).toBe(`operations.md#${alert.toLowerCase()}`)
    expect(annotations['summary']).toMatch(/^[A-Z]/)
  }
})
