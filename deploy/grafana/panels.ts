/** What a dashboard consists of: panels, and queries in the language of Prometheus. */

export type Query = { readonly expr: string; readonly legend: string }

type Unit = 's' | 'bytes' | 'Bps' | 'ops' | 'percentunit' | 'short'

export type Panel = {
  readonly title: string
  /** What it means, for whoever has never seen it. */
  readonly description: string
  readonly unit: Unit
  readonly queries: readonly Query[]
}

export type Dashboard = {
  /** Part of its address and of its file's name. */
  readonly name: string
  readonly title: string
  /** Whether a workspace can be chosen. */
  readonly byWorkspace: boolean
  readonly panels: readonly Panel[]
}

/** Of the workspace that is chosen. */
export const OF = 'workspace=~"$workspace"'

/** The labels of a query's groups as Grafana fills them in. */
const legendOf = (by: string): string =>
  by
    .split(', ')
    .map((label) => `{{${label}}}`)
    .join(' ')

/** What a counter gains a second. */
export const rate = (metric: string, by: string, where = ''): Query => ({
  expr: `sum by (${by}) (rate(${metric}{${where}}[$__rate_interval]))`,
  legend: legendOf(by),
})

/** What a counter has gained over the interval of the picture. */
export const increase = (metric: string, by: string): Query => ({
  expr: `sum by (${by}) (increase(${metric}[$__rate_interval]))`,
  legend: legendOf(by),
})

/** Median and the two tails of a histogram. */
export const quantiles = (metric: string, by: readonly string[] = [], where = ''): readonly Query[] =>
  [0.5, 0.9, 0.99].map((share) => ({
    expr: `histogram_quantile(${share}, sum by (${['le', ...by].join(', ')}) (rate(${metric}_bucket{${where}}[$__rate_interval])))`,
    legend: [`p${share * 100}`, ...by.map((label) => `{{${label}}}`)].join(' '),
  }))

/** An estimate with its 95 % interval. */
export const bounds = (metric: string, where = ''): readonly Query[] =>
  ['estimate', 'low', 'high'].map((bound) => ({
    expr: `max by (workspace) (${metric}{${OF}, bound="${bound}"${where}})`,
    legend: `{{workspace}} ${bound}`,
  }))

const settled = (verdict: string, by: string): string =>
  `sum by (${by}) (rate(forewarm_settlements_total{${OF}, disposition="warmed", verdict="${verdict}"}[$__rate_interval]))`

/** Hits / (hits + wasted); a group without one of the two counts as if it had none of that. */
export const accuracyBy = (by: string): Query => {
  const [hit, wasted] = [settled('hit', by), settled('wasted', by)]
  return { expr: `${hit} / (${hit} + (${wasted} or ${hit} * 0))`, legend: `{{${by}}}` }
}

/** A panel; `of` is its description. */
export const panel = (
  unit: Unit,
  title: string,
  text: { readonly of: string; readonly queries: readonly Query[] },
): Panel => ({
  ...{ title, unit, description: text.of, queries: text.queries },
})
