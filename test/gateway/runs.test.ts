import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { digestHex as digest, sha256Hex } from '../../src/adapters/digest.ts'
import { serveGateway } from '../../src/adapters/http/gateway/server.ts'
import type { Verb } from '../../src/adapters/http/gateway/tokens.ts'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import { createMemoryTelemetry, SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { createModelReader } from '../../src/adapters/near-cache/model-reader.ts'
import { blobId } from '../../src/adapters/origins/blob-id.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import { settingsFrom } from '../../src/config/load.ts'
import { createGateway } from '../../src/flows/gateway/gateway.ts'
import { CONTENT_LAYER, layersOf } from '../../src/ports/layer.ts'
import { encodeChunk, encodeHeader, endNote, planNote, runGroup, runsGroup } from '../../src/warming/run/notes.ts'
import type { PlanEntry, RunHeader } from '../../src/warming/run/plan.ts'
import { completeStrategy } from '../../src/warming/strategy/strategy.ts'
import { NO_WISH, toRunSpec } from '../../src/warming/strategy/to-run-spec.ts'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'
import { gatewayRuns } from '../support/gateway-runs.ts'
import { SERVER } from '../support/gateway-server.ts'
import { messagesOn } from '../support/log-contents.ts'

const settings = settingsFrom({
  file: {
    name: 'site.yaml',
    text: `
strategies:
  after-push: {preset: ci, priorityFiles: [changed:origin/main, peakHour]}
workspaces:
  web: {origin: {directory: /srv/web}, onPush: after-push}
`,
  },
})

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

const token = (name: string, workspaces: readonly string[], verbs: readonly Verb[]) =>
  [name, { sha256: sha256Hex(name), workspaces, verbs }] as const

async function start(tokens: readonly ReturnType<typeof token>[] = []) {
  const log = createMemoryEventLog({ partitions: 2 })
  const clock = createSystemClock()
  const cache = createMemoryCache({ clock, bytesMax: 1_000_000 })
  const codec = createEmbeddedCodec()
  const telemetry = createMemoryTelemetry()
  const { store, ...known } = gatewayRuns(settings)
  const { limits } = settings.model
  const models = createModelReader(store, { limits, sha256Hex, now: () => clock.now(), freshMs: 0, entriesMax: 10 })
  const operations = createGateway(
    {
      ...{ log, cache, codec, clock, telemetry, sha256Hex, blobId, digest, models, ...known },
      layers: layersOf([CONTENT_LAYER]),
      newId: randomUUID,
      accuracyTarget: () => 0.7,
      configured: [],
      modelsHealthy: async () => true,
    },
    { appender: { pendingBytesMax: 100_000, timeoutMs: 1_000 }, valueBytesMax: 10_000, shards: 1 },
  )
  const gateway = await serveGateway(
    { operations, telemetry, log: SILENT_LOG, live: () => ({ alive: true }), version: '0.0.0' },
    { ...SERVER, tokens: new Map(tokens) },
  )
  open.push(gateway, log, cache)
  const call = async (method: string, path: string, body?: unknown, bearer?: string) => {
    const response = await fetch(`${gateway.url}/v1/workspaces/${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, json: JSON.parse(await response.text()) }
  }
  const requests = () => messagesOn({ log, codec }, 'warm-requests')
  const events = () => messagesOn({ log, codec }, 'access-events')
  return { call, requests, events, store, switches: known.switches }
}

const strategy = completeStrategy('nightly', [])

/** A run of three files that has ended: one warmed and verified, one over the limit, one that failed. */
async function writeRun({ store }: Awaited<ReturnType<typeof start>>, id: string) {
  const entry = (path: string): PlanEntry => ({
    ...{ path, layer: 'content', reason: 'request', depth: 0, probability: 1, expectedAtMs: 0, horizonAtMs: 0 },
  })
  const header: RunHeader = {
    ...{ id, workspace: 'web', strategy: 'nightly', requestedBy: 'anna', requestedAtMs: 1_000, deadlineMs: 9_000 },
    ...{ revision: null, layers: ['content'], spec: toRunSpec(strategy, NO_WISH), state: 'partial', why: '1 failed' },
    planned: { plan: 'p', files: 3, filesWithin: 2, filesNear: 3, plannedAtMs: 1_100 },
    ...{ rest: null, batchSize: 50, endedAtMs: 2_000 },
    tally: {
      counts: [
        { outcome: 'failed', detail: 'origin', files: 1 },
        { outcome: 'skipped', detail: 'limit', files: 1 },
        { outcome: 'warmed', detail: '', files: 1 },
      ],
      ...{ verified: 1, bytes: 10, pressure: 0.25 },
    },
  }
  await store.notes.put(runsGroup('web'), [{ name: endNote(id), value: encodeHeader(header) }])
  const chunk = encodeChunk(['a.ts', 'b.ts', 'c.ts'].map(entry))
  await store.notes.put(runGroup('web', id), [{ name: planNote('p', 0), value: chunk }])
}

describe('asking for runs', () => {
  test('a strategy by its name, with values of this run in place of its own', async () => {
    const { call, requests } = await start()
    const body = {
      id: 'r',
      strategy: 'production',
      priorityFiles: ['src/**'],
      batchSize: 5,
      layers: ['ast'],
      withinMs: 5_000,
    }
    expect(await call('POST', 'web/warm-requests', body)).toMatchObject({ status: 202, json: { id: 'r' } })
    const [request] = await requests()
    expect(request).toMatchObject({
      ...{ id: 'r', strategy: 'production', paths: [], layers: ['ast'], action: 'run' },
      spec: {
        selectors: [{ kind: 'glob', value: 'src/**', count: 0 }],
        ...{ dependencyDepth: 2, parallelWorkers: 8, batchSize: 5, pressureMax: 0.6, check: false },
      },
    })
    expect((request?.deadlineMs ?? 0) - (request?.requestedAtMs ?? 0)).toBe(5_000)
  })

  test('files without a strategy are warmed alone', async () => {
    const { call, requests } = await start()
    await call('POST', 'web/warm-requests', { paths: ['a.ts'], check: true })
    expect(await requests()).toMatchObject([
      {
        strategy: 'paths',
        paths: ['a.ts'],
        spec: { selectors: [], dependencyDepth: 0, predictivePrefetch: false, check: true },
      },
    ])
  })

  test.each([
    [{ strategy: 'nigthly' }, 'there is no strategy'],
    [{ strategy: 'after-pusch' }, 'did you mean after-push?'],
    [{ strategy: 'production', priorityFiles: ['/etc/*'] }, 'begins with a slash'],
    [{ strategy: 'production', parallelWorkers: 99 }, 'parallelWorkers'],
  ])('%j is refused, and nothing goes to the log', async (body, said) => {
    const { call, requests } = await start()
    const { status, json } = await call('POST', 'web/warm-requests', body)
    expect(status).toBe(400)
    expect(json.message).toContain(said)
    expect(await requests()).toEqual([])
  })
})

describe('events', () => {
  const push = {
    ...{ kind: 'push', revision: 'c0ffee', before: 'decade' },
    changes: [
      { path: 'a.ts', timeMs: 5, version: 'v2' },
      { path: 'gone.ts', timeMs: 5, version: null },
    ],
  }

  test('a push publishes what changed and asks for the strategy of the settings, compared with the revision before', async () => {
    const { call, requests, events } = await start()
    expect(await call('POST', 'web/events', push)).toMatchObject({ status: 202, json: { id: 'push/c0ffee', why: '' } })
    expect((await events())[0]?.changes).toMatchObject([...push.changes, { path: null, version: 'c0ffee' }])
    expect(await requests()).toMatchObject([
      {
        ...{ id: 'push/c0ffee', strategy: 'after-push', revision: 'c0ffee', paths: ['a.ts'] },
        spec: {
          selectors: [
            { kind: 'changed', value: 'decade', count: 0 },
            { kind: 'peakHour', value: '', count: 20 },
          ],
        },
      },
    ])
  })

  test('an event for which the settings name nothing only publishes the changes, and says so', async () => {
    const { call, requests, events } = await start()
    const { json } = await call('POST', 'web/events', { ...push, kind: 'checkout' })
    expect(json).toEqual({ id: null, why: 'the settings name no strategy for a checkout in this workspace' })
    expect(await events()).toHaveLength(1)
    expect(await requests()).toEqual([])
  })
})

describe('runs that are kept', () => {
  test('are listed, shown with their counts, and their files told page by page', async () => {
    const world = await start()
    await writeRun(world, 'push/1')
    const { call } = world
    const { json: listed } = await call('GET', 'web/runs')
    expect(listed.runs.map(({ id }: { id: string }) => id)).toEqual(['push/1'])
    expect((await call('GET', 'web/runs/push%2F1')).json).toMatchObject({
      ...{
        state: 'partial',
        why: '1 failed',
        files: 3,
        verified: 1,
        pressure: 0.25,
        hitRate: { before: null, after: null },
      },
    })
    const page = await call('GET', 'web/runs/push%2F1/files?from=1&max=1')
    expect(page.json).toMatchObject({ files: [{ path: 'b.ts', reason: 'request' }], next: 2 })
    const last = await call('GET', 'web/runs/push%2F1/files?from=2')
    expect(last.json).toMatchObject({ files: [{ path: 'c.ts', outcome: 'skipped', detail: 'limit' }], next: null })
  })

  test('are cancelled and taken up by requests that name them', async () => {
    const world = await start()
    await writeRun(world, 'r1')
    const { call, requests } = world
    expect(await call('POST', 'web/runs/r1/cancel', { requestedBy: 'bea' })).toMatchObject({ status: 202 })
    const { json } = await call('POST', 'web/runs/r1/retry', {})
    expect(await requests()).toMatchObject([
      { id: 'r1', action: 'cancel', requestedBy: 'bea' },
      { id: json.id, action: 'run', strategy: 'default', spec: { retryOf: 'r1', selectors: [] } },
    ])
  })

  test('a run that is not there is 404', async () => {
    const { call, requests } = await start()
    for (const [method, path, body] of [
      ['GET', 'web/runs/none', undefined],
      ['GET', 'web/runs/none/files', undefined],
      ['POST', 'web/runs/none/cancel', {}],
      ['POST', 'web/runs/none/retry', {}],
    ] as const) {
      expect({ path, ...(await call(method, path, body)) }).toMatchObject({ path, status: 404 })
    }
    expect(await requests()).toEqual([])
  })
})

describe('the kill switch', () => {
  test('pauses and resumes a workspace; requests are refused meanwhile, events follow no run', async () => {
    const { call, requests, switches } = await start()
    expect(await call('POST', 'web/pause', { requestedBy: 'anna' })).toMatchObject({
      status: 200,
      json: { done: true },
    })
    expect(await switches.list()).toMatchObject([{ workspace: 'web', by: 'anna' }])
    expect(await call('POST', 'web/warm-requests', { paths: ['a'] })).toMatchObject({
      status: 409,
      json: { code: 'FW_PAUSED' },
    })
    const told = await call('POST', 'web/events', { kind: 'push', revision: 'c1' })
    expect(told.json).toEqual({ id: null, why: 'warming of web was paused by anna' })
    await call('POST', 'web/resume', {})
    expect(await switches.list()).toEqual([])
    expect(await requests()).toEqual([])
    expect(await call('POST', 'web/warm-requests', { paths: ['a'] })).toMatchObject({ status: 202 })
  })

  test('is for tokens with the verb admin; all workspaces at once for those of all', async () => {
    const tokens = [
      token('web-admin', ['web'], ['admin']),
      token('admin', ['*'], ['admin']),
      token('warmer', ['*'], ['warm', 'read', 'publish', 'fill']),
    ]
    const { call, switches } = await start(tokens)
    expect((await call('POST', 'web/pause', {}, 'warmer')).status).toBe(403)
    expect((await call('POST', '*/pause', {}, 'web-admin')).status).toBe(403)
    expect((await call('POST', 'web/pause', {})).status).toBe(401)
    expect(await switches.list()).toEqual([])
    expect((await call('POST', 'web/pause', {}, 'web-admin')).status).toBe(200)
    expect((await call('POST', '*/pause', {}, 'admin')).status).toBe(200)
    expect(await switches.list()).toMatchObject([
      { workspace: 'web', by: 'web-admin' },
      { workspace: null, by: 'admin' },
    ])
    const { call: callAnew, switches: anew } = await start(tokens)
    expect((await callAnew('POST', 'web/pause', { requestedBy: 'admin' }, 'web-admin')).status).toBe(200)
    expect(await anew.list()).toMatchObject([{ workspace: 'web', by: 'web-admin (admin)' }])
  })
})
