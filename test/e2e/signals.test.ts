/** What the processes of a deployment tell while they work: one trace, and what dashboards and alerts ask for. */
import { resolve } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { DASHBOARDS } from '../../deploy/grafana/dashboards.ts'
import { analyze, type Fleet, learn, startFleet, WORKSPACE } from '../support/analyzer.ts'
import { eventually } from '../support/eventually.ts'
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../support/otlp-receiver.ts'
import { type Prometheus, startPrometheus } from '../support/services/prometheus.ts'

const modelRedisUrls = inject('services').redisCluster.map(({ host, port }) => `redis://${host}:${port}`)
const WITHIN_MS = 60_000

const cleanups: (() => unknown)[] = []
let receiver: OtlpReceiver
let fleet: Fleet
let prometheus: Prometheus

beforeAll(async () => {
  receiver = await startOtlpReceiver()
  cleanups.push(receiver.close)
  const env = {
    FOREWARM_TELEMETRY__ENABLED: 'true',
    FOREWARM_TELEMETRY__PROMETHEUS__ENABLED: 'true',
    FOREWARM_TELEMETRY__PROMETHEUS__PORT: '0',
    // So that warms that nobody reads are known as such soon, and limits measure without holding anything up.
    FOREWARM_PREDICT__HORIZON_MS: '1500',
    FOREWARM_WARM__LIMITS__FILES_PER_SECOND_MAX: '100000',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '200',
  }
  fleet = await startFleet({ modelRedisUrls, env, atEnd: (clean) => cleanups.push(clean) })
  const targets = fleet.processes.map(async (process) => {
    const { url } = JSON.parse(await process.line(/metrics are served/))
    return new URL(url).host
  })
  prometheus = await startPrometheus({
    jobs: new Map([['forewarm', await Promise.all(targets)]]),
    rules: [resolve('deploy/prometheus/alerts.yaml')],
    features: ['exemplar-storage'],
  })
  cleanups.push(prometheus.stop)
  await learn(fleet)
})

afterAll(async () => {
  for (const clean of cleanups.reverse()) await clean()
})

const serviceOf = ({ resource }: ReceivedSpan): string => String(resource['service.name'])

/** From a warm hit back to the access that led to it: at each step the parent, or the linked span of the wanted name. */
function chainFrom(hit: ReceivedSpan, spans: readonly ReceivedSpan[], steps: readonly string[]): ReceivedSpan[] | null {
  const [step, ...rest] = steps
  if (step === undefined) return [hit]
  const origins = [hit.parentSpanId, ...hit.links.map(({ spanId }) => spanId)]
  for (const span of spans) {
    if (!origins.includes(span.spanId) || !span.name.startsWith(step)) continue
    const chain = chainFrom(span, spans, rest)
    if (chain !== null) return [hit, ...chain]
  }
  return null
}

test('one chain of parents and links leads from an access over prediction, command and warm to the read that gained', async () => {
  await analyze(fleet)
  expect((await fetch(`${fleet.gatewayUrl}/v1/workspaces/acme%2Fweb/status`)).status).toBe(200)

  const { prefix } = fleet.deployment
  const steps = ['warm', `send ${prefix}warm-commands`, 'predict', 'publish accesses', 'read']
  const chains = () => {
    const spans = receiver.spans()
    return spans
      .filter(({ name, attributes }) => name === 'read' && attributes['forewarm.access.outcome'] === 'warmHit')
      .map((hit) => chainFrom(hit, spans, steps))
      .filter((chain) => chain !== null)
  }
  const found = (seen: readonly unknown[]) => seen.length > 0
  const [chain] = await eventually(chains, found, { what: 'a whole chain', withinMs: WITHIN_MS })
  console.log((chain ?? []).map((span) => `${serviceOf(span)}: ${span.name}`).join(' <- '))
  expect((chain ?? []).map(serviceOf)).toEqual([
    'forewarm-library',
    'forewarm-warm',
    'forewarm-predict',
    'forewarm-predict',
    'forewarm-library',
    'forewarm-library',
  ])
  const services = ['gateway', 'ingest', 'library', 'predict', 'warm'].map((name) => `forewarm-${name}`)
  const told = () => [...new Set(receiver.spans().map(serviceOf))].sort()
  const all = ({ length }: readonly unknown[]) => length === services.length
  expect(await eventually(told, all, { what: 'spans from every process', withinMs: WITHIN_MS })).toEqual(services)
  const [hit, warm, send, predict, published] = chain ?? []
  expect(hit?.name).toBe('read')
  // Each process sends its spans when it has ended them: what surrounds one comes after it.
  const spanThat = (what: string, is: (span: ReceivedSpan) => boolean) =>
    eventually(
      () => receiver.spans().find(is),
      (span) => span !== undefined,
      { what, withinMs: WITHIN_MS },
    )
  const leadsTo = (span: ReceivedSpan, origin: ReceivedSpan | undefined): boolean =>
    span.links.some(({ spanId }) => spanId === origin?.spanId)
  const around = await spanThat('what is around a prediction', ({ spanId }) => spanId === predict?.parentSpanId)
  expect(around?.name).toBe(`process ${prefix}access-events`)
  const carried = await spanThat('what is around a warm', ({ spanId }) => spanId === warm?.parentSpanId)
  expect(carried?.name).toBe(`process ${prefix}warm-commands`)
  expect(carried && leadsTo(carried, send)).toBe(true)
  const appended = await spanThat('an append', ({ name }) => name === `send ${prefix}access-events`)
  expect(appended?.parentSpanId).not.toBe('')
  // Ingest folds the same records, and says so in the same story.
  await spanThat(
    'the same story told by ingest',
    (span) => serviceOf(span) === 'forewarm-ingest' && leadsTo(span, published),
  )
})

