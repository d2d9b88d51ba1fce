import { MetricReader } from '@opentelemetry/sdk-metrics'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import { type OtelOptions, type RunningTelemetry, startTelemetry } from '../../src/adapters/telemetry/otel.ts'
import { createTracedEventLog } from '../../src/adapters/telemetry/traced-event-log.ts'
import { ForewarmError } from '../../src/ports/errors.ts'
import { METRICS } from '../../src/ports/telemetry.ts'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'
import { eventually } from '../support/eventually.ts'
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts'
import { aCommand, aFile, contentKey, createCountingOrigin, createWorker } from '../support/warm-worker.ts'

const base: OtelOptions = { role: 'warm', version: '1.2.3', instance: 'warm-7', otlp: null, prometheus: null }
const sent = { endpoint: null, sampleRatio: 1, metricsIntervalMs: 60_000 }

let receiver: OtlpReceiver
let running: RunningTelemetry | null = null

beforeEach(async () => {
  receiver = await startOtlpReceiver()
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.url)
  vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json')
})
afterEach(async () => {
  await running?.shutdown(1_000)
  running = null
  vi.unstubAllEnvs()
  await receiver.close()
})

const start = async (options: Partial<OtelOptions> = {}) => {
  running = await startTelemetry({ ...base, otlp: sent, ...options })
  return running
}
const finish = async () => {
  await running?.shutdown(5_000)
  running = null
}

test('the receiver gets spans with their parents, links, attributes and the resource of the process', async () => {
  const telemetry = await start()
  const cause = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  let outer: string | null = null
  await telemetry.span('process x', { kind: 'consumer', links: [cause], attributes: { n: 3 } }, async (span) => {
    outer = span.traceparent
    await telemetry.span('warm', { kind: 'internal' }, async (inner) => inner.set({ ok: true }))
  })
  await finish()
  const [warm, process] = [...receiver.spans()].sort((one, other) => other.name.localeCompare(one.name))
  expect(outer).toBe(`00-${process?.traceId}-${process?.spanId}-01`)
  expect(process).toMatchObject({
    name: 'process x',
    kind: 5,
    attributes: { n: 3 },
    links: [{ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }],
  })
  expect(warm).toMatchObject({ traceId: process?.traceId, parentSpanId: process?.spanId, attributes: { ok: true } })
  expect(process?.resource).toMatchObject({
    'service.name': 'forewarm-warm',
    'service.namespace': 'forewarm',
    'service.version': '1.2.3',
    'service.instance.id': 'warm-7',
  })
})

test('a parent from a record`s header continues its trace; one that is no traceparent begins a new one', async () => {
  const telemetry = await start()
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await telemetry.span('a', { kind: 'consumer', parent }, async () => {})
  await telemetry.span('b', { kind: 'consumer', parent: 'hostile' }, async () => {})
  await finish()
  const [a, b] = [...receiver.spans()].sort((one, other) => one.name.localeCompare(other.name))
  expect(a).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', parentSpanId: 'b7ad6b7169203331' })
  expect(b?.parentSpanId).toBe('')
  expect(b?.traceId).toMatch(/^[0-9a-f]{32}$/)
})

test('a failure is passed on and noted by its code, never by its message', async () => {
  const telemetry = await start()
  const failing = telemetry.span('read', { kind: 'client' }, async () => {
    throw new ForewarmError('FW_ORIGIN_UNAVAILABLE', 'cannot read /secret/place')
  })
  await expect(failing).rejects.toThrow('/secret/place')
  await finish()
  expect(receiver.spans()).toMatchObject([{ failed: true, attributes: { 'error.type': 'FW_ORIGIN_UNAVAILABLE' } }])
  expect(receiver.text()).not.toContain('/secret/place')
})

test('at most 128 links arrive of a span', async () => {
  const telemetry = await start()
  const links = Array.from(
    { length: 200 },
    (_, index) => `00-${'a'.repeat(32)}-${(index + 1).toString(16).padStart(16, '0')}-01`,
  )
  await telemetry.span('process x', { kind: 'consumer', links }, async () => {})
  await finish()
  expect(receiver.spans()[0]?.links).toHaveLength(128)
})

