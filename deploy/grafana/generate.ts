/** Writes the dashboards as Grafana reads them, into the chart, which carries them as ConfigMaps. `npm run docs` runs it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DASHBOARDS } from './dashboards.ts'
import type { Dashboard, Panel } from './panels.ts'

export const dashboardsFolder = join(import.meta.dirname, '../helm/forewarm/dashboards')

const SCHEMA_VERSION = 39
const COLUMNS = 2
const [WIDTH, HEIGHT] = [24 / COLUMNS, 8]
// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana
const datasource = { type: 'prometheus', uid: '${datasource}' }

/** The whole text of a dashboard's file. */
export function dashboardJson({ name, title, byWorkspace, panels }: Dashboard): string {
  const dashboard = {
    uid: `forewarm-${name}`,
    title,
    tags: ['forewarm'],
    schemaVersion: SCHEMA_VERSION,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    links: [{ type: 'dashboards', title: 'forewarm', tags: ['forewarm'], asDropdown: true, keepTime: true }],
    templating: { list: [datasourceVariable, ...(byWorkspace ? [workspaceVariable] : [])] },
    panels: panels.map(panelJson),
  }
  return `${JSON.stringify(dashboard, null, 2)}\n`
}

const datasourceVariable = { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' }

const workspaceVariable = {
  ...{ name: 'workspace', label: 'Workspace', type: 'query', datasource, refresh: 2, sort: 1 },
  query: { query: 'label_values(forewarm_access_outcomes_total, workspace)', refId: 'workspace' },
  ...{ includeAll: true, multi: true, current: { text: 'All', value: '$__all' } },
}

function panelJson({ title, description, unit, queries }: Panel, index: number) {
  const refId = (at: number): string => String.fromCharCode('A'.charCodeAt(0) + at)
  return {
    ...{ id: index + 1, type: 'timeseries', title, description, datasource },
    gridPos: { x: (index % COLUMNS) * WIDTH, y: Math.floor(index / COLUMNS) * HEIGHT, w: WIDTH, h: HEIGHT },
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        ...(unit === 'percentunit' ? { max: 1 } : {}),
        custom: { lineWidth: 1, fillOpacity: 8, showPoints: 'never' },
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    targets: queries.map(({ expr, legend }, at) => ({ refId: refId(at), datasource, expr, legendFormat: legend })),
  }
}

if (import.meta.main) {
  for (const dashboard of DASHBOARDS) {
    writeFileSync(join(dashboardsFolder, `${dashboard.name}.json`), dashboardJson(dashboard))
  }
}
