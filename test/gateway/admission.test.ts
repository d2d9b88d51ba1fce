import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { accesses, startGateway, web } from '../support/gateway-server.ts'

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
    const { call } = await startGateway({ server: { tokens } })
    const auth = secret === undefined ? {} : { token: secret }
    expect((await call('POST', `${base}/accesses`, { ...auth, body: accesses })).status).toBe(publish)
    const status = await call('GET', `${base}/status`, auth)
    expect(status.status).toBe(read)
    if (read !== 200) expect(status.json.code).toBe('FW_UNAUTHORIZED')
  })

  test('are asked for by every route of a workspace, and by no health route', async () => {
    const { call } = await startGateway({ server: { tokens } })
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
    const { call } = await startGateway({ server: { tokens } })
    expect((await call('POST', `${web}/accesses`, { body: '{', token: 't-wrong' })).status).toBe(401)
  })

  test('without any, a page of the web that resolves to this machine is refused', async () => {
    const { gateway } = await startGateway()
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
    const { call } = await startGateway({ server: { bodyBytesMax: 1_024 } })
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
    const { call } = await startGateway({ server: { requestsPerMinute: 3, tokens } })
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
    const { call } = await startGateway({ server: { requestsPerMinute: 3, tokens } })
    const statuses: number[] = []
    for (let turn = 0; turn < 5; turn += 1)
      statuses.push((await call('GET', `${web}/status`, { token: `guess${turn}` })).status)
    expect(statuses).toEqual([401, 401, 401, 429, 429])
  })

  test('asking for routes that do not exist is limited as well', async () => {
    const { call } = await startGateway({ server: { requestsPerMinute: 3 } })
    const statuses: number[] = []
    for (let turn = 0; turn < 5; turn += 1) statuses.push((await call('GET', `/nothing/${turn}`)).status)
    expect(statuses).toEqual([404, 404, 404, 429, 429])
  })

  test('a client that never ends its request is cut off', async () => {
    const { gateway } = await startGateway({ server: { requestTimeoutMs: 300, idleTimeoutMs: 300 } })
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
