import type { Meter } from '@opentelemetry/api'
import { type Attributes, METRICS, type MetricName } from '../../ports/telemetry.ts'

/** Buckets that the messaging conventions advise for durations, in seconds. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** Histograms whose values lie elsewhere. */
const OTHER_BUCKETS: ReadonlyMap<MetricName, readonly number[]> = new Map([
  // As the database conventions advise.
  ['db.client.operation.duration', [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]],
  // From milliseconds on one machine to the horizon of a prediction.
  ['forewarm.prediction.margin', [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600]],
  ['forewarm.event_to_warm.duration', [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600]],
])

export type Record = (value: number, attributes: Attributes) => void

/** What records each metric of the project on this meter. */
export const createInstruments = (meter: Meter): ReadonlyMap<MetricName, Record> =>
  new Map(metricNames().map((name) => [name, createInstrument(meter, name)]))

function createInstrument(meter: Meter, name: MetricName): Record {
  const { kind, unit, description } = METRICS[name]
  switch (kind) {
    case 'counter': {
      const counter = meter.createCounter(name, { unit, description })
      return (value, attributes) => counter.add(value, attributes)
    }
    case 'gauge': {
      const gauge = meter.createGauge(name, { unit, description })
      return (value, attributes) => gauge.record(value, attributes)
    }
    case 'histogram': {
      const explicitBucketBoundaries = [...(OTHER_BUCKETS.get(name) ?? DURATION_BUCKETS)]
      const histogram = meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries } })
      return (value, attributes) => histogram.record(value, attributes)
    }
  }
}

const metricNames = (): readonly MetricName[] => Object.keys(METRICS).filter(isMetricName)

const isMetricName = (name: string): name is MetricName => name in METRICS
