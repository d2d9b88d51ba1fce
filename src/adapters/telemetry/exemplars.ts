import { isSpanContextValid, type SpanContext, TraceFlags, trace } from '@opentelemetry/api'
import type { MetricName } from '../../ports/telemetry.ts'
import { bucketsOf } from './buckets.ts'

/** A measurement, and the span in which it was made. */
export type Exemplar = {
  readonly traceId: string
  readonly spanId: string
  readonly value: number
  /** Seconds since the Unix epoch. */
  readonly timeSeconds: number
}

/** Histograms from which one wants to come to a trace. They have no attributes: one set of buckets each. */
const REMEMBERED: ReadonlySet<MetricName> = new Set([
  'forewarm.event_to_warm.duration',
  'forewarm.warm.duration',
  'forewarm.predict.duration',
])

/** The latest measurement of each bucket of some histograms: OpenTelemetry's SDK keeps none. */
export class Exemplars {
  readonly #byMetric = new Map<string, Map<number, Exemplar>>()

  /** Remembers a measurement that is made inside a span whose trace is kept. */
  note(metric: MetricName, value: number, nowMs: number): void {
    if (!REMEMBERED.has(metric)) return
    const span = trace.getActiveSpan()?.spanContext()
    if (span === undefined || !isKept(span)) return
    const { traceId, spanId } = span
    const buckets = this.#byMetric.get(metric) ?? new Map<number, Exemplar>()
    buckets.set(bucketAt(metric, value), { traceId, spanId, value, timeSeconds: nowMs / 1_000 })
    this.#byMetric.set(metric, buckets)
  }

  /** The exemplar of a bucket, by its place among the buckets of the metric. */
  of(metric: string, bucket: number): Exemplar | null {
    return this.#byMetric.get(metric)?.get(bucket) ?? null
  }
}

const isKept = (span: SpanContext): boolean => isSpanContextValid(span) && (span.traceFlags & TraceFlags.SAMPLED) !== 0

/** Place of the first bound that is not below the value; after the last one for what exceeds all. */
function bucketAt(metric: MetricName, value: number): number {
  const bounds = bucketsOf(metric)
  const at = bounds.findIndex((bound) => value <= bound)
  return at < 0 ? bounds.length : at
}
