/** Telemetry kept in this process's memory: for tests, and for parts that run without any. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import {
  type ActiveSpan,
  type Attributes,
  type Log,
  METRICS,
  type MetricName,
  type SpanOptions,
  type Telemetry,
  type Traceparent,
} from '../../ports/telemetry.ts'

export type RecordedSpan = {
  readonly name: string
  readonly options: SpanOptions
  /** Those given at the start and those set later. */
  readonly attributes: Attributes
  readonly traceparent: Traceparent
  /** The span that was active, or the parent that was given. */
  readonly parent: Traceparent | null
  readonly failed: boolean
}

export type RecordedMeasure = { readonly metric: MetricName; readonly value: number; readonly attributes: Attributes }

export type MemoryTelemetry = Telemetry & {
  /** Ended spans, in the order of their end. */
  readonly spans: readonly RecordedSpan[]
  readonly measures: readonly RecordedMeasure[]
  /** Sum of a metric's values over all attributes that include these. */
  total(metric: MetricName, attributes?: Attributes): number
  /** What a gauge tells now with just these attributes; null for nothing. */
  level(gauge: MetricName, attributes: Attributes): number | null
}

/** Keeps everything: for short runs only. */
export function createMemoryTelemetry(): MemoryTelemetry {
  const spans: RecordedSpan[] = []
  const measures: RecordedMeasure[] = []
  let levels: readonly RecordedMeasure[] = []
  const active = new AsyncLocalStorage<Traceparent>()
  return {
    spans,
    measures,
    current: () => active.getStore() ?? null,
    measure: (metric, value, attributes = {}) => {
      const measured = { metric, value, attributes }
      measures.push(measured)
      if (METRICS[metric].kind !== 'gauge') return
      levels = [...levels.filter((one) => one.metric !== metric || !areEqual(one.attributes, attributes)), measured]
    },
    withdraw: (gauge, attributes) => {
      levels = levels.filter((one) => one.metric !== gauge || !includes(one.attributes, attributes))
    },
    level: (gauge, attributes) =>
      levels.find((one) => one.metric === gauge && areEqual(one.attributes, attributes))?.value ?? null,
    total: (metric, attributes = {}) =>
      measures
        .filter((one) => one.metric === metric && includes(one.attributes, attributes))
        .reduce((sum, { value }) => sum + value, 0),
    span: async (name, options, work) => {
      const parent = options.parent ?? active.getStore() ?? null
      const traceparent = childOf(parent)
      let attributes = options.attributes ?? {}
      const record = (failed: boolean) => spans.push({ name, options, attributes, traceparent, parent, failed })
      const set = (more: Attributes) => {
        attributes = { ...attributes, ...more }
      }
      const span: ActiveSpan = { traceparent, set }
      try {
        const result = await active.run(traceparent, () => work(span))
        record(false)
        return result
      } catch (cause) {
        record(true)
        throw cause
      }
    },
  }
}

/** A log that nobody reads. */
export const SILENT_LOG: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

const includes = (all: Attributes, some: Attributes): boolean =>
  Object.entries(some).every(([name, value]) => all[name] === value)

const areEqual = (one: Attributes, other: Attributes): boolean => includes(one, other) && includes(other, one)

function childOf(parent: Traceparent | null): Traceparent {
  const trace = parent?.split('-')[1] ?? randomBytes(16).toString('hex')
  return `00-${trace}-${randomBytes(8).toString('hex')}-01`
}
