import { readFile } from 'node:fs/promises'
import { expect, it, onTestFinished } from 'vitest'
import { type Deployment, deploy } from '../support/deployment.ts'
import { eventually } from '../support/eventually.ts'
import { startKafka } from '../support/services/kafka.ts'
import { readLog } from '../support/whole-model.ts'

const APPEND_TIMEOUT_MS = 1_000
const PENDING_BYTES_MAX = 2 * 1_048_576
/** Larger than what may wait by far; and much less than what is sent during the outage. */
const GROWTH_BYTES_MAX = 192 * 1_048_576
const FLOOD_BYTES_MIN = 1.25 * GROWTH_BYTES_MAX
const SENDERS = 12

const bulk = Array.from({ length: 1_000 }, (_, at) => ({ path: `src/${'deep/'.repeat(60)}file-${at}.ts`, timeMs: at }))

/** Publishes sessions and remembers what was answered. */
function createSender(url: string) {
  const accepted = new Set<string>()
  const slowestMs: number[] = []
  let sent = 0
  let bytes = 0
  const post = async (accesses: readonly object[]): Promise<number> => {
    const session = `session-${sent++}`
    const body = JSON.stringify({ session, analyzer: 'eslint', publisher: 'p', sequence: 0, accesses })
    bytes += body.length
    const startedMs = performance.now()
    const response = await fetch(`${url}/v1/workspaces/acme%2Fweb/accesses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    await response.arrayBuffer()
    slowestMs.push(performance.now() - startedMs)
    if (response.status === 202) accepted.add(session)
    return response.status
  }
  return { accepted, post, bytes: () => bytes, slowestMs: () => Math.max(...slowestMs) }
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024
}

async function sessionsOnLog({ model, engines }: Deployment): Promise<ReadonlySet<string>> {
  const sessions = new Set<string>()
  for (const record of await readLog(model)) {
    const decoded = await engines.codec.decode('access-events', record.value)
    if (decoded.ok) sessions.add(decoded.value.session)
  }
  return sessions
}

it('a gateway whose Kafka is away says so, stays small, and keeps every promise that it made', async () => {
  const kafka = await startKafka()
  onTestFinished(kafka.stop)
  const [node] = kafka.nodes
  const deployment = await deploy({ kafka: kafka.bootstrap, partitions: 2 })
  onTestFinished(deployment.close)
  const gateway = await deployment.start('gateway', {
    FOREWARM_GATEWAY__APPEND_TIMEOUT_MS: String(APPEND_TIMEOUT_MS),
    FOREWARM_GATEWAY__PENDING_BYTES_MAX: String(PENDING_BYTES_MAX),
    FOREWARM_GATEWAY__REQUESTS_PER_MINUTE: '1000000',
  })
  const { url } = JSON.parse(await gateway.line(/"url":/))
  const sender = createSender(url)
  const small = bulk.slice(0, 3)
  const back = () =>
    eventually(
      () => sender.post(small),
      (status) => status === 202,
      { what: 'a 202 after the outage', withinMs: 60_000 },
    )
  for (let count = 0; count < 20; count += 1) expect(await sender.post(bulk)).toBe(202)

  const before = await residentBytes(gateway.pid)
  node?.pause()
  const statuses = new Set<number>()
  let largest = before
  const flood = async () => {
    while (sender.bytes() < FLOOD_BYTES_MIN + 8_000_000) {
      statuses.add(await sender.post(bulk))
      largest = Math.max(largest, await residentBytes(gateway.pid))
    }
  }
  // Some of the first may have been under way to Kafka when it froze; nothing is promised after that.
  await Promise.all(Array.from({ length: SENDERS }, flood))
  expect([...statuses]).toEqual([503])
  expect((await fetch(`${url}/livez`)).status).toBe(200)
  node?.resume()
  await back()

  await node?.kill()
  expect(await sender.post(small)).toBe(503)
  await node?.restart()
  await back()

  const found = await sessionsOnLog(deployment)
  const growthMb = Math.round((largest - before) / 1_048_576)
  console.log(
    `sent ${Math.round(sender.bytes() / 1_048_576)} MB, grown by ${growthMb} MB, slowest ${Math.round(sender.slowestMs())} ms, ` +
      `accepted ${sender.accepted.size}, on the log ${found.size}`,
  )
  expect(sender.bytes()).toBeGreaterThan(FLOOD_BYTES_MIN)
  expect(largest - before).toBeLessThan(GROWTH_BYTES_MAX)
  expect([...sender.accepted].filter((session) => !found.has(session))).toEqual([])
})
