import { createHash, randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { type GatewayServerOptions, type RunningGateway, serveGateway } from '../../src/adapters/http/gateway/server.ts'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import { createMemoryTelemetry, SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { blobId } from '../../src/adapters/origins/blob-id.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import { settingsFrom } from '../../src/config/load.ts'
import { createGateway, type GatewayDeps, type GatewayOptions } from '../../src/flows/gateway/gateway.ts'
import type { AccessEvent } from '../../src/model/access.ts'
import { WarmingEvidence } from '../../src/model/fold/evidence.ts'
import { Tallies } from '../../src/model/fold/tallies.ts'
import { prove } from '../../src/model/proof.ts'
import { ForewarmError } from '../../src/ports/errors.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { CONTENT_LAYER, layersOf } from '../../src/ports/layer.ts'
import type { FileEvidence } from '../../src/ports/model-reader.ts'
import { valueKey } from '../../src/warming/cache-key.ts'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'
import { gatewayRuns } from '../support/gateway-runs.ts'

const sha256Hex = (text: string) => createHash('sha256').update(text).digest('hex')
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

const learned = (() => {
  const tallies = new Tallies()
  for (const verdict of ['hit', 'hit', 'hit', 'wasted'] as const) tallies.count('profile', 'warmed', verdict)
  const treated = { hit: 4, warmHit: 2, miss: 4, stale: 0 }
  const warming = new WarmingEvidence()
  for (let at = 0; at < 10; at += 1) warming.read('treated', at, at < 6)
  for (let at = 0; at < 120; at += 1) warming.settle(1_000, at < 60 ? 'hit' : 'wasted')
  return {
    accesses: 10,
    files: 3,
    closedSessions: 1,
    proof: prove({ tallies, treated, warming }),
  }
})()

const evidence: FileEvidence = {
  path: 'src/a.ts',
  frequency: 3,
  lastAccessMs: 30,
  accessTimes: [10, 20, 30],
  coAccess: [{ path: 'src/b.ts', count: 2 }],
  successors: [],
  hoursOfDay: new Map([[0, 3]]),
  hoursOfWeek: new Map([[72, 3]]),
}

const models: GatewayDeps['models'] = {
  file: async (workspace, path) => (workspace === 'acme/web' && path === evidence.path ? evidence : null),
  profile: async () => null,
  sequences: async () => [],
  closedSessions: async () => [],
  learned: async (workspace) => (workspace === 'acme/web' ? learned : null),
  files: async function* () {},
  shardKeys: async () => ['acme/web#0'],
}

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

type Setup = { server?: Partial<GatewayServerOptions>; limits?: Partial<GatewayOptions>; deps?: Partial<GatewayDeps> }

async function start({ server = {}, limits = {}, deps = {} }: Setup = {}) {
  const log = createMemoryEventLog({ partitions: 2 })
  const clock = createSystemClock()
  const cache = createMemoryCache({
    clock,
    bytesMax: 1_000_000,
  })
  const codec = createEmbeddedCodec()
  const telemetry = createMemoryTelemetry()
  const { store: _, ...known } = gatewayRuns(settingsFrom({}))
  const operations = createGateway(
    {
      log,
      cache,
      codec,
      clock,
      telemetry,
      sha256Hex,
      blobId,
      digest,
      layers: layersOf([CONTENT_LAYER]),
      newId: randomUUID,
      models,
      ...known,
      accuracyTarget: (workspace) => (workspace === 'acme/web' ? 0.7 : 0.1),
      configured: [],
      modelsHealthy: async () => true,
      ...deps,
    },
    { appender: { pendingBytesMax: 100_000, timeoutMs: 300 }, valueBytesMax: 10_000, shards: 1, ...limits },
  )
  const gateway = await serveGateway(
    { operations, telemetry, log: SILENT_LOG, live: () => ({ alive: true }), version: '0.0.0' },
    {
      host: '127.0.0.1',
      port: 0,
      tokens: new Map(),
      bodyBytesMax: 50_000,
      valueBytesMax: 10_000,
      batchMax: 10,
      requestsPerMinute: 1_000,
      connectionsMax: 100,
      requestTimeoutMs: 2_000,
      idleTimeoutMs: 2_000,
      pageFolder: null,
      ...server,
    },
  )
  open.push(gateway, log, cache)
  return { gateway, log, cache, codec, telemetry, call: caller(gateway) }
}

const caller =
  ({ url }: RunningGateway) =>
  async (method: string, path: string, options: { body?: unknown; type?: string; token?: string } = {}) => {
    const { body, type = 'application/json', token } = options
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': type }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined
        ? {}
        : ({ body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body) } as object)),
    })
    const bytes = new Uint8Array(await response.arrayBuffer())
    const text = new TextDecoder().decode(bytes)
    return {
      status: response.status,
      headers: response.headers,
      bytes,
      json: (response.headers.get('content-type') ?? '').includes('json') ? JSON.parse(text) : null,
    }
  }

