import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { accessLines, changesBody } from '../../src/adapters/http/gateway/schemas.ts'
import { warmRequestBody } from '../../src/adapters/http/gateway/schemas-runs.ts'
import { typeBoxCompiler } from '../../src/adapters/http/gateway/validator.ts'
import { type GatewayAnswer, startGateway, web } from '../support/gateway-server.ts'

const BODY_BYTES = 128 * 1_024

/** Texts of about the largest size that is taken, each with one thing a million times. */
const count = BODY_BYTES / 8
const keys = Array.from({ length: count / 2 }, (_, nth) => `"k${nth}":0`).join(',')
const BOMBS: Readonly<Record<string, string>> = {
  'lists in lists': '['.repeat(count) + ']'.repeat(count),
  'objects in objects': `${'{"a":'.repeat(count)}1${'}'.repeat(count)}`,
  'lists that never end': '['.repeat(BODY_BYTES - 1),
  'a list of nothing': `[${'{},'.repeat(count)}{}]`,
  'too many accesses': `{"session":"s","analyzer":"a","accesses":[${'{},'.repeat(count)}{}]}`,
  'too many changes': `{"changes":[${'{},'.repeat(count)}{}]}`,
  'too many paths': `{"paths":[${'"",'.repeat(count)}""]}`,
  'a path of lists': `{"paths":["a"],"strategy":[${'[],'.repeat(count)}[]]}`,
  'too many keys': `{${keys}}`,
  'too many keys within': `{"session":"s","analyzer":"a","accesses":[{${keys}}]}`,
  'a long text': `{"session":"${'x'.repeat(BODY_BYTES - 100)}","analyzer":"a","accesses":[]}`,
  'a long key': `{"${'x'.repeat(BODY_BYTES - 100)}":1}`,
  'escapes in a text': `{"requestedBy":"${'\\u0000'.repeat(count / 2)}"}`,
  'a number of many digits': `{"withinMs":${'9'.repeat(BODY_BYTES - 100)}}`,
  'a number beyond all': '{"paths":["a"],"withinMs":1e999}',
  __proto__: '{"paths":["a"],"changes":[],"__proto__":{"verbs":["admin"]}}',
  '__proto__ within': '{"changes":[{"path":"a","timeMs":1,"version":null,"__proto__":{"x":1}}]}',
  '__proto__ in escapes': '{"\\u005f_proto__":{"x":1},"requestedBy":"a"}',
  constructor: '{"constructor":{"prototype":{"verbs":["admin"]}}}',
  'half a character': '{"requestedBy":"\\ud800',
  'no JSON': '{"requestedBy":undefined}',
  'nothing at all': '',
}

/** Every route that takes a body, with names for what its path leaves open. */
async function routesWithBody(call: (method: string, path: string) => Promise<GatewayAnswer>) {
  const { json } = await call('GET', '/openapi.json')
  const paths = Object.entries(json.paths as Readonly<Record<string, object>>)
  return paths.flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => method !== 'get')
      .map((method) => ({
        method: method.toUpperCase(),
        path: path.replace('{workspace}', 'acme%2Fweb').replace('{run}', 'r1'),
      })),
  )
}

const start = () => startGateway({ server: { bodyBytesMax: BODY_BYTES, valueBytesMax: BODY_BYTES, batchMax: 1_000 } })

