import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DASHBOARDS } from '../../deploy/grafana/dashboards.ts'
import { dashboardJson, dashboardsFolder } from '../../deploy/grafana/generate.ts'
import { METRICS } from '../../src/ports/telemetry.ts'

/** Names under which Prometheus has the metrics, with the kind of each. */
const exported = new Map(
  Object.entries(METRICS).map(([name, { kind }]) => {
    const plain = name.replaceAll('.', '_')
    return [kind === 'histogram' ? `${plain}_bucket` : kind === 'counter' ? `${plain}_total` : plain, kind]
  }),
)
const panels = DASHBOARDS.flatMap((dashboard) => dashboard.panels.map((panel) => ({ dashboard, panel })))
const queries = panels.flatMap(({ panel }) => panel.queries)
const metricsOf = (expr: string): readonly string[] =>
  expr.replaceAll(/ by \([^)]*\)/g, '').match(/\b(?:forewarm|messaging|db)_\w+/g) ?? []

test('the files of the dashboards are what the script makes (mend: npm run docs)', () => {
  const files = readdirSync(dashboardsFolder).filter((file) => file.endsWith('.json'))
  expect(files.sort()).toEqual(DASHBOARDS.map(({ name }) => `${name}.json`).sort())
  for (const dashboard of DASHBOARDS) {
    const written = readFileSync(join(dashboardsFolder, `${dashboard.name}.json`), 'utf8')
    expect(written).toBe(dashboardJson(dashboard))
  }
})

test('every query asks for metrics that exist, counters and histograms by their rate, gauges as they are', () => {
  for (const { expr } of queries) {
    const asked = metricsOf(expr)
    expect(asked.length, expr).toBeGreaterThan(0)
    for (const metric of asked) {
      expect(exported.has(metric), `${metric} in ${expr}`).toBe(true)
      const isRated = new RegExp(`(rate|increase)\\(${metric}[{[]`).test(expr)
      expect(isRated, expr).toBe(exported.get(metric) !== 'gauge')
    }
  }
})

test('every metric is shown somewhere, apart from two that others say better', () => {
  const shown = new Set(queries.flatMap(({ expr }) => metricsOf(expr)))
  const notShown = [...exported.keys()].filter((name) => !shown.has(name))
  expect(notShown.filter((name) => name.startsWith('forewarm_'))).toEqual([
    'forewarm_predict_commands_total',
    'forewarm_runs_started_total',
  ])
})

test('only dashboards that let one choose a workspace ask for the chosen one', () => {
  for (const { dashboard, panel } of panels) {
    const asks = panel.queries.some(({ expr }) => expr.includes('$workspace'))
    if (asks) expect(dashboard.byWorkspace, panel.title).toBe(true)
  }
})
