import { execFile } from 'node:child_process'
import type { LookupAddress } from 'node:dns'
import type { ServerResponse } from 'node:http'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { createHttpOrigin, type HttpOriginOptions } from '../../../src/adapters/origins/http/origin.ts'
import { eventually } from '../../support/eventually.ts'
import { type Answer, serveFiles } from '../../support/file-server.ts'

const { signal } = new AbortController()
const limits = { bytesMax: 10_000, signal }
const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function serve(answer: Answer = () => false, options: { host?: string; port?: number } = {}) {
  const server = await serveFiles(new Map([['a', 'one']]), { ...options, answer })
  stops.push(() => server.stop())
  return server
}

function open(url: string, options: Partial<HttpOriginOptions> = {}) {
  const origin = createHttpOrigin({ url, hosts: [], list: null, privateNetworks: ['127.0.0.1/32'], ...options })
  stops.push(() => origin.close())
  return origin
}

/** Answers `/a` with a fixed redirect, and everything else not at all. */
const redirecting =
  (location: string): Answer =>
  ({ url }, response) => {
    if (url !== '/a') return false
    response.writeHead(302, { location }).end()
    return true
  }

const always =
  (send: (response: ServerResponse) => void): Answer =>
  (_, response) => {
    send(response)
    return true
  }

test('redirects within the hosts are followed, three of them and no more', async () => {
  const hops: Answer = ({ url = '' }, response) => {
    const left = Number(/^\/hop-(\d)/.exec(url)?.[1] ?? Number.NaN)
    if (Number.isNaN(left)) return false
    response.writeHead(307, { location: left === 1 ? '/a' : `hop-${left - 1}` }).end()
    return true
  }
  const origin = open((await serve(hops)).url)
  expect(await origin.read('hop-3', limits)).toMatchObject({ outcome: 'read' })
  expect(await origin.read('hop-4', limits)).toEqual({ outcome: 'denied', detail: 'redirects' })
})

test('a redirect to a private address, another host or another scheme is not followed', async () => {
  const secret = await serve(undefined, { host: '127.0.0.2' })
  const cases: readonly (readonly [location: string, detail: string, hosts?: readonly string[]])[] = [
    [`${secret.url}a`, 'host'],
    [`${secret.url}a`, 'address', [`127.0.0.2:${secret.port}`]],
    [`http://[::ffff:127.0.0.2]:${secret.port}/a`, 'address', [`[::ffff:7f00:2]:${secret.port}`]],
    [`//127.0.0.2:${secret.port}/a`, 'host'],
    ['http://169.254.169.254/latest/meta-data', 'address', ['169.254.169.254']],
    ['file:///etc/passwd', 'scheme'],
    ['gopher://127.0.0.1/', 'scheme'],
  ]
  for (const [location, detail, hosts = []] of cases) {
    const server = await serve(redirecting(location))
    expect(await open(server.url, { hosts }).read('a', limits), location).toEqual({ outcome: 'denied', detail })
  }
  expect(secret.requests).toEqual([])
})

test.each([
  '127.0.0.1',
  '0x7f.1',
  '0x7f000001',
  '2130706433',
  '017700000001',
  '127.1',
  '0',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
  '[fd00::1]',
  '[fe80::1]',
  '10.0.0.1',
  '100.64.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '192.168.1.1',
  '224.0.0.1',
  '255.255.255.255',
  'localhost',
  'LOCALHOST',
])('the host %s is no host of the internet, however it is written', async (host) => {
  const server = await serve()
  const origin = open(`http://${host}:${server.port}/`, { privateNetworks: [] })
  expect(await origin.read('a', limits)).toEqual({ outcome: 'denied', detail: 'address' })
  expect(server.requests).toEqual([])
})

test('a network that is allowed is, and no other', async () => {
  const server = await serve()
  const read = (privateNetworks: readonly string[]) => open(server.url, { privateNetworks }).read('a', limits)
  expect(await read(['127.0.0.0/8'])).toMatchObject({ outcome: 'read' })
  expect(await read(['127.0.0.2/32', '10.0.0.0/8'])).toMatchObject({ outcome: 'denied' })
})

test('a name that changes its address between two looks is judged at each connection, all addresses of it', async () => {
  const server = await serve((_, response) => {
    response.setHeader('connection', 'close')
    return false
  })
  const secret = await serve(undefined, { host: '127.0.0.2', port: server.port })
  const answers: readonly (readonly string[])[] = [['127.0.0.1'], ['127.0.0.2'], ['127.0.0.1', '127.0.0.2'], []]
  let looks = 0
  const rebinding = async (): Promise<readonly LookupAddress[]> => {
    const addresses = answers[looks] ?? []
    looks += 1
    return addresses.map((address) => ({ address, family: 4 }))
  }
  const origin = open(`http://files.example:${server.port}/`, { resolve: rebinding })
  expect(await origin.read('a', limits)).toMatchObject({ outcome: 'read' })
  expect(await origin.read('a', limits)).toEqual({ outcome: 'denied', detail: 'address' })
  expect(await origin.read('a', limits)).toEqual({ outcome: 'denied', detail: 'address' })
  await expect(origin.read('a', limits)).rejects.toMatchObject({ code: 'FW_ORIGIN_UNAVAILABLE' })
  expect(looks).toBe(4)
  expect(secret.requests).toEqual([])
})

test('a proxy of the environment is not used', async () => {
  const server = await serve()
  const proxy = await serve()
  const module = resolve(import.meta.dirname, '../../../src/adapters/origins/http/origin.ts')
  const program = `
    import { createHttpOrigin } from ${JSON.stringify(module)}
    const options = { url: ${JSON.stringify(server.url)}, hosts: [], list: null, privateNetworks: ['127.0.0.1/32'] }
    const origin = createHttpOrigin(options)
    const read = await origin.read('a', { bytesMax: 10, signal: new AbortController().signal })
    await origin.close()
    console.log(read.outcome)`
  const env = { ...process.env, NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy.url, http_proxy: proxy.url, NO_PROXY: '' }
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { env })
  expect(stdout.trim()).toBe('read')
  expect(proxy.requests).toEqual([])
})