test('every metric of the closed list arrives with its unit, and durations in the advised buckets', async () => {
  const telemetry = await start()
  for (const name of Object.keys(METRICS) as (keyof typeof METRICS)[]) telemetry.measure(name, 2, { a: 'b' })
  await finish()
  const metrics = new Map(receiver.metrics().map((metric) => [metric.name, metric]))
  for (const [name, { kind, unit }] of Object.entries(METRICS)) {
    const metric = metrics.get(name)
    expect(metric, name).toMatchObject({ unit, kind: kind === 'counter' ? 'sum' : kind, points: [{ value: 2 }] })
    expect(metric?.resource['service.name']).toBe('forewarm-warm')
  }
  expect(metrics.get('messaging.process.duration')?.points[0]?.bounds).toEqual([
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
  ])
})

test('the standard variables win: name of the service, resource attributes, which signals are sent', async () => {
  vi.stubEnv('OTEL_SERVICE_NAME', 'their-name')
  vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment.name=staging,service.instance.id=their-id')
  vi.stubEnv('OTEL_METRICS_EXPORTER', 'none')
  const telemetry = await start()
  await telemetry.span('a', { kind: 'internal' }, async () => {})
  telemetry.measure('forewarm.warm.bytes', 1)
  await finish()
  expect(telemetry.instance).toBe('their-id')
  expect(receiver.spans()[0]?.resource).toMatchObject({
    'service.instance.id': 'their-id',
    'service.name': 'their-name',
    'deployment.environment.name': 'staging',
  })
  expect(receiver.received.map(({ path }) => path)).toEqual(['/v1/traces'])
})

test('with an endpoint in the settings both signals go there as protobuf', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:9')
  const telemetry = await start({ otlp: { ...sent, endpoint: `${receiver.url}/` } })
  await telemetry.span('span-by-endpoint', { kind: 'internal' }, async () => {})
  telemetry.measure('forewarm.warm.bytes', 1)
  await finish()
  expect(receiver.received.map(({ path }) => path).sort()).toEqual(['/v1/metrics', '/v1/traces'])
  for (const { contentType } of receiver.received) expect(contentType).toBe('application/x-protobuf')
  for (const text of ['span-by-endpoint', 'forewarm.warm.bytes', 'warm-7']) expect(receiver.text()).toContain(text)
})

test('a sample ratio of 0 keeps no new trace but leaves the decision of a parent alone', async () => {
  const telemetry = await start({ otlp: { ...sent, sampleRatio: 0 } })
  await telemetry.span('dropped', { kind: 'internal' }, async (span) => expect(span.traceparent).toMatch(/-00$/))
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await telemetry.span('kept', { kind: 'internal', parent }, async () => {})
  await finish()
  expect(receiver.spans().map(({ name }) => name)).toEqual(['kept'])
})