describe('every route that takes a body', () => {
  test('refuses bombs of JSON with the reason, takes nothing of them, and goes on', async () => {
    const { call, log } = await start()
    const routes = await routesWithBody(call)
    expect(routes.length).toBeGreaterThanOrEqual(9)
    for (const { method, path } of routes) {
      for (const [what, body] of Object.entries(BOMBS)) {
        const { status, json } = await call(method, path, { body })
        expect([method, path, what, status]).toEqual([method, path, what, expect.toSatisfy(isRefusal)])
        expect(json.code).toMatch(/^FW_(REQUEST|RECORD|STRATEGY)_INVALID$/)
        expect(json.message.length).toBeLessThan(1_000)
      }
    }
    for (const topic of ['access-events', 'warm-requests'] as const) {
      for (const partition of [0, 1]) expect((await log.bounds({ topic, partition })).end).toBe(0)
    }
    expect((await call('GET', '/livez')).status).toBe(200)
    expect(({} as { verbs?: unknown }).verbs).toBeUndefined()
  })

  test('refuses bodies of other types and in other codings', async () => {
    const { call, gateway } = await start()
    const body = '{"requestedBy":"a"}'
    const types = [
      'text/plain',
      'text/json',
      'application/xml',
      'multipart/form-data; boundary=x',
      'image/png',
      '*/*',
      ';',
    ]
    for (const { method, path } of await routesWithBody(call)) {
      for (const type of [...types, 'application/x-www-form-urlencoded', 'application/json5', 'application/jsonp']) {
        expect([path, type, (await call(method, path, { body, type })).status]).toEqual([path, type, 415])
      }
      // Read as UTF-8 whatever they are said to be; a packed body is not unpacked, however much it would become.
      const wide = new Uint8Array(Buffer.from(body, 'utf16le'))
      const type = 'application/json; charset=utf-16le'
      expect([path, (await call(method, path, { body: wide, type })).status]).toEqual([path, 400])
      const packed = await raw(gateway.url, { method, path, encoding: 'gzip', body: '\u001f\u008b{}' })
      expect([path, packed]).toEqual([path, 400])
    }
  })

  test('takes of a key that is there twice the one that it has checked', async () => {
    const { call } = await start()
    const twice =
      '{"session":"s","session":"../x","analyzer":"a","accesses":[],"accesses":[{"path":"../a","timeMs":1}]}'
    expect((await call('POST', `${web}/accesses`, { body: twice })).status).toBe(400)
    const lines = '{"session":"s","analyzer":"a","path":"a","timeMs":1,"path":"/etc/passwd"}'
    expect((await call('POST', `${web}/accesses`, { body: lines, type: 'application/x-ndjson' })).status).toBe(400)
  })

  test('refuses lines without end', async () => {
    const { call } = await start()
    for (const body of ['1\n'.repeat(count), '[]\n'.repeat(count), '[[],[]]', `${BOMBS['too many keys']}\n`]) {
      const answer = await call('POST', `${web}/accesses`, { body, type: 'application/x-ndjson' })
      expect(answer).toMatchObject({ status: 400, json: { code: 'FW_REQUEST_INVALID' } })
    }
  })
})

test('every route refuses hostile paths and queries', async () => {
  const { call } = await start()
  const long = 'x'.repeat(6_000)
  const paths = [
    ...[`/v1/workspaces/${long}/status`, '/v1/workspaces/%E0%A4%A/status', '/v1/workspaces//status'],
    ...[`${web}/cache?path=a&path=b`, `${web}/cache?path[]=a`, `${web}/cache?path=a&__proto__=x`, `${web}/cache`],
    ...[`${web}/cache?path=${long}`, `${web}/cache?path=..%2Fa`, `${web}/cache?path=a%00b`],
    ...[`${web}/cache?${'a=1&'.repeat(3_000)}path=a`, `${web}/runs/r1/files?from=-1`, `${web}/runs/r1/files?max=1e9`],
    ...[`${web}/patterns?limit=99999`, `${web}/predictions?session=`, `${web}/model/files?path=%2Fetc%2Fpasswd`],
    ...['/%2e%2e/%2e%2e/etc/passwd', '/..%2f..%2fpackage.json', '/__proto__', '/constructor'],
  ]
  for (const path of paths) {
    const { status, json } = await call('GET', path)
    expect([path.slice(0, 60), status]).toEqual([path.slice(0, 60), expect.toSatisfy(isRefusal)])
    expect(json.code).toMatch(/^FW_/)
    expect(json.message.length).toBeLessThan(1_000)
  }
})

test('a list that is too long is refused before any of its items is looked at', () => {
  const untouched = (length: number) =>
    new Proxy(new Array(length), {
      get: (list, name) => {
        if (typeof name === 'string' && /^\d+$/.test(name)) throw new Error('an item was looked at')
        return Reflect.get(list, name)
      },
    })
  const refusalOf = (schema: Parameters<typeof typeBoxCompiler>[0]['schema'], value: unknown) =>
    typeBoxCompiler({ schema, httpPart: 'body', method: 'POST', url: '/' })(value)
  expect(refusalOf(accessLines(1_000), untouched(1_001))).toMatchObject({
    error: { message: 'body: the value must not have more than 1000 items' },
  })
  expect(refusalOf(changesBody(1_000), { changes: untouched(1_001) })).toMatchObject({
    error: { message: 'body: /changes must not have more than 1000 items' },
  })
  expect(refusalOf(warmRequestBody, { priorityFiles: untouched(65) })).toMatchObject({
    error: { message: 'body: /priorityFiles must not have more than 64 items' },
  })
})

const isRefusal = (status: number) => status >= 400 && status < 500 && status !== 429

type Raw = { readonly method: string; readonly path: string; readonly encoding: string; readonly body: string }

/** The status of a request with a coding that a client library would undo or refuse. */
const raw = (url: string, { method, path, encoding, body }: Raw) =>
  new Promise<number | undefined>((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding }
    request(`${url}${path}`, { method, headers, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end(body, 'latin1')
  })
