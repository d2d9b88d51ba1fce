import { spawn } from 'node:child_process'
import { constants } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { lookAtTls } from '../../src/adapters/tls/certificates.ts'
import { issueCertificates } from '../support/services/certificates.ts'
import { makeRunFolder } from '../support/services/locations.ts'
import { freePort } from '../support/services/ports.ts'

let folder = ''
let strangers = ''
beforeAll(async () => {
  folder = await makeRunFolder('tls-look')
  strangers = await makeRunFolder('tls-look-strangers')
  await Promise.all([issueCertificates(folder), issueCertificates(strangers)])
})

const read = (name: string, from = folder) => readFileSync(join(from, name), 'utf8')
const certified = (from = folder) => ({ cert: read('client.crt', from), key: read('client.key', from) })

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** A server that says nothing by itself, like a broker. */
function startServer(options: TlsOptions = {}): Promise<number> {
  const own = { ca: read('ca.crt'), cert: read('server.crt'), key: read('server.key') }
  const server = createTlsServer({ ...own, ...options }, (socket) => void socket.on('error', () => {}).resume())
  return listening(server.on('tlsClientError', () => {}))
}

const look = async (port: number, options: object = {}) =>
  lookAtTls({ host: '127.0.0.1', port }, { ca: read('ca.crt'), ...options })

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  '%s: a server that demands certificates is told from one that does not',
  async (version) => {
    const versions = { minVersion: version, maxVersion: version }
    const [open, closed] = await Promise.all([
      startServer(versions),
      startServer({ ...versions, requestCert: true, rejectUnauthorized: true }),
    ])
    const shown = { name: 'CN=forewarm-server' }
    expect(await look(open)).toMatchObject({ shown, fault: null })
    expect(await look(closed, certified())).toMatchObject({ shown, fault: null })
    expect((await look(closed)).fault).toMatchObject({ kind: 'client-certificate' })
  },
)

/** Refuses certificates of others with an alert, as brokers and Redis do; Node only closes. */
async function startOpenssl(): Promise<number> {
  const files = ['-CAfile', 'ca.crt', '-cert', 'server.crt', '-key', 'server.key']
  const args = ['s_server', '-accept', '127.0.0.1:0', ...files, '-Verify', '1', '-verify_return_error']
  const server = spawn('openssl', args, { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] })
  onTestFinished(async () => {
    server.kill()
    await once(server, 'close')
  })
  for await (const line of createInterface(server.stdout)) {
    const [, port] = /^ACCEPT .*:(\d+)$/.exec(line) ?? []
    if (port !== undefined) return Number(port)
  }
  throw new Error('openssl s_server listens nowhere')
}

test('a certificate of an authority that the server does not know is told by its alert', async () => {
  const port = await startOpenssl()
  const { fault } = await look(port, certified(strangers))
  expect(fault).toMatchObject({ kind: 'client-certificate', code: expect.stringContaining('ALERT_UNKNOWN_CA') })
})

test('a server that has no ticket to give is none that refuses', async () => {
  const port = await startServer({ minVersion: 'TLSv1.3', secureOptions: constants.SSL_OP_NO_TICKET })
  expect((await look(port)).fault).toBeNull()
})

test('what is wrong is told: no TLS there, an unknown authority, other names, nobody there', async () => {
  const [port, plain] = await Promise.all([
    startServer(),
    listening(createServer((socket) => void socket.on('error', () => {}).end('-ERR unknown command\r\n'))),
  ])
  expect((await look(port, { ca: read('ca.crt', strangers) })).fault).toMatchObject({ kind: 'untrusted' })
  expect((await look(port, { servername: 'broker.acme.example' })).fault).toMatchObject({ kind: 'names' })
  expect((await look(plain)).fault).toMatchObject({ kind: 'no-tls' })
  expect(await look(await freePort())).toEqual({ shown: null, fault: null })
})