test('Prometheus fetches metrics without OTLP; a taken port is an error at the start', async () => {
  const telemetry = await start({ otlp: null, prometheus: { host: '127.0.0.1', port: 0 } })
  telemetry.measure('forewarm.warm.files', 3, { outcome: 'warmed' })
  const answer = await fetch(telemetry.metricsUrl ?? '')
  const text = await answer.text()
  expect(text).toMatch(/forewarm_warm_files_total\{.*outcome="warmed".*\} 3/)
  expect(text).toMatch(/target_info\{.*service_name="forewarm-warm"/)
  const port = Number(new URL(telemetry.metricsUrl ?? '').port)
  const second = startTelemetry({ ...base, prometheus: { host: '127.0.0.1', port } })
  await expect(second).rejects.toMatchObject({ code: 'FW_CONFIG_INVALID', cause: { code: 'EADDRINUSE' } })
  expect((await fetch(`http://127.0.0.1:${port}/other`)).status).toBe(404)
  await finish()
  expect(receiver.received).toEqual([])
  await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow()
})

test('a gauge that is withdrawn is told by neither way, until it is set again', async () => {
  const telemetry = await start({ prometheus: { host: '127.0.0.1', port: 0 } })
  const fetched = async () => (await (await fetch(telemetry.metricsUrl ?? '')).text()).match(/^forewarm_acc.*/gm) ?? []
  const set = (workspace: string, value: number) => {
    for (const window of ['all', 'recent']) telemetry.measure('forewarm.accuracy', value, { workspace, window })
  }
  set('shop', 0.5)
  set('web', 0.25)
  expect(await fetched()).toHaveLength(4)
  telemetry.withdraw('forewarm.accuracy', { workspace: 'shop' })
  const left = await fetched()
  expect(left).toHaveLength(2)
  for (const sample of left) expect(sample).toMatch(/workspace="web".* 0\.25$/)
  set('shop', 0.75)
  telemetry.withdraw('forewarm.accuracy', { window: 'all' })
  expect(await fetched()).toHaveLength(2)
  await finish()

  const sending = await start({ otlp: { ...sent, endpoint: receiver.url, metricsIntervalMs: 50 } })
  sending.measure('forewarm.accuracy', 1, { workspace: 'shop' })
  sending.measure('forewarm.accuracy', 1, { workspace: 'web' })
  const isSent = (workspace: string) => receiver.received.at(-1)?.body.includes(workspace) ?? false
  await eventually(() => isSent('shop'), Boolean, { what: 'the gauge', withinMs: 60_000 })
  sending.withdraw('forewarm.accuracy', { workspace: 'shop' })
  await eventually(
    () => isSent('shop'),
    (is) => !is,
    { what: 'an export without it', withinMs: 60_000 },
  )
  expect(isSent('web')).toBe(true)
})

test('what nobody fetches is let go once a minute, so that it does not gather; what is fetched is left alone', async () => {
  vi.useFakeTimers({ toFake: ['setInterval'] })
  const collected = vi.spyOn(MetricReader.prototype, 'collect')
  try {
    const telemetry = await start({ otlp: null, prometheus: { host: '127.0.0.1', port: 0 } })
    await vi.advanceTimersByTimeAsync(120_000)
    expect(collected).toHaveBeenCalledTimes(2)
    await (await fetch(telemetry.metricsUrl ?? '')).text()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(collected).toHaveBeenCalledTimes(3)
  } finally {
    collected.mockRestore()
    vi.useRealTimers()
  }
})

/** Samples of either text format, bounds as numbers: name with labels in their order, and value. */
const samplesOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/ # .*/, '').replace(/le="([\d.]+)"/, (_, bound) => `le="${Number(bound)}"`))
    .map((line) => line.replace(/\{(.*)\}/, (_, labels: string) => `{${labels.split(',').sort().join()}}`))
    .sort()

test('who asks for OpenMetrics gets the same samples, with the latest trace of each bucket of a latency', async () => {
  const telemetry = await start({ prometheus: { host: '127.0.0.1', port: 0 } })
  telemetry.measure('forewarm.warm.files', 3, { outcome: 'warmed', detail: 'a "quoted" \\ word' })
  telemetry.measure('forewarm.cache.pressure', 0.25)
  telemetry.measure('messaging.process.duration', 0.02, { 'messaging.destination.name': 't' })
  telemetry.measure('forewarm.warm.duration', 0.3)
  const spans: (string | null)[] = []
  for (const seconds of [2, 3, 2.2, 99]) {
    await telemetry.span('warm', { kind: 'internal' }, async ({ traceparent }) => {
      spans.push(traceparent)
      telemetry.measure('forewarm.warm.duration', seconds)
    })
  }
  const [accept, url] = ['application/openmetrics-text;version=1.0.0,text/plain;q=0.5', telemetry.metricsUrl ?? '']
  const answer = await fetch(url, { headers: { accept } })
  expect(answer.headers.get('content-type')).toMatch(/^application\/openmetrics-text; version=1\.0\.0/)
  const text = await answer.text()
  expect(samplesOf(text)).toEqual(samplesOf(await (await fetch(url)).text()))
  expect(text).toMatch(/^# TYPE forewarm_warm_files counter$/m)
  expect(text.endsWith('\n# EOF\n')).toBe(true)

  const exemplars = [...text.matchAll(/le="([^"]+)"\} \d+ # \{trace_id="(\w+)",span_id="(\w+)"\} (\S+) \d/g)]
  const [, second, third, last] = spans
  const of = (traceparent: string | null | undefined) => traceparent?.split('-').slice(1, 3) ?? []
  expect(exemplars.map(([, ...parts]) => parts)).toEqual([
    ['2.5', ...of(third), '2.2'],
    ['5.0', ...of(second), '3'],
    ['+Inf', ...of(last), '99'],
  ])
})

test('a trace that is not kept is no exemplar', async () => {
  const telemetry = await start({ otlp: { ...sent, sampleRatio: 0 }, prometheus: { host: '127.0.0.1', port: 0 } })
  await telemetry.span('warm', { kind: 'internal' }, async () => telemetry.measure('forewarm.warm.duration', 1))
  const headers = { accept: 'application/openmetrics-text' }
  expect(await (await fetch(telemetry.metricsUrl ?? '', { headers })).text()).not.toContain('trace_id')
})

test('switched off it sends nothing, makes no ids, and hands a parent on', async () => {
  const telemetry = await start({ otlp: null })
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  expect(await telemetry.span('a', { kind: 'internal' }, async (span) => span.traceparent)).toBeNull()
  expect(await telemetry.span('a', { kind: 'internal', parent }, async (span) => span.traceparent)).toBe(parent)
  telemetry.measure('forewarm.warm.bytes', 1)
  await finish()
  expect(receiver.received).toEqual([])
})

/** Left to itself, the exporter tries for so long. */
const EXPORTER_WAITS_MS = 10_000

test('a receiver that is away neither fails the work nor holds the end of the process beyond its time', async () => {
  const telemetry = await start({ otlp: { ...sent, endpoint: 'http://127.0.0.1:9' } })
  await telemetry.span('a', { kind: 'internal' }, async () => {})
  const startMs = performance.now()
  await telemetry.shutdown(300)
  running = null
  expect(performance.now() - startMs).toBeLessThan(EXPORTER_WAITS_MS)
})

test('one chain leads from the command on the log to the warm, its entry and its outcome', async () => {
  const telemetry = await start()
  const clock = createSystemClock()
  const codec = createEmbeddedCodec()
  const plain = createMemoryEventLog({ partitions: 1 })
  const log = createTracedEventLog(plain, telemetry, { system: 'memory', topicPrefix: '', groupPrefix: '' })
  const cache = createMemoryCache({ clock })
  const origin = createCountingOrigin(new Map([['src/a.ts', 'a']]))
  const worker = createWorker({ origin, log, cache, clock, telemetry })
  const consumer = await log.consume({ group: 'warm', topics: ['warm-commands'], batchRecordsMax: 4 }, worker.handler)
  const value = await codec.encode('warm-commands', aCommand({ files: [aFile({ version: 'v-a' })] }))
  await telemetry.span('predict', { kind: 'internal' }, () =>
    log.append('warm-commands', [{ key: 'c', value, headers: new Map() }]),
  )
  await eventually(
    () => plain.bounds({ topic: 'warm-outcomes', partition: 0 }),
    ({ end }) => end === 1,
  )
  await consumer.stop()
  const entry = await cache.get(contentKey('src/a.ts', 'v-a'))
  await finish()
  const span = (name: string) => receiver.spans().find((one) => one.name === name)
  const [predict, send, warm] = [span('predict'), span('send warm-commands'), span('warm')]
  expect(send).toMatchObject({ traceId: predict?.traceId, parentSpanId: predict?.spanId })
  expect(warm?.links).toMatchObject([{ traceId: send?.traceId, spanId: send?.spanId }])
  expect(span('process warm-commands')).toMatchObject({ spanId: warm?.parentSpanId })
  expect(span('send warm-outcomes')).toMatchObject({ traceId: warm?.traceId })
  expect(entry?.source).toMatchObject({ traceparent: `00-${warm?.traceId}-${warm?.spanId}-01` })
})

test('no path, token or message of the work reaches the receiver', async () => {
  const telemetry = await start()
  const canary = 'src/canary-0e4f.ts'
  const origin = createCountingOrigin(new Map([[canary, 'canary-content']]), async (path) => {
    if (path !== canary) throw new ForewarmError('FW_ORIGIN_UNAVAILABLE', `no ${path}`)
    return null
  })
  const worker = createWorker({ origin, telemetry })
  await worker.warm([aFile({ path: canary }), aFile({ path: 'canary-lost' }), aFile({ path: '.git/canary-up' })])
  await finish()
  expect(receiver.spans().map(({ name }) => name)).toContain('warm')
  expect(receiver.text()).not.toContain('canary')
})
