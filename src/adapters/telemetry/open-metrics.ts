/**
 * Metrics as OpenMetrics 1.0 text, which can carry exemplars. OpenTelemetry's own exporter writes the older text format
 * alone; series have the same names and labels in both.
 */
import type { Attributes } from '@opentelemetry/api'
import {
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics'
import type { Exemplar } from './exemplars.ts'

export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/** What a bucket of a metric, by its place, has to show of what was measured; null for nothing. */
export type ExemplarOf = (metric: string, bucket: number) => Exemplar | null

type Labels = Readonly<Record<string, Attributes[string]>>

/** Metrics in the text format of OpenMetrics 1.0, with an exemplar where there is one. */
export function openMetricsText({ resource, scopeMetrics }: ResourceMetrics, exemplarOf: ExemplarOf): string {
  const target = ['# TYPE target info', '# HELP target Target metadata', sample('target_info', resource.attributes, 1)]
  const families = scopeMetrics.flatMap(({ scope, metrics }) => {
    const labels = { 'otel.scope.name': scope.name, ...(scope.version && { 'otel.scope.version': scope.version }) }
    return metrics.flatMap((metric) => familyOf(metric, labels, exemplarOf))
  })
  return `${[...target, ...families, '# EOF'].join('\n')}\n`
}

function familyOf(metric: MetricData, scope: Labels, exemplarOf: ExemplarOf): readonly string[] {
  const { name: told, description } = metric.descriptor
  const name = told.replaceAll(/\W/g, '_')
  const family = (type: string, samples: readonly string[]) => [
    `# TYPE ${name} ${type}`,
    `# HELP ${name} ${escaped(description)}`,
    ...samples,
  ]
  switch (metric.dataPointType) {
    case DataPointType.SUM: {
      const [type, end] = metric.isMonotonic ? ['counter', '_total'] : ['gauge', '']
      const samples = metric.dataPoints.map(({ attributes, value }) =>
        sample(`${name}${end}`, { ...attributes, ...scope }, value),
      )
      return family(type, samples)
    }
    case DataPointType.GAUGE:
      return family(
        'gauge',
        metric.dataPoints.map(({ attributes, value }) => sample(name, { ...attributes, ...scope }, value)),
      )
    case DataPointType.HISTOGRAM: {
      const exemplarAt = (bucket: number): Exemplar | null => exemplarOf(told, bucket)
      return family(
        'histogram',
        metric.dataPoints.flatMap((point) => histogramSamples(name, point, { scope, exemplarAt })),
      )
    }
    case DataPointType.EXPONENTIAL_HISTOGRAM:
      // No instrument of the project is one, and the text has no place for its buckets.
      return []
  }
}

type Around = { readonly scope: Labels; readonly exemplarAt: (bucket: number) => Exemplar | null }

function histogramSamples(name: string, point: DataPoint<Histogram>, { scope, exemplarAt }: Around): string[] {
  const { attributes, value } = point
  const labels = { ...attributes, ...scope }
  let below = 0
  const buckets = value.buckets.counts.map((count, at) => {
    below += count
    const bound = value.buckets.boundaries[at]
    const le = bound === undefined ? '+Inf' : numeral(bound)
    return sample(`${name}_bucket`, { ...labels, le }, below) + exemplarText(exemplarAt(at))
  })
  const sum = value.sum === undefined ? [] : [sample(`${name}_sum`, labels, value.sum)]
  return [...buckets, sample(`${name}_count`, labels, value.count), ...sum]
}

const exemplarText = (exemplar: Exemplar | null): string =>
  exemplar === null
    ? ''
    : ` # {trace_id="${exemplar.traceId}",span_id="${exemplar.spanId}"} ${exemplar.value} ${exemplar.timeSeconds}`

function sample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([key, told]) => {
    const text = typeof told === 'string' ? told : JSON.stringify(told ?? '')
    return `${key.replaceAll(/\W/g, '_')}="${escaped(text)}"`
  })
  return `${name}{${pairs.join()}} ${value}`
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')

/** Bounds are labels, which are compared as text: OpenMetrics wants whole ones with a point. */
const numeral = (bound: number): string => (Number.isInteger(bound) ? `${bound}.0` : `${bound}`)