/** Panels of which nothing is to be seen here, and why. */
const WITHOUT_DATA: ReadonlyMap<string, string> = new Map([
  ['Dropped accesses', 'counted by an analyzer whose buffer is full; what serves metrics drops none'],
])

const post = async (path: string, body: object): Promise<void> => {
  const response = await fetch(`${fleet.gatewayUrl}/v1/workspaces/${encodeURIComponent(WORKSPACE)}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status, await response.text()).toBe(202)
}

/** Reads that are cut short, so that warms are wasted; reads of many files, so that some of the control group are among them. */
async function work(round: number): Promise<void> {
  await analyze(fleet, 12)
  await post('/warm-requests', { paths: fleet.repository.paths.slice(0, 5) })
  const accesses = Array.from({ length: 300 }, (_, at) => ({ path: `docs/page-${at}.md`, timeMs: Date.now() }))
  await post('/accesses', {
    ...{ session: `docs-${round}`, analyzer: 'linkcheck', publisher: `p-${round}`, sequence: 0, sessionEnded: true },
    accesses: accesses.map((access, at) => ({ ...access, outcome: at % 3 === 0 ? 'hit' : 'miss' })),
  })
  const value = new TextEncoder().encode('no schema')
  await fleet.deployment.engines.log.append('access-events', [{ key: 'k', value, headers: new Map() }])
}

test('every query of the dashboards is answered by a real Prometheus, with data where there is work', async () => {
  const panels = DASHBOARDS.flatMap(({ panels }) => panels)
  let open = panels.flatMap(({ title, queries }) => queries.map(({ expr }) => ({ title, expr })))
  const isAnswered = async (expr: string): Promise<boolean> => {
    const text = expr.replaceAll('$__rate_interval', '1m').replaceAll('$workspace', '.*')
    return (await prometheus.query(text)).some(({ value: [, value] }) => value !== 'NaN')
  }
  const wanted = () => open.filter(({ title }) => !WITHOUT_DATA.has(title))
  let round = 0
  const workAndAsk = async () => {
    await work(round++)
    const answers = await Promise.all(open.map(({ expr }) => isAnswered(expr)))
    open = open.filter((_, at) => !answers[at])
    return wanted()
  }
  const none = ({ length }: readonly unknown[]) => length === 0
  await eventually(workAndAsk, none, { what: 'data of every panel', withinMs: 2 * WITHIN_MS })
  expect(new Set(open.map(({ title }) => title))).toEqual(new Set(WITHOUT_DATA.keys()))
  // What the dashboards offer to choose from.
  expect(await prometheus.get('label/workspace/values')).toContain(WORKSPACE)
})

test('every alert is evaluated without an error, and every process is fetched', async () => {
  type Rules = { readonly groups: readonly { readonly rules: readonly { name: string; health: string }[] }[] }
  const evaluated = async () => ((await prometheus.get('rules')) as Rules).groups.flatMap(({ rules }) => rules)
  const known = (rules: readonly { health: string }[]) => rules.every(({ health }) => health !== 'unknown')
  const rules = await eventually(evaluated, known, { what: 'an evaluation of all', withinMs: WITHIN_MS })
  expect(rules.length).toBeGreaterThan(0)
  expect(rules.filter(({ health }) => health !== 'ok')).toEqual([])
  const fetched = () => prometheus.query('up == 1')
  const all = ({ length }: readonly unknown[]) => length === fleet.processes.length
  await eventually(fetched, all, { what: 'every process fetched', withinMs: WITHIN_MS })
})

test('a bucket of the latency leads to a trace that was sent, and logs, spans and metrics bear the same ids', async () => {
  type Found = readonly { readonly exemplars: readonly { readonly labels: { readonly trace_id: string } }[] }[]
  const now = Date.now() / 1_000
  const range = { start: String(now - 600), end: String(now + 10) }
  const traces = async () => {
    const query = 'forewarm_event_to_warm_duration_bucket'
    const found = (await prometheus.get('query_exemplars', { query, ...range })) as Found
    return found.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id))
  }
  const some = (ids: readonly string[]) => ids.length > 0
  const [trace] = await eventually(traces, some, { what: 'an exemplar', withinMs: WITHIN_MS })
  const warm = () => receiver.spans().find(({ traceId, name }) => traceId === trace && name === 'warm')
  const span = await eventually(warm, (found) => found !== undefined, { what: 'its span', withinMs: WITHIN_MS })
  const id = span?.resource['service.instance.id']
  const target = await prometheus.query(`target_info{service_instance_id="${id}"}`)
  expect(target.map(({ metric }) => metric['service_name'])).toEqual(['forewarm-warm'])
  const logs = fleet.processes.map((process) => process.stderr())
  expect(logs.filter((lines) => lines.includes(`"service.instance.id":"${id}"`)).length).toBe(1)
  const parked = logs.flatMap((lines) => lines.split('\n')).find((line) => line.includes('trace_id'))
  const { trace_id, span_id } = JSON.parse(parked ?? '{}')
  const told = () => receiver.spans().some(({ traceId, spanId }) => traceId === trace_id && spanId === span_id)
  await eventually(told, Boolean, { what: 'the span of a line of the log', withinMs: WITHIN_MS })
})
