import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import type { AggregationTemporality, InstrumentType } from '@opentelemetry/sdk-metrics'
import { ForewarmError } from '../../ports/errors.ts'
import { toldOnce } from './instruments.ts'
import { type ExemplarOf, OPEN_METRICS_TYPE, openMetricsText } from './open-metrics.ts'

export type PrometheusOptions = {
  /** `0.0.0.0` in a container: nobody scrapes a loopback address from outside. */
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
}

export type PrometheusEndpoint = {
  readonly reader: PrometheusExporter
  readonly url: string
  close(): Promise<void>
}

/** Serves /metrics. Its own server, since the exporter's keeps a taken port to itself and knows no free one. */
export async function servePrometheus(
  { host, port }: PrometheusOptions,
  exemplarOf: ExemplarOf,
): Promise<PrometheusEndpoint> {
  const reader = new Reader({ preventServerStart: true })
  let isFetched = false
  const server = createServer((request, response) => {
    isFetched = true
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') response.writeHead(404).end()
    else if (takesOpenMetrics(request)) void answerOpenMetrics(response, reader, exemplarOf)
    else reader.getMetricsRequestHandler(request, response)
  })
  server.listen(port, host)
  await once(server, 'listening').catch((cause) => {
    const mend = 'choose another by telemetry.prometheus.host and .port'
    throw new ForewarmError('FW_CONFIG_INVALID', `metrics cannot be served at ${host}:${port}: ${mend}`, { cause })
  })
  const { port: bound } = server.address() as AddressInfo
  const letGo = setInterval(() => {
    if (!isFetched) void reader.collect()
    isFetched = false
  }, UNFETCHED_MS).unref()
  return {
    reader,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/metrics`,
    close: async () => {
      clearInterval(letGo)
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/**
 * What nobody fetches gathers in OpenTelemetry's SDK with each export over OTLP (measured: 85 kB an export with 200
 * series): so often it is let go.
 */
const UNFETCHED_MS = 60_000

class Reader extends PrometheusExporter {
  override selectAggregationTemporality(type: InstrumentType): AggregationTemporality {
    return toldOnce(type) ?? super.selectAggregationTemporality(type)
  }
}

/** Prometheus asks for it first; others have to name it. */
const takesOpenMetrics = ({ headers }: IncomingMessage): boolean =>
  headers.accept?.includes('application/openmetrics-text') ?? false

async function answerOpenMetrics(
  response: ServerResponse,
  reader: PrometheusExporter,
  exemplarOf: ExemplarOf,
): Promise<void> {
  try {
    const { resourceMetrics } = await reader.collect()
    response.writeHead(200, { 'content-type': OPEN_METRICS_TYPE }).end(openMetricsText(resourceMetrics, exemplarOf))
  } catch (error) {
    response.writeHead(500, { 'content-type': 'text/plain' }).end(`metrics cannot be collected: ${error}\n`)
  }
}