async function eventsOn(log: EventLog): Promise<readonly (AccessEvent & { headers: ReadonlyMap<string, string> })[]> {
  const codec = createEmbeddedCodec()
  const found: (AccessEvent & { headers: ReadonlyMap<string, string> })[] = []
  for (const partition of [0, 1]) {
    for await (const record of log.read({ topic: 'access-events', partition }, 0)) {
      const decoded = await codec.decode('access-events', record.value)
      if (decoded.ok) found.push({ ...decoded.value, headers: record.headers })
    }
  }
  return found
}

const web = '/v1/workspaces/acme%2Fweb'
const accesses = {
  session: 's1',
  analyzer: 'eslint',
  publisher: 'p1',
  sequence: 0,
  accesses: [
    { path: 'src/a.ts', timeMs: 1_000 },
    { path: 'src/b.ts', timeMs: 1_001, outcome: 'miss' },
  ],
}

describe('accesses at the gateway', () => {
  test('are answered with 202 once the log has them, and where they lie', async () => {
    const { call, log } = await start()
    const answer = await call('POST', `${web}/accesses`, { body: accesses })
    expect(answer.status).toBe(202)
    expect(answer.json).toMatchObject({ accepted: 2, records: [{ offset: 0 }] })
    const [event] = await eventsOn(log)
    expect(event).toMatchObject({
      workspace: 'acme/web',
      session: 's1',
      publisher: 'p1',
      sequence: 0,
      sessionEnded: false,
    })
    expect(event?.accesses.map(({ path, layer, outcome }) => [path, layer, outcome])).toEqual([
      ['src/a.ts', 'content', 'unknown'],
      ['src/b.ts', 'content', 'miss'],
    ])
  })

  test('as NDJSON become one event a session, numbered lines staying countable', async () => {
    const { call, log } = await start()
    const line = (session: string, path: string, sequence: number) =>
      JSON.stringify({ session, analyzer: 'tsc', publisher: 'p', sequence, path, timeMs: 5 })
    const body = [line('s1', 'a', 0), line('s1', 'b', 1), line('s2', 'c', 0), line('s1', 'd', 7)].join('\n')
    const answer = await call('POST', `${web}/accesses`, { body, type: 'application/x-ndjson' })
    expect(answer).toMatchObject({ status: 202, json: { accepted: 4 } })
    const events = (await eventsOn(log)).map((event) => [
      event.session,
      event.sequence,
      event.accesses.map(({ path }) => path),
    ])
    expect(events).toHaveLength(3)
    expect(events).toEqual(
      expect.arrayContaining([
        ['s1', 0, ['a', 'b']],
        ['s2', 0, ['c']],
        ['s1', 7, ['d']],
      ]),
    )
  })

  test('carry the trace of their request into the log', async () => {
    const { gateway, log } = await start()
    const trace = '0af7651916cd43dd8448eb211c80319c'
    await fetch(`${gateway.url}${web}/accesses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: `00-${trace}-b7ad6b7169203331-01` },
      body: JSON.stringify(accesses),
    })
    const [event] = await eventsOn(log)
    expect(event?.headers.get('traceparent')).toContain(trace)
  })

  test.each<[string, unknown, string]>([
    ['an unknown key', { ...accesses, extra: 1 }, 'extra'],
    ['an unknown key of an access', { ...accesses, accesses: [{ path: 'a', timeMs: 1, size: 3 }] }, 'size'],
    ['a text for a number', { ...accesses, sequence: '0' }, 'sequence'],
    ['no session', { analyzer: 'x', accesses: [] }, 'session'],
    ['a path that leaves the workspace', { ...accesses, accesses: [{ path: '../a', timeMs: 1 }] }, 'path'],
    ['a batch over the limit', { ...accesses, accesses: Array(11).fill({ path: 'a', timeMs: 1 }) }, 'accesses'],
    ['__proto__', '{"session":"s","analyzer":"a","accesses":[],"__proto__":{"x":1}}', ''],
    ['no JSON', '{', ''],
  ])('with %s are refused as a whole, saying why', async (_, body, named) => {
    const { call, log } = await start()
    const answer = await call('POST', `${web}/accesses`, { body })
    expect(answer.status).toBe(400)
    expect(Object.keys(answer.json).sort()).toEqual(['code', 'mend', 'message'])
    expect(answer.json.code).toMatch(/^FW_(REQUEST|RECORD)_INVALID$/)
    expect(answer.json.message).toContain(named)
    expect(await eventsOn(log)).toEqual([])
  })

  test('as NDJSON with a bad line, with __proto__ or of a wrong type are refused as a whole', async () => {
    const { call, log } = await start()
    const good = '{"session":"s","analyzer":"a","path":"a","timeMs":1}'
    for (const bad of ['{', '{"session":"s","analyzer":"a","path":"a","timeMs":1,"__proto__":{}}', '[]', '']) {
      const body = bad === '' ? '\n' : `${good}\n${bad}`
      expect((await call('POST', `${web}/accesses`, { body, type: 'application/x-ndjson' })).status).toBe(400)
    }
    for (const type of ['text/plain', 'application/octet-stream', 'application/xml']) {
      expect((await call('POST', `${web}/accesses`, { body: good, type })).status).toBe(415)
    }
    expect(await eventsOn(log)).toEqual([])
  })
})

describe('a log that is away or slow', () => {
  const away = (append: EventLog['append']): Partial<GatewayDeps> => {
    const log = createMemoryEventLog({ partitions: 2 })
    open.push(log)
    return { log: { ...log, append } }
  }

  test.each<[string, EventLog['append']]>([
    ['away', async () => Promise.reject(new ForewarmError('FW_LOG_UNAVAILABLE', 'no broker', { retriable: true }))],
    ['slow', () => new Promise(() => {})],
  ])('(%s) is answered with 503 FW_OVERLOADED and Retry-After', async (_, append) => {
    const { call } = await start({ deps: away(append) })
    const answer = await call('POST', `${web}/accesses`, { body: accesses })
    expect(answer).toMatchObject({ status: 503, json: { code: 'FW_OVERLOADED' } })
    expect(answer.headers.get('retry-after')).toBe('1')
  })

  test('never makes this process hold more than its bound', async () => {
    const held = { records: 0 }
    const append: EventLog['append'] = (_, records) => {
      held.records += records.length
      return new Promise(() => {})
    }
    const bound = { appender: { pendingBytesMax: 1_000, timeoutMs: 300 } }
    const { call } = await start({ deps: away(append), limits: bound })
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => call('POST', `${web}/accesses`, { body: accesses })),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]))
    expect(held.records).toBeGreaterThan(0)
    expect(held.records).toBeLessThan(40)
  })
})

describe('tokens at the gateway', () => {
  const token = (secret: string, workspaces: string[], verbs: ('publish' | 'read' | 'fill' | 'warm')[]) => ({
    sha256: sha256Hex(secret),
    workspaces,
    verbs,
  })
  const tokens = new Map([
    ['all', token('t-all', ['*'], ['publish', 'read', 'fill', 'warm'])],
    ['web', token('t-web', ['acme/web'], ['publish', 'read', 'fill', 'warm'])],
    ['reader', token('t-reader', ['acme/web'], ['read'])],
    ['publisher', token('t-publisher', ['acme/web'], ['publish'])],
  ])
  const api = '/v1/workspaces/acme%2Fapi'

  test.each<[token: string | undefined, path: string, publish: number, read: number]>([
    ['t-all', web, 202, 200],
    ['t-all', api, 202, 200],
    ['t-web', web, 202, 200],
    ['t-web', api, 403, 403],
    ['t-reader', web, 403, 200],
    ['t-publisher', web, 202, 403],
    ['t-wrong', web, 401, 401],
    ['', web, 401, 401],
    [undefined, web, 401, 401],
  ])('%s in %s: publishing gives %i, reading %i', async (secret, base, publish, read) => {
    const { call } = await start({ server: { tokens } })
    const auth = secret === undefined ? {} : { token: secret }
    expect((await call('POST', `${base}/accesses`, { ...auth, body: accesses })).status).toBe(publish)
    const status = await call('GET', `${base}/status`, auth)
    expect(status.status).toBe(read)
    if (read !== 200) expect(status.json.code).toBe('FW_UNAUTHORIZED')
  })

  test('are asked for by every route of a workspace, and by no health route', async () => {
    const { call } = await start({ server: { tokens } })
    const { json } = await call('GET', '/openapi.json')
    const routes = Object.entries(json.paths).flatMap(([path, methods]) =>
      Object.keys(methods as object).map((method) => [method.toUpperCase(), path.replace('{workspace}', 'acme%2Fweb')]),
    )
    expect(routes.length).toBeGreaterThanOrEqual(10)
    for (const [method = '', path = ''] of routes) {
      const { status } = await call(method, path)
      expect([method, path, status]).toEqual([method, path, path.startsWith('/v1/') ? 401 : 200])
    }
  })

  test('are compared before the body is read', async () => {
    const { call } = await start({ server: { tokens } })
    expect((await call('POST', `${web}/accesses`, { body: '{', token: 't-wrong' })).status).toBe(401)
  })

  test('without any, a page of the web that resolves to this machine is refused', async () => {
    const { gateway } = await start()
    const { hostname, port } = new URL(gateway.url)
    const socket = connect(Number(port), hostname)
    socket.write(`GET ${web}/status HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`)
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk as Buffer)
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 403 /)
  })
})

describe('limits of the gateway', () => {
  test('a body over the limit is refused with 413', async () => {
    const { call } = await start({ server: { bodyBytesMax: 1_024 } })
    const body = { ...accesses, revision: 'x'.repeat(2_000) }
    expect(await call('POST', `${web}/accesses`, { body })).toMatchObject({
      status: 413,
      json: { code: 'FW_FILE_TOO_LARGE' },
    })
  })

  test('too many requests of one token get 429 with Retry-After; another token and health go on', async () => {
    const tokens = new Map(
      ['a', 'b'].map((name) => [name, { sha256: sha256Hex(name), workspaces: ['*'], verbs: ['read'] as const }]),
    )
    const { call } = await start({ server: { requestsPerMinute: 3, tokens } })
    const statuses: number[] = []
    for (let turn = 0; turn < 5; turn += 1) statuses.push((await call('GET', `${web}/status`, { token: 'a' })).status)
    expect(statuses).toEqual([200, 200, 200, 429, 429])
    const refused = await call('GET', `${web}/status`, { token: 'a' })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(refused.json).toMatchObject({ code: 'FW_OVERLOADED' })
    expect((await call('GET', `${web}/status`, { token: 'b' })).status).toBe(200)
    expect((await call('GET', '/livez')).status).toBe(200)
  })

  test('guessing tokens is limited as well', async () => {
    const tokens = new Map([['a', { sha256: sha256Hex('a'), workspaces: ['*'], verbs: ['read'] as const }]])
    const { call } = await start({ server: { requestsPerMinute: 3, tokens } })
    const statuses: number[] = []
    for (let turn = 0; turn < 5; turn += 1)
      statuses.push((await call('GET', `${web}/status`, { token: `guess${turn}` })).status)
    expect(statuses).toEqual([401, 401, 401, 429, 429])
  })

  test('asking for routes that do not exist is limited as well', async () => {
    const { call } = await start({ server: { requestsPerMinute: 3 } })
    const statuses: number[] = []
    for (let turn = 0; turn < 5; turn += 1) statuses.push((await call('GET', `/nothing/${turn}`)).status)
    expect(statuses).toEqual([404, 404, 404, 429, 429])
  })

  test('a client that never ends its request is cut off', async () => {
    const { gateway } = await start({ server: { requestTimeoutMs: 300, idleTimeoutMs: 300 } })
    const { hostname, port } = new URL(gateway.url)
    const socket = connect(Number(port), hostname)
    socket.write(
      `POST ${web}/accesses HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{`,
    )
    const ended = new Promise<void>((resolve) => socket.on('close', () => resolve()))
    socket.on('error', () => {})
    socket.resume()
    await ended
  })
})

describe('the cache through the gateway', () => {
  const body = new TextEncoder().encode('export {}\n')
  const version = blobId(body)
  const value = `${web}/cache?path=src%2Fa.ts&version=${version}`

  test('a miss, a fill, a hit', async () => {
    const { call } = await start()
    const miss = await call('GET', value)
    expect([miss.status, miss.headers.get('x-forewarm-outcome')]).toEqual([404, 'miss'])
    const fill = () => call('PUT', value, { body, type: 'application/octet-stream' })
    expect((await fill()).status).toBe(201)
    expect(await fill()).toMatchObject({ status: 200, json: { result: 'present' } })
    const hit = await call('GET', value)
    expect([hit.status, hit.headers.get('x-forewarm-outcome')]).toEqual([200, 'hit'])
    expect(hit.headers.get('x-forewarm-version')).toBe(version)
    expect(hit.bytes).toEqual(body)
  })

  test('the first read of a warmed value is a warm hit that names its command, the second a hit', async () => {
    const { call, cache, telemetry } = await start()
    const name = { workspace: 'acme/web', layer: 'content', producerVersion: '1', path: 'src/a.ts', version }
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
    await cache.put(valueKey(name, sha256Hex), body, { kind: 'warm', commandId: 'c1', traceparent })
    const first = await call('GET', value)
    expect([first.headers.get('x-forewarm-outcome'), first.headers.get('x-forewarm-warmed-by')]).toEqual([
      'warmHit',
      'c1',
    ])
    expect((await call('GET', value)).headers.get('x-forewarm-outcome')).toBe('hit')
    expect(telemetry.spans.some(({ options }) => options.links?.includes(traceparent))).toBe(true)
  })

  test('without a version the current one is looked up; another one that is wanted is stale', async () => {
    const { call, cache } = await start()
    const { pointerKey } = await import('../../src/warming/cache-key.ts')
    await call('PUT', value, { body, type: 'application/octet-stream' })
    await cache.movePointer(pointerKey('acme/web', 'src/a.ts', sha256Hex), version, 1)
    const current = await call('GET', `${web}/cache?path=src%2Fa.ts`)
    expect([current.status, current.headers.get('x-forewarm-version')]).toEqual([200, version])
    const other = await call('GET', `${web}/cache?path=src%2Fa.ts&version=abc`)
    expect([other.status, other.headers.get('x-forewarm-outcome')]).toEqual([404, 'stale'])
  })

  test("a value of one workspace is not another's", async () => {
    const { call } = await start()
    await call('PUT', value, { body, type: 'application/octet-stream' })
    expect((await call('GET', value.replace('web', 'api'))).status).toBe(404)
  })

  test('a content value whose version is not its own, or that is too large, is refused', async () => {
    const { call } = await start()
    const wrong = { body: new TextEncoder().encode('other'), type: 'application/octet-stream' }
    expect(await call('PUT', value, wrong)).toMatchObject({ status: 400, json: { code: 'FW_REQUEST_INVALID' } })
    const large = { body: new Uint8Array(10_001), type: 'application/octet-stream' }
    expect((await call('PUT', value, large)).status).toBe(413)
    const print = { body: new TextEncoder().encode('{}'), type: 'application/octet-stream' }
    expect(await call('PUT', `${value}&layer=incremental`, print)).toMatchObject({
      status: 400,
      json: { code: 'FW_REQUEST_INVALID', message: expect.stringContaining('made by workers alone') },
    })
    expect((await call('PUT', value, { body: '"x"' })).status).toBe(400)
  })

  test('a path that can be no file is refused', async () => {
    const { call } = await start()
    expect(await call('GET', `${web}/cache?path=..%2Fa&version=1`)).toMatchObject({
      status: 400,
      json: { code: 'FW_PATH_DENIED' },
    })
  })
})

describe('what the gateway shows', () => {
  test('the model of a file, the status, and 404 for what was never read', async () => {
    const { call } = await start()
    const file = await call('GET', `${web}/model/files?path=src%2Fa.ts`)
    expect(file.json).toEqual({
      ...evidence,
      hoursOfDay: [{ hour: 0, count: 3 }],
      hoursOfWeek: [{ hour: 72, count: 3 }],
    })
    expect((await call('GET', `${web}/model/files?path=src%2Fz.ts`)).status).toBe(404)
    expect((await call('GET', `${web}/status`)).json).toMatchObject({
      workspace: 'acme/web',
      learned: { accesses: 10, proof: { accuracy: 0.75, warmHits: 2, byReason: [{ reason: 'profile', hit: 3 }] } },
      accuracy: { target: 0.7, isLow: true },
      cache: { entries: 0 },
    })
    const { recent, hitRate } = (await call('GET', `${web}/status`)).json.learned.proof
    expect(recent).toMatchObject({ accuracy: 0.5, settled: 120, toMs: 900_000 })
    expect(hitRate).toMatchObject({ value: 0.6 })
    const unread = await call('GET', '/v1/workspaces/nobody/status')
    expect(unread.json.accuracy).toEqual({ target: 0.1, isLow: null })
  })

  test('the latest commands of a session, and its candidates where predict runs here', async () => {
    const outlooked = {
      path: 'src/b.ts',
      probability: 0.5,
      distance: 2,
      dueMs: 5,
      strength: 0,
      support: 0,
      control: false,
    }
    const explain = async () => ({
      candidates: [{ path: 'src/b.ts', probability: 0.5, reason: 'succession', expectedAtMs: 5 }],
      outlook: {
        ...{ workspace: 'acme/web', session: 's1', analyzer: 'lint', reads: 3, lastReadMs: 0, threshold: 0.1 },
        paused: false,
        files: [{ ...outlooked, sources: ['succession'], fate: 'warm' as const }],
      },
    })
    const { call, log, codec } = await start({ deps: { explain } })
    const file = {
      path: 'src/b.ts',
      layer: 'content',
      version: null,
      reason: 'succession',
      probability: 0.5,
      control: false,
    }
    const command = (id: string, session: string, issuedAtMs: number) => ({
      ...{
        id,
        workspace: 'acme/web',
        shard: 0,
        runId: null,
        session,
        revision: null,
        issuedAtMs,
        mode: 'warm' as const,
        firstFile: 0,
        parallelMax: 0,
        bytesPerSecondMax: 0,
        deadlineMs: 9,
        bytesMax: 1,
      },
      ...{ pressureMax: 1, files: [{ ...file, expectedAtMs: 5, horizonAtMs: 9 }] },
    })
    for (const one of [command('c1', 's1', 1), command('c2', 's1', 2), command('c3', 's2', 3)]) {
      const value = await codec.encode('warm-commands', one)
      await log.append('warm-commands', [{ key: one.id, value, headers: new Map() }])
    }
    const { json } = await call('GET', `${web}/predictions?session=s1`)
    expect(json.commands.map(({ id }: { id: string }) => id)).toEqual(['c2', 'c1'])
    expect(json).toMatchObject(await explain())
  })

  test('the patterns of a workspace are told, and nobody is told what nobody has read', async () => {
    const files = async function* () {
      yield [{ ...evidence, coAccess: [] }]
    }
    const file = async () => ({ ...evidence, coAccess: [{ path: 'src/b.ts', count: 6 }] })
    const { call } = await start({ deps: { models: { ...models, file, files } } })
    const { status, json } = await call('GET', `${web}/patterns?limit=1`)
    expect(status).toBe(200)
    expect(json.correlations).toEqual([{ path: 'src/a.ts', coFile: 'src/b.ts', count: 6, strength: 1 }])
    expect(json.hoursOfWeek[72]).toBe(3)
    expect(await call('GET', '/v1/workspaces/nobody/patterns')).toMatchObject({ status: 404 })
    expect(await call('GET', `${web}/patterns?limit=0`)).toMatchObject({ status: 400 })
  })

  test('a warm request and changes go to the log', async () => {
    const { call, log, codec } = await start()
    const asked = await call('POST', `${web}/warm-requests`, { body: { id: 'r1', paths: ['src/a.ts'] } })
    expect(asked).toMatchObject({ status: 202, json: { id: 'r1' } })
    const requests = []
    for (const partition of [0, 1]) {
      for await (const { value } of log.read({ topic: 'warm-requests', partition }, 0)) {
        requests.push(await codec.decode('warm-requests', value))
      }
    }
    expect(requests).toMatchObject([{ ok: true, value: { id: 'r1', workspace: 'acme/web', layers: ['content'] } }])
    const changes = [{ path: 'src/a.ts', timeMs: 5, version: null }]
    expect((await call('POST', `${web}/changes`, { body: { changes } })).status).toBe(202)
    expect((await eventsOn(log))[0]?.changes).toEqual(changes)
  })

  test('status names the layers that are made here, with their versions', async () => {
    const { call } = await start({})
    expect((await call('GET', `${web}/status`)).json.layers).toEqual([{ name: 'content', version: '1' }])
  })

  test('while warming is paused a warm request is refused with who paused, and status shows since when', async () => {
    const pause = { workspace: 'acme/web', sinceMs: 1_700_000_000_000, by: 'ann' }
    const all = { ...pause, workspace: null }
    const other = { ...pause, workspace: 'acme/api' }
    const switches = {
      pause: async () => {},
      resume: async () => {},
      pauseOf: async (workspace: string) => (workspace === 'acme/web' ? pause : null),
      list: async () => [all, other, pause],
    }
    const { call, log } = await start({ deps: { switches } })
    const refused = await call('POST', `${web}/warm-requests`, { body: { paths: ['src/a.ts'] } })
    expect(refused).toMatchObject({ status: 409, json: { code: 'FW_PAUSED' } })
    expect(refused.json.message).toContain('warming of acme/web was paused by ann')
    const api = '/v1/workspaces/acme%2Fapi'
    expect((await call('POST', `${api}/warm-requests`, { body: { paths: ['a'] } })).status).toBe(202)
    expect((await call('GET', `${web}/status`)).json.pauses).toEqual([all, pause])
    expect((await call('POST', `${web}/accesses`, { body: accesses })).status).toBe(202)
    expect(await eventsOn(log)).toHaveLength(1)
  })

  test('readiness says what is missing', async () => {
    const { call } = await start({ deps: { modelsHealthy: async () => false } })
    expect(await call('GET', '/readyz')).toMatchObject({
      status: 503,
      json: { ready: false, missing: ['the model store does not answer'] },
    })
    expect((await call('GET', '/livez')).status).toBe(200)
  })

  test('the OpenAPI description says what the validators check', async () => {
    const { call } = await start()
    const { json } = await call('GET', '/openapi.json')
    expect(json.openapi).toBe('3.1.0')
    const post = json.paths['/v1/workspaces/{workspace}/accesses'].post
    expect(Object.keys(post.requestBody.content).sort()).toEqual(['application/json', 'application/x-ndjson'])
    const schema = post.requestBody.content['application/json'].schema
    expect(schema).toMatchObject({
      additionalProperties: false,
      required: expect.arrayContaining(['session', 'accesses']),
    })
    expect(post.responses['202']).toBeDefined()
    const undescribed = Object.entries(json.paths).filter(([, methods]) =>
      Object.values(methods as Record<string, { summary?: string }>).some(({ summary }) => summary === undefined),
    )
    expect(undescribed).toEqual([])
  })
})

test('names the workspaces and streams what is going on in one', async () => {
  const { gateway } = await start()
  const names = await fetch(`${gateway.url}/v1/workspaces`)
  expect(await names.json()).toEqual({ workspaces: ['acme/web'] })
  const ending = new AbortController()
  const { body, headers } = await fetch(`${gateway.url}/v1/workspaces/acme%2Fweb/live`, { signal: ending.signal })
  expect(headers.get('content-type')).toBe('text/event-stream')
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!['status', 'runs', 'live'].every((name) => text.includes(`event: ${name}\ndata: {`) || name === 'runs')) {
    text += (await reader?.read())?.value ?? ''
  }
  ending.abort()
  expect(text).toContain('event: runs\ndata: [')
})
