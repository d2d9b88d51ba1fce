/**
 * Telemetry on OpenTelemetry's SDK. What is not given here is as the standard OTEL_ variables say (exporters, protocol,
 * headers, sampler, limits, resource attributes): the SDK reads them, the project adds none of its own.
 */
import { context, metrics, propagation, trace } from '@opentelemetry/api'
import { getStringFromEnv } from '@opentelemetry/core'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import {
  defaultResource,
  detectResources,
  envDetector,
  hostDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources'
import {
  type AggregationTemporality,
  type IMetricReader,
  type InstrumentType,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { NodeSDK, type NodeSDKConfiguration } from '@opentelemetry/sdk-node'
import { ParentBasedSampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace'
import type { Telemetry } from '../../ports/telemetry.ts'
import { boundedWorkspaces } from './bounded-workspaces.ts'
import { Exemplars } from './exemplars.ts'
import { createInstruments, toldOnce } from './instruments.ts'
import type { ExemplarOf } from './open-metrics.ts'
import { type PrometheusEndpoint, type PrometheusOptions, servePrometheus } from './prometheus.ts'
import { measureRedisCommands } from './redis-commands.ts'
import { runInSpan, traceparentOf } from './spans.ts'

export type OtelOptions = {
  /** The process: ingest, predict, warm, gateway, up. */
  readonly role: string
  readonly version: string
  /** Distinguishes processes of one role. */
  readonly instance: string
  /** Traces and metrics over OTLP; null sends none. */
  readonly otlp: OtlpOptions | null
  /** Metrics for Prometheus to fetch; null serves none. */
  readonly prometheus: PrometheusOptions | null
}

export type OtlpOptions = {
  /** Address of a receiver (`http://collector:4318`, OTLP over HTTP); null: as the OTEL_ variables say. */
  readonly endpoint: string | null
  /** Share of traces kept, 0..1; 1 leaves it to OTEL_TRACES_SAMPLER. */
  readonly sampleRatio: number
  /**
   * Time between two exports of metrics to `endpoint`. With neither endpoint nor Prometheus the OTEL_ variables alone
   * say which metrics go where and how often; beside Prometheus metrics go as protobuf over HTTP, this often.
   */
  readonly metricsIntervalMs: number
}

/** Telemetry that has to be ended. */
export type RunningTelemetry = Telemetry & {
  /** `service.instance.id` of its spans and metrics. */
  readonly instance: string
  /** Where Prometheus fetches, null when it does not. */
  readonly metricsUrl: string | null
  /** Sends what is left, for `withinMs` at the longest, and ends. Never rejects: a receiver that is away loses it. */
  shutdown(withinMs: number): Promise<void>
}

const SCOPE = 'forewarm'

const INSTANCE_ID = 'service.instance.id'

/** Series of one metric: workspaces times reasons, verdicts and dispositions. */
const SERIES_MAX = 10_000

/**
 * Starts telemetry of this process; there is one at a time, since OpenTelemetry's API is global. With neither OTLP nor
 * Prometheus it costs next to nothing. Rejects when the Prometheus address cannot be had.
 */
export async function startTelemetry(options: OtelOptions): Promise<RunningTelemetry> {
  const exemplars = new Exemplars()
  const exemplarOf: ExemplarOf = (metric, bucket) => exemplars.of(metric, bucket)
  const prometheus = options.prometheus === null ? null : await servePrometheus(options.prometheus, exemplarOf)
  const sdk = new NodeSDK(configurationOf(options, prometheus))
  const wanted = options.otlp !== null || prometheus !== null
  if (wanted) sdk.start()
  const tracer = trace.getTracer(SCOPE, options.version)
  const instruments = createInstruments(metrics.getMeter(SCOPE, options.version))
  const telemetry: Telemetry = {
    span: (name, spanOptions, work) => runInSpan(tracer, { name, ...spanOptions }, work),
    current: () => traceparentOf(trace.getActiveSpan()),
    measure: boundedWorkspaces((metric, value, attributes = {}) => {
      instruments.get(metric)?.record(value, attributes)
      if (prometheus !== null) exemplars.note(metric, value, Date.now())
    }),
    withdraw: (gauge, attributes) => instruments.get(gauge)?.withdraw(attributes),
  }
  const endRedis = wanted ? measureRedisCommands(telemetry) : () => {}
  return {
    ...telemetry,
    instance: instanceOf(options),
    metricsUrl: prometheus?.url ?? null,
    shutdown: async (withinMs) => {
      endRedis()
      await Promise.race([sdk.shutdown().catch(() => {}), after(withinMs)])
      await prometheus?.close()
      for (const api of [trace, metrics, context, propagation]) api.disable()
    },
  }
}

function configurationOf(
  { role, version, instance, otlp }: OtelOptions,
  prometheus: PrometheusEndpoint | null,
): Partial<NodeSDKConfiguration> {
  const own = resourceFromAttributes({
    'service.name': `forewarm-${role}`,
    'service.namespace': 'forewarm',
    'service.version': version,
    [INSTANCE_ID]: instance,
  })
  return {
    resource: defaultResource().merge(own),
    // `env` comes last and wins. The process detector is left out: arguments of a command line may be secrets.
    ...(getStringFromEnv('OTEL_NODE_RESOURCE_DETECTORS') === undefined
      ? { resourceDetectors: [hostDetector, envDetector] }
      : {}),
    logRecordProcessors: [],
    views: [{ instrumentName: `${SCOPE}.*`, aggregationCardinalityLimit: SERIES_MAX }],
    ...tracingOf(otlp),
    ...metricsOf(otlp, prometheus),
  }
}

/** OTEL_RESOURCE_ATTRIBUTES wins, as it does in the resource. */
function instanceOf({ instance }: OtelOptions): string {
  const told = detectResources({ detectors: [envDetector] }).attributes[INSTANCE_ID]
  return typeof told === 'string' ? told : instance
}

function tracingOf(otlp: OtlpOptions | null): Partial<NodeSDKConfiguration> {
  if (otlp === null) return { spanProcessors: [] }
  const { endpoint, sampleRatio } = otlp
  return {
    ...(endpoint === null ? {} : { traceExporter: new OTLPTraceExporter({ url: addressOf(endpoint, 'traces') }) }),
    ...(sampleRatio === 1
      ? {}
      : { sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }) }),
  }
}

function metricsOf(
  otlp: OtlpOptions | null,
  prometheus: PrometheusEndpoint | null,
): { readonly metricReaders?: IMetricReader[] } {
  const fetched = prometheus === null ? [] : [prometheus.reader]
  if (otlp === null) return { metricReaders: fetched }
  if (otlp.endpoint === null && prometheus === null) return {}
  const url = otlp.endpoint === null ? {} : { url: addressOf(otlp.endpoint, 'metrics') }
  const exporter = new Exporter(url)
  const exportIntervalMillis = otlp.metricsIntervalMs
  const exportTimeoutMillis = Math.min(exportIntervalMillis, EXPORT_TIMEOUT_MS)
  return {
    metricReaders: [
      ...fetched,
      new PeriodicExportingMetricReader({ exporter, exportIntervalMillis, exportTimeoutMillis }),
    ],
  }
}

const EXPORT_TIMEOUT_MS = 10_000

class Exporter extends OTLPMetricExporter {
  override selectAggregationTemporality(type: InstrumentType): AggregationTemporality {
    return toldOnce(type) ?? super.selectAggregationTemporality(type)
  }
}

const addressOf = (endpoint: string, signal: string): string => `${endpoint.replace(/\/+$/, '')}/v1/${signal}`

const after = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
