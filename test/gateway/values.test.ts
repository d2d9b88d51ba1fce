import { describe, expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { blobId } from '../../src/adapters/origins/blob-id.ts'
import { pointerKey, valueKey } from '../../src/warming/cache-key.ts'
import { startGateway, web } from '../support/gateway-server.ts'

describe('the cache through the gateway', () => {
  const body = new TextEncoder().encode('export {}\n')
  const version = blobId(body)
  const value = `${web}/cache?path=src%2Fa.ts&version=${version}`

  test('a miss, a fill, a hit', async () => {
    const { call } = await startGateway()
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
    const { call, cache, telemetry } = await startGateway()
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
    const { call, cache } = await startGateway()
    await call('PUT', value, { body, type: 'application/octet-stream' })
    await cache.movePointer(pointerKey('acme/web', 'src/a.ts', sha256Hex), version, 1)
    const current = await call('GET', `${web}/cache?path=src%2Fa.ts`)
    expect([current.status, current.headers.get('x-forewarm-version')]).toEqual([200, version])
    const other = await call('GET', `${web}/cache?path=src%2Fa.ts&version=abc`)
    expect([other.status, other.headers.get('x-forewarm-outcome')]).toEqual([404, 'stale'])
  })

  test("a value of one workspace is not another's", async () => {
    const { call } = await startGateway()
    await call('PUT', value, { body, type: 'application/octet-stream' })
    expect((await call('GET', value.replace('web', 'api'))).status).toBe(404)
  })

  test('a content value whose version is not its own, or that is too large, is refused', async () => {
    const { call } = await startGateway()
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
    const { call } = await startGateway()
    expect(await call('GET', `${web}/cache?path=..%2Fa&version=1`)).toMatchObject({
      status: 400,
      json: { code: 'FW_PATH_DENIED' },
    })
  })
})
