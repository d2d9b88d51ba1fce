import type { Meter } from '@opentelemetry/api'
import { AggregationTemporality, InstrumentType } from '@opentelemetry/sdk-metrics'
import { type Attributes, METRICS, type MetricName } from '../../ports/telemetry.ts'
import { bucketsOf } from './buckets.ts'
import { GaugeSeries } from './gauge-series.ts'

export type Instrument = {
  record(value: number, attributes: Attributes): void
  /** Ends the series of a gauge that have at least these attributes; nothing else has an end. */
  withdraw(attributes: Attributes): void
}

/** What records each metric of the project on this meter. */
export const createInstruments = (meter: Meter): ReadonlyMap<MetricName, Instrument> =>
  new Map(metricNames().map((name) => [name, createInstrument(meter, name)]))

function createInstrument(meter: Meter, name: MetricName): Instrument {
  const { kind, unit, description } = METRICS[name]
  switch (kind) {
    case 'counter': {
      const counter = meter.createCounter(name, { unit, description })
      return { record: (value, attributes) => counter.add(value, attributes), withdraw }
    }
    case 'gauge': {
      const series = new GaugeSeries()
      meter.createObservableGauge(name, { unit, description }).addCallback((result) => {
        for (const { value, attributes } of series.current(performance.now())) result.observe(value, attributes)
      })
      return {
        record: (value, attributes) => series.set(value, attributes, performance.now()),
        withdraw: (attributes) => series.withdraw(attributes),
      }
    }
    case 'histogram': {
      const explicitBucketBoundaries = [...bucketsOf(name)]
      const histogram = meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries } })
      return { record: (value, attributes) => histogram.record(value, attributes), withdraw }
    }
  }
}

/**
 * What a reader of these instruments has to answer for a gauge, where "cumulative" would repeat all that was ever told;
 * null for all other instruments. What is sent of a gauge is the same either way.
 */
export const toldOnce = (type: InstrumentType): AggregationTemporality | null =>
  type === InstrumentType.OBSERVABLE_GAUGE ? AggregationTemporality.DELTA : null

const withdraw = (): void => {}

const metricNames = (): readonly MetricName[] => Object.keys(METRICS).filter(isMetricName)

const isMetricName = (name: string): name is MetricName => name in METRICS
