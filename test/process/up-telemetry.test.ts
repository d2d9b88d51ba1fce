import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts'
import { spawnForewarm } from '../support/process.ts'

let folder: string
let receiver: OtlpReceiver

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forewarm-telemetry-'))
  receiver = await startOtlpReceiver()
})
afterEach(async () => {
  await receiver.close()
  await rm(folder, { recursive: true, force: true })
})

/** `forewarm up` over this folder as workspace `shop`, telling the receiver. */
async function up() {
  const settings = {
    embedded: { file: join(folder, 'forewarm.sqlite') },
    workspaces: { shop: { origin: { directory: folder } } },
    gateway: { port: 0 },
    telemetry: { enabled: true },
  }
  // JSON is YAML.
  await writeFile(join(folder, 'forewarm.yaml'), JSON.stringify(settings))
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
  const child = spawnForewarm(['--config', join(folder, 'forewarm.yaml'), 'up'], { env })
  const { url } = JSON.parse(await child.line(/the gateway listens/))
  return { child, url: `${url}/v1/workspaces/shop` }
}

test('a receiver of OTLP sees the chain from a wish over its warm to the hit, without a path or content', async () => {
  const path = 'canary-file.ts'
  await writeFile(join(folder, path), 'canary-content')
  const version = execFileSync('git', ['hash-object', join(folder, path)], { encoding: 'utf8' }).trim()
  const { child, url } = await up()
  const headers = { 'content-type': 'application/json' }
  const wish = await fetch(`${url}/warm-requests`, { method: 'POST', headers, body: JSON.stringify({ paths: [path] }) })
  expect(wish.status).toBe(202)
  const hit = await eventually(
    () => fetch(`${url}/cache?${new URLSearchParams({ path, version })}`),
    ({ status }) => status === 200,
    { what: 'the warmed file' },
  )
  expect(await hit.text()).toBe('canary-content')
  expect(await child.kill('SIGTERM')).toMatchObject({ code: 0 })

  const spans = receiver.spans()
  const named = (name: string) => spans.find((span) => span.name === name)
  const linked = (name: string) => named(name)?.links[0]
  const asked = spans.find(({ name }) => name.startsWith('POST '))
  expect(linked('process warm-requests')?.traceId).toBe(asked?.traceId)
  expect(named('run')?.parentSpanId).toBe(named('process warm-requests')?.spanId)
  expect(named('send warm-commands')?.parentSpanId).toBe(named('run')?.spanId)
  expect(linked('warm')?.spanId).toBe(named('send warm-commands')?.spanId)
  expect(linked('warm hit')?.spanId).toBe(named('warm')?.spanId)
  for (const { resource } of spans) expect(resource['service.name']).toBe('forewarm-up')
  const metrics = receiver.metrics().map(({ name }) => name)
  for (const name of ['forewarm.warm.files', 'forewarm.event_to_warm.duration', 'messaging.process.duration']) {
    expect(metrics).toContain(name)
  }
  for (const told of [receiver.text(), child.stderr()]) expect(told).not.toContain('canary')
})
