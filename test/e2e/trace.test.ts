import { expect, inject, it, onTestFinished } from 'vitest'
import { analyze, learn, startFleet } from '../support/analyzer.ts'
import { eventually } from '../support/eventually.ts'
import { type ReceivedSpan, startOtlpReceiver } from '../support/otlp-receiver.ts'

const modelRedisUrls = inject('services').redisCluster.map(({ host, port }) => `redis://${host}:${port}`)

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

it('one chain of parents and links leads from an access over prediction, command and warm to the read that gained', async () => {
  const receiver = await startOtlpReceiver()
  onTestFinished(receiver.close)
  const env = {
    FOREWARM_TELEMETRY__ENABLED: 'true',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '200',
  }
  const fleet = await startFleet({ modelRedisUrls, env })
  await learn(fleet)
  await analyze(fleet)
  await fleet.library.close()
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
  const [chain] = await eventually(chains, (found) => found.length > 0, { what: 'a whole chain', withinMs: 20_000 })
  console.log((chain ?? []).map((span) => `${serviceOf(span)}: ${span.name}`).join(' <- '))
  expect((chain ?? []).map(serviceOf)).toEqual([
    'forewarm-library',
    'forewarm-warm',
    'forewarm-predict',
    'forewarm-predict',
    'forewarm-library',
    'forewarm-library',
  ])
  const spans = receiver.spans()
  const predicted = chain?.[3]
  const around = spans.find(({ spanId }) => spanId === predicted?.parentSpanId)
  expect(around?.name).toBe(`process ${prefix}access-events`)
  const carried = spans.find(
    (span) => span.name.startsWith(`process ${prefix}warm-commands`) && span.spanId === chain?.[1]?.parentSpanId,
  )
  expect(carried?.links.map(({ spanId }) => spanId)).toContain(chain?.[2]?.spanId)
  expect(spans.find((span) => span.name === `send ${prefix}access-events`)?.parentSpanId).not.toBe('')
  // Ingest folds the same records, and says so in the same story.
  const folded = spans.filter((span) => serviceOf(span) === 'forewarm-ingest')
  expect(folded.flatMap(({ links }) => links.map(({ spanId }) => spanId))).toContain(chain?.[4]?.spanId)
  const services = ['gateway', 'ingest', 'library', 'predict', 'warm'].map((name) => `forewarm-${name}`)
  const told = () => [...new Set(receiver.spans().map(serviceOf))].sort()
  await eventually(told, ({ length }) => length === services.length, { what: 'spans from every process' })
  expect(told()).toEqual(services)
})
