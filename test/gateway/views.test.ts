import { describe, expect, test } from 'vitest'
import { accesses, evidence, models, startGateway, web } from '../support/gateway-server.ts'
import { messagesOn } from '../support/log-contents.ts'

describe('what the gateway shows', () => {
  test('the model of a file, the status, and 404 for what was never read', async () => {
    const { call } = await startGateway()
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
    const { call, log, codec } = await startGateway({ deps: { explain } })
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
    const { call } = await startGateway({ deps: { models: { ...models, file, files } } })
    const { status, json } = await call('GET', `${web}/patterns?limit=1`)
    expect(status).toBe(200)
    expect(json.correlations).toEqual([{ path: 'src/a.ts', coFile: 'src/b.ts', count: 6, strength: 1 }])
    expect(json.hoursOfWeek[72]).toBe(3)
    expect(await call('GET', '/v1/workspaces/nobody/patterns')).toMatchObject({ status: 404 })
    expect(await call('GET', `${web}/patterns?limit=0`)).toMatchObject({ status: 400 })
  })

  test('a warm request and changes go to the log', async () => {
    const { call, log, codec } = await startGateway()
    const asked = await call('POST', `${web}/warm-requests`, { body: { id: 'r1', paths: ['src/a.ts'] } })
    expect(asked).toMatchObject({ status: 202, json: { id: 'r1' } })
    const requests = await messagesOn({ log, codec }, 'warm-requests')
    expect(requests).toMatchObject([{ id: 'r1', workspace: 'acme/web', layers: ['content'] }])
    const changes = [{ path: 'src/a.ts', timeMs: 5, version: null }]
    expect((await call('POST', `${web}/changes`, { body: { changes } })).status).toBe(202)
    expect((await messagesOn({ log, codec }, 'access-events'))[0]?.changes).toEqual(changes)
  })

  test('status names the layers that are made here, with their versions', async () => {
    const { call } = await startGateway({})
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
    const { call, log, codec } = await startGateway({ deps: { switches } })
    const refused = await call('POST', `${web}/warm-requests`, { body: { paths: ['src/a.ts'] } })
    expect(refused).toMatchObject({ status: 409, json: { code: 'FW_PAUSED' } })
    expect(refused.json.message).toContain('warming of acme/web was paused by ann')
    const api = '/v1/workspaces/acme%2Fapi'
    expect((await call('POST', `${api}/warm-requests`, { body: { paths: ['a'] } })).status).toBe(202)
    expect((await call('GET', `${web}/status`)).json.pauses).toEqual([all, pause])
    expect((await call('POST', `${web}/accesses`, { body: accesses })).status).toBe(202)
    expect(await messagesOn({ log, codec }, 'access-events')).toHaveLength(1)
  })

  test('readiness says what is missing', async () => {
    const { call } = await startGateway({ deps: { modelsHealthy: async () => false } })
    expect(await call('GET', '/readyz')).toMatchObject({
      status: 503,
      json: { ready: false, missing: ['the model store does not answer'] },
    })
    expect((await call('GET', '/livez')).status).toBe(200)
  })

  test('the OpenAPI description says what the validators check', async () => {
    const { call } = await startGateway()
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
  const { gateway } = await startGateway()
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
