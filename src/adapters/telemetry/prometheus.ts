import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { ForewarmError } from '../../ports/errors.ts'

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
export async function servePrometheus({ host, port }: PrometheusOptions): Promise<PrometheusEndpoint> {
  const reader = new PrometheusExporter({ preventServerStart: true })
  const server = createServer((request, response) => {
    if (request.method === 'GET' && request.url?.split('?')[0] === '/metrics') {
      reader.getMetricsRequestHandler(request, response)
      return
    }
    response.writeHead(404).end()
  })
  server.listen(port, host)
  await once(server, 'listening').catch((cause) => {
    const mend = 'choose another by telemetry.prometheus.host and .port'
    throw new ForewarmError('FW_CONFIG_INVALID', `metrics cannot be served at ${host}:${port}: ${mend}`, { cause })
  })
  const { port: bound } = server.address() as AddressInfo
  return {
    reader,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/metrics`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
