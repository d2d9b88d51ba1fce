import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import fc from 'fast-check'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { clientCertificate } from '../../src/adapters/http/gateway/client-certificate.ts'
import type { GatewayTls } from '../../src/adapters/http/gateway/https.ts'
import type { Token } from '../../src/adapters/http/gateway/tokens.ts'
import { SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { gatewayTls } from '../../src/compose/gateway-callers.ts'
import type { Log } from '../../src/ports/telemetry.ts'
import { openStream } from '../support/event-stream.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway-server.ts'
import { type Ask, askHttps } from '../support/https-client.ts'
import { issueCertificates, revokeCertificates } from '../support/services/certificates.ts'
import { makeRunFolder } from '../support/services/locations.ts'

const web = '/v1/workspaces/acme%2Fweb'
const status = `${web}/status`

const ci: Token = { certificate: 'CN=forewarm-client', workspaces: ['acme/web'], verbs: ['read'] }
const host: Token = { certificate: 'DNS:localhost', workspaces: ['acme/web'], verbs: ['publish'] }
const other: Token = { certificate: 'CN=forewarm', workspaces: ['*'], verbs: ['admin'] }
const bearer: Token = { sha256: sha256Hex('secret'), workspaces: ['*'], verbs: ['read'] }
const authorization = 'Bearer secret'

let folder = ''
let strangers = ''
beforeAll(async () => {
  folder = await makeRunFolder('gateway-certificates')
  strangers = await makeRunFolder('gateway-strangers')
  await Promise.all([issueCertificates(folder), issueCertificates(strangers)])
})

const read = (name: string, from = folder) => readFileSync(join(from, name), 'utf8')

/** What a client of this gateway brings: its trust, and its certificate where it has one. */
const plain = (): Ask => ({ ca: read('ca.crt') })
const certified = (from = folder): Ask => ({
  ...plain(),
  cert: read('client.crt', from),
  key: read('client.key', from),
})

type Named = Readonly<Record<string, Token>>

type More = { readonly log?: Log; readonly clientCrlFile?: string }

async function start(clientCertificates: GatewayTls['clientCertificates'], tokens: Named, more: More = {}) {
  const { log = SILENT_LOG, clientCrlFile = null } = more
  const file = (name: string) => join(folder, name)
  const [clientCaFile, certFile, keyFile] = [file('ca.crt'), file('server.crt'), file('server.key')]
  const asked = clientCertificates === 'none' ? null : clientCaFile
  const own = { certFile, keyFile, clientCaFile: asked, clientCrlFile }
  const tls = gatewayTls({ ...own, clientCertificates: clientCertificates === 'required' ? 'required' : 'optional' })
  const held = new Map(Object.entries(tokens))
  const { gateway } = await startGateway({ server: { tls, tokens: held }, log })
  return { url: gateway.url, held, ask: (path: string, options: Ask) => askHttps(`${gateway.url}${path}`, options) }
}

test('a client certificate gives the workspaces and verbs of all tokens that name it; a bearer token counts alone', async () => {
  const { url, ask, held } = await start('optional', { ci, host, other, bearer })
  expect(url).toMatch(/^https:/)
  const pausing = { ...certified(), method: 'POST' }
  expect((await ask(status, certified())).status).toBe(200)
  expect((await ask('/v1/workspaces/acme%2Fapi/status', certified())).status).toBe(403)
  expect((await ask(`${web}/accesses`, { ...pausing, headers: { 'content-type': 'application/json' } })).status).toBe(
    400,
  )
  expect((await ask(`${web}/pause`, pausing)).status).toBe(403)

  expect((await ask(status, { ...plain(), headers: { authorization } })).status).toBe(200)
  expect((await ask(status, { ...certified(), headers: { authorization: 'Bearer guess' } })).status).toBe(401)
  expect((await ask(status, plain())).status).toBe(401)
  const unbelieved = await ask(status, certified(strangers))
  expect([unbelieved.status, JSON.parse(unbelieved.text).message]).toEqual([
    401,
    expect.stringContaining('the client certificate is not trusted'),
  ])
  expect((await ask('/livez', plain())).status).toBe(200)

  held.delete('ci')
  held.delete('host')
  const unnamed = await ask(status, certified())
  expect([unnamed.status, JSON.parse(unnamed.text).message]).toEqual([
    401,
    'no token is for the client certificate CN=forewarm-client',
  ])
})

test('where client certificates are required, nobody without a trusted one comes as far as HTTP', async () => {
  const { ask } = await start('required', { ci, bearer })
  expect((await ask(status, certified())).status).toBe(200)
  await expect(ask(status, { ...plain(), headers: { authorization } })).rejects.toThrow()
  await expect(ask('/livez', plain())).rejects.toThrow()
  await expect(ask(status, certified(strangers))).rejects.toThrow()
})

test('without authorities of clients no certificate is asked for, and whoever shows one is nobody by it', async () => {
  const { ask } = await start('none', { ci, bearer })
  expect((await ask(status, certified())).status).toBe(401)
  expect((await ask(status, { ...plain(), headers: { authorization } })).status).toBe(200)
})

test('plain HTTP and what is no TLS at all do not reach the routes, and harm nobody', async () => {
  const { url, ask } = await start('optional', { bearer })
  await expect(fetch(`${url.replace('https:', 'http:')}${status}`, { headers: { authorization } })).rejects.toThrow()
  expect((await ask('/livez', plain())).status).toBe(200)
})

test('renewed certificates take over without a restart: whoever came by the old authority has to come again', async () => {
  const { url, ask } = await start('optional', { ci })
  const before = { ...certified() }
  const stream = await openStream(`${url}${web}/live`, {}, before)
  await stream.said('event: status')
  const session = await sessionWith(url, before)

  await issueCertificates(folder)
  await eventually(
    () => ask(status, certified()).catch(() => ({ status: 0 })),
    (answer) => answer.status === 200,
    { what: 'the new certificates', withinMs: 60_000 },
  )
  await stream.ended()
  // The new certificate is believed by the old trust no more, and the old client not by the new server.
  await expect(ask(status, before)).rejects.toThrow()
  const old = { ...before, ca: read('ca.crt') }
  expect((await ask(status, old)).status).toBe(401)
  expect(await statusOfResumed(url, old, session)).toMatch(/^HTTP\/1\.1 401 /)
})

test('half a renewal changes nothing: a certificate without its own key is not served', async () => {
  const errors: string[] = []
  const log = { ...SILENT_LOG, error: (_: object, message: string) => errors.push(message) }
  const { ask } = await start('optional', { bearer }, { log })
  const good = read('server.crt')
  writeFileSync(join(folder, 'server.crt'), read('server.crt', strangers))
  await eventually(
    () => errors,
    (said) => said.some((message) => message.includes('the last good ones hold')),
    { what: 'the complaint', withinMs: 60_000 },
  )
  expect((await ask('/livez', plain())).status).toBe(200)
  writeFileSync(join(folder, 'server.crt'), good)
})

test('a certificate counts no more once its authority has revoked it, on connections that are open and sessions too', async () => {
  const errors: string[] = []
  const log = { ...SILENT_LOG, error: (_: object, message: string) => errors.push(message) }
  await issueCertificates(folder, ['client', 'other'])
  await revokeCertificates(folder, [])
  const clientCrlFile = join(folder, 'ca.crl')
  const other: Token = { ...ci, certificate: 'CN=forewarm-other' }
  const [{ url, ask }, { ask: askClosed }] = await Promise.all([
    start('optional', { ci, other }, { clientCrlFile, log }),
    start('required', { ci, other }, { clientCrlFile, log }),
  ])
  const second = { ...plain(), cert: read('other.crt'), key: read('other.key') }
  expect((await askClosed(status, certified())).status).toBe(200)
  const stream = await openStream(`${url}${web}/live`, {}, certified())
  await stream.said('event: status')
  const session = await sessionWith(url, certified())

  await revokeCertificates(folder, ['client'])
  await stream.ended()
  const refused = await ask(status, certified())
  expect([refused.status, JSON.parse(refused.text).message]).toEqual([
    401,
    'the client certificate has been revoked by its authority',
  ])
  expect(await statusOfResumed(url, certified(), session)).toMatch(/^HTTP\/1\.1 401 /)
  await eventually(
    () =>
      askClosed(status, certified()).then(
        () => 'let in',
        () => 'refused',
      ),
    (outcome) => outcome === 'refused',
    { what: 'the end of the revoked certificate', withinMs: 60_000 },
  )
  expect([(await ask(status, second)).status, (await askClosed(status, second)).status]).toEqual([200, 200])
  expect((await ask(status, certified(strangers))).text).toContain('is not trusted')
  expect(errors).toEqual([])

  await revokeCertificates(folder, [], { hasEnded: true })
  await eventually(
    () => ask(status, second),
    ({ status: code, text }) => code === 401 && text.includes('list of revoked certificates has ended'),
    { what: 'the refusal by a list that has ended', withinMs: 60_000 },
  )
  expect(errors).toContainEqual(expect.stringContaining('put a list in force of each authority'))
})

/** A session of a connection by which a client could come back without showing its certificate again. */
async function sessionWith(url: string, tls: Ask): Promise<Buffer> {
  const socket = await connected(url, tls)
  const sessions = once(socket, 'session')
  socket.write(`GET ${status} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
  const [session] = await sessions
  return session
}

async function statusOfResumed(url: string, tls: Ask, session: Buffer): Promise<string> {
  const socket = await connected(url, tls, session)
  socket.write(`GET ${status} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`)
  const [first] = await once(socket, 'data')
  return String(first)
}

async function connected(url: string, { ca, cert, key }: Ask, session?: Buffer): Promise<TLSSocket> {
  const own = { host: '127.0.0.1', port: Number(new URL(url).port), ca, cert, key }
  const socket = connect(session === undefined ? own : { ...own, session })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

describe('names of a client certificate', () => {
  const validToDate = new Date(1)
  const namesOf = (subjectAltName: string) => clientCertificate({ subject: '', subjectAltName, validToDate }).names

  test('are the whole subject and each other name, as Node reads them', () => {
    const { names, validToMs } = clientCertificate(new X509Certificate(read('client.crt')))
    expect(names).toEqual(['CN=forewarm-client', 'IP Address:127.0.0.1', 'DNS:localhost'])
    expect(validToMs).toBeGreaterThan(Date.now())
    expect(clientCertificate({ subject: 'O=acme\nCN=ci', subjectAltName: undefined, validToDate }).names).toEqual([
      'O=acme,CN=ci',
    ])
  })

  test('a name that holds commas and quotes is one name, whatever it looks like', () => {
    // As Node writes them: as JSON where a name could be taken for several.
    const written = (name: string) => `DNS:${/[",\\]/.test(name) ? JSON.stringify(name) : name}`
    const name = fc
      .string({ unit: fc.constantFrom('a', ',', ' ', '"', '\\', ':', 'DNS:', '=') })
      .map((text) => `n${text}n`)
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), (names) => {
        expect(namesOf(names.map(written).join(', '))).toEqual(names.map(written))
      }),
    )
    expect(namesOf('URI:spiffe://acme/ci, DNS:ci.acme')).toEqual(['URI:spiffe://acme/ci', 'DNS:ci.acme'])
    expect(namesOf('DNS:"a, DNS:admin, b", DNS:c')).toEqual(['DNS:"a, DNS:admin, b"', 'DNS:c'])
    expect(namesOf('URI:"x\\", DNS:admin, \\"y", DNS:c')).toEqual(['URI:"x\\", DNS:admin, \\"y"', 'DNS:c'])
  })
})