test.each([
  [404, { outcome: 'missing' }],
  [410, { outcome: 'missing' }],
  [401, { outcome: 'denied', detail: 'status-401' }],
  [403, { outcome: 'denied', detail: 'status-403' }],
])('status %i is certain', async (status, expected) => {
  const server = await serve(always((response) => response.writeHead(status).end()))
  expect(await open(server.url).read('a', limits)).toEqual(expected)
})

test.each([204, 206, 304, 408, 429, 500, 503])('status %i passes by', async (status) => {
  const server = await serve(always((response) => response.writeHead(status).end()))
  await expect(open(server.url).read('a', limits)).rejects.toMatchObject({
    code: 'FW_ORIGIN_UNAVAILABLE',
    retriable: true,
  })
})

test('what comes with an answer that is no file is not waited for: its connection ends', async () => {
  let gone = 0
  const talking = always((response) => {
    response.on('close', () => {
      gone += 1
    })
    response.writeHead(503).write('down for now')
  })
  const server = await serve(talking)
  await expect(open(server.url).read('a', limits)).rejects.toMatchObject({ code: 'FW_ORIGIN_UNAVAILABLE' })
  await eventually(
    () => gone,
    (count) => count === 1,
  )
})

test('a body without an announced size is cut off at the limit, also one that never ends', async () => {
  let sent = 0
  const endless = always((response) => {
    response.writeHead(200)
    const write = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(1_000))) sent += 1_000
    }
    response.on('drain', write)
    write()
  })
  const server = await serve(endless)
  const got = await open(server.url).read('a', limits)
  expect(got.outcome === 'tooLarge' && got.bytes).toBeGreaterThan(10_000)
  expect(sent).toBeLessThan(10_000_000)
})

test('an announced size over the limit is enough to know', async () => {
  const server = await serve(always((response) => response.writeHead(200, { 'content-length': 5_000_000 }).write('x')))
  expect(await open(server.url).read('a', limits)).toEqual({ outcome: 'tooLarge', bytes: 5_000_000 })
})

test('a body that breaks off is no file', async () => {
  const server = await serve(
    always((response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy())
    }),
  )
  await expect(open(server.url).read('a', limits)).rejects.toMatchObject({ code: 'FW_ORIGIN_UNAVAILABLE' })
})

test('a packed body is denied, so that none can unpack to more than it seems', async () => {
  const bomb = gzipSync(Buffer.alloc(1_000_000))
  const server = await serve(always((response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)))
  expect(await open(server.url).read('a', limits)).toEqual({ outcome: 'denied', detail: 'encoding' })
})

test('a body that stops coming is given up with the signal', async () => {
  const server = await serve(always((response) => response.writeHead(200, { 'content-length': 9 }).write('x')))
  const reading = open(server.url).read('a', { bytesMax: 10, signal: AbortSignal.timeout(100) })
  await expect(reading).rejects.toMatchObject({ name: 'TimeoutError' })
})

test('a server that is away is a fault that may pass', async () => {
  const server = await serve()
  await server.stop()
  stops.pop()
  await expect(open(server.url).read('a', limits)).rejects.toMatchObject({
    code: 'FW_ORIGIN_UNAVAILABLE',
    retriable: true,
  })
})

test('a version is told by HEAD while the ETag is the one of the last read', async () => {
  const files = new Map([['a', 'one']])
  const server = await serveFiles(files)
  stops.push(() => server.stop())
  const origin = open(server.url)
  expect(await origin.version('a', signal)).toBeNull()
  const got = await origin.read('a', limits)
  expect(await origin.version('a', signal)).toBe(got.outcome === 'read' && got.file.version)
  files.set('a', 'two')
  expect(await origin.version('a', signal)).toBeNull()
  expect(server.requests).toEqual(['GET /a', 'HEAD /a', 'HEAD /a'])
})

test.each([
  ['a weak ETag', { etag: 'W/"1"' }, false],
  ['a change just now', { 'last-modified': new Date().toUTCString() }, false],
  ['a change that has settled', { 'last-modified': new Date(Date.now() - 120_000).toUTCString() }, true],
  ['nothing', {}, false],
])('%s as the only sign', async (_, headers, trusted) => {
  const server = await serve(always((response) => response.writeHead(200, headers).end('one')))
  const origin = open(server.url)
  await origin.read('a', limits)
  expect((await origin.version('a', signal)) !== null).toBe(trusted)
})

test('without a list there is no listing; a list gives each good path once', async () => {
  const collect = async (list: string | null, url: string) => {
    const paths: string[] = []
    for await (const { path } of open(url, { list }).list(signal)) paths.push(path)
    return paths
  }
  const server = await serve((request, response) => {
    if (request.url !== '/list') return false
    response.end('a\r\nsrc/b c.ts\n\n../secret\n/etc/passwd\n.git/config\na\n')
    return true
  })
  await expect(collect(null, server.url)).rejects.toMatchObject({ code: 'FW_ORIGIN_UNLISTABLE' })
  expect(await collect(`${server.url}list`, server.url)).toEqual(['a', 'src/b c.ts'])
  await expect(collect(`${server.url}gone`, server.url)).rejects.toMatchObject({ code: 'FW_ORIGIN_UNLISTABLE' })
  await expect(collect('http://127.0.0.2/list', server.url)).rejects.toThrow(/denied \(address\)/)
})
