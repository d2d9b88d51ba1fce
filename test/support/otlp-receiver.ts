/** A receiver of OTLP over HTTP: a real server that keeps what arrives, JSON decoded, protobuf as the bytes it came in. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

export type Received = { readonly path: string; readonly contentType: string; readonly body: Buffer }

export type ReceivedSpan = {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly attributes: Attributes
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly resource: Attributes
  readonly failed: boolean
}

export type ReceivedMetric = {
  readonly name: string
  readonly unit: string
  readonly kind: 'sum' | 'histogram' | 'gauge'
  readonly points: readonly { readonly attributes: Attributes; readonly value: number; readonly bounds: number[] }[]
  readonly resource: Attributes
}

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

export type OtlpReceiver = {
  readonly url: string
  readonly received: readonly Received[]
  spans(): ReceivedSpan[]
  /** As last exported. */
  metrics(): ReceivedMetric[]
  /** Everything that arrived, as text. */
  text(): string
  close(): Promise<void>
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    bodyOf(request).then((body) => {
      received.push({ path: request.url ?? '', contentType: request.headers['content-type'] ?? '', body })
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const parsed = (path: string) =>
    received
      .filter((one) => one.path === path && one.contentType.includes('json'))
      .map(({ body }) => JSON.parse(body.toString()))
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    spans: () => parsed('/v1/traces').flatMap(spansOf),
    metrics: () => metricsOf(parsed('/v1/metrics').at(-1) ?? {}),
    text: () => received.map(({ path, body }) => `${path} ${body.toString('latin1')}`).join('\n'),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
}

type KeyValue = {
  key: string
  value: { stringValue?: string; intValue?: number | string; doubleValue?: number; boolValue?: boolean }
}
type WireSpan = Omit<ReceivedSpan, 'attributes' | 'resource' | 'failed'> & {
  attributes?: KeyValue[]
  status?: { code?: number }
}
type WirePoint = {
  attributes?: KeyValue[]
  asInt?: number | string
  asDouble?: number
  sum?: number
  explicitBounds?: number[]
}
type WireMetric = { name: string; unit: string } & Record<
  'sum' | 'histogram' | 'gauge',
  { dataPoints: WirePoint[] } | undefined
>
type Resourced = { resource?: { attributes?: KeyValue[] } }
type WireTraces = { resourceSpans?: (Resourced & { scopeSpans: { spans: WireSpan[] }[] })[] }
type WireMetrics = { resourceMetrics?: (Resourced & { scopeMetrics: { metrics: WireMetric[] }[] })[] }

const spansOf = ({ resourceSpans = [] }: WireTraces): ReceivedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ attributes, status, ...span }) => ({
        ...span,
        parentSpanId: span.parentSpanId ?? '',
        links: span.links ?? [],
        attributes: attributesOf(attributes),
        resource: attributesOf(resource?.attributes),
        failed: status?.code === 2,
      })),
    ),
  )

const metricsOf = ({ resourceMetrics = [] }: WireMetrics): ReceivedMetric[] =>
  resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics }) =>
      metrics.map((metric) => metricOf(metric, attributesOf(resource?.attributes))),
    ),
  )

function metricOf(metric: WireMetric, resource: Attributes): ReceivedMetric {
  const kind = metric.sum !== undefined ? 'sum' : metric.histogram !== undefined ? 'histogram' : 'gauge'
  const points = (metric[kind]?.dataPoints ?? []).map((point) => ({
    attributes: attributesOf(point.attributes),
    value: Number(point.asInt ?? point.asDouble ?? point.sum ?? 0),
    bounds: point.explicitBounds ?? [],
  }))
  return { name: metric.name, unit: metric.unit, kind, points, resource }
}

const attributesOf = (pairs: readonly KeyValue[] = []): Attributes =>
  Object.fromEntries(
    pairs.map(({ key, value }) => [
      key,
      value.stringValue ??
        value.boolValue ??
        value.doubleValue ??
        (value.intValue === undefined ? undefined : Number(value.intValue)),
    ]),
  )
