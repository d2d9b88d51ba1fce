/** HTTPS for the gateway: certificates that are read again while it runs, and who the certificates of clients name. */
import type { Server } from 'node:http'
import { createServer, type Server as HttpsServer } from 'node:https'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { FastifyRequest, FastifyServerFactory } from 'fastify'
import { ForewarmError } from '../../../ports/errors.ts'
import type { Log } from '../../../ports/telemetry.ts'
import {
  type ClientCertificate,
  clientCertificate,
  type UntrustedCertificate,
  untrustedCertificate,
} from './client-certificate.ts'

export type GatewayTls = {
  /**
   * Each member is read anew each time it is asked for. `ca` holds the authorities of clients, `crl` their lists of revoked
   * certificates: where there is one, a client is trusted only while each of its authorities has a list in force.
   */
  readonly files: Pick<SecureContextOptions, 'ca' | 'cert' | 'crl' | 'key'>
  readonly clientCertificates: 'none' | 'optional' | 'required'
}

export type Https = {
  readonly serverFactory: FastifyServerFactory<Server>
  /** What the client of a request has shown, or null. */
  certificateOf(request: FastifyRequest): ClientCertificate | UntrustedCertificate | null
  stop(): void
}

type Times = { readonly requestTimeoutMs: number; readonly idleTimeoutMs: number }

/** Time between two looks at the files. */
const LOOK_MS = 1_000

/** Throws FW_CONFIG_INVALID where the files hold no certificate and its key. */
export function createHttps(tls: GatewayTls, log: Log, times: Times): Https {
  const certified = new Map<unknown, ClientCertificate | UntrustedCertificate>()
  const complaints = listComplaints(log)
  const servers: HttpsServer[] = []
  const held = usableFiles({ ...tls.files })
  const timer = followFiles({ tls, first: held, log }, (files, areClientsOthers) => {
    for (const server of servers) server.setSecureContext(files)
    complaints.forget()
    // Whoever is trusted now is found out by connecting again.
    if (areClientsOthers) for (const socket of certified.keys()) (socket as { destroy(): void }).destroy()
  })
  const serverFactory: FastifyServerFactory<Server> = (handler) => {
    const server = createServer(serverOptions(tls, held, times), handler)
    server.setTimeout(times.idleTimeoutMs)
    server.on('secureConnection', (socket) => {
      const x509 = socket.getPeerX509Certificate()
      if (x509 === undefined) return
      const fault = String(socket.authorizationError)
      if (!socket.authorized) complaints.note(fault)
      certified.set(socket, socket.authorized ? clientCertificate(x509) : untrustedCertificate(fault))
      socket.once('close', () => certified.delete(socket))
    })
    // Where certificates are required, these come no further.
    server.on('tlsClientError', (_, { authorizationError }) => complaints.note(String(authorizationError)))
    servers.push(server)
    // All that fastify does with the one it does with the other.
    return server as unknown as Server
  }
  return {
    serverFactory,
    certificateOf: ({ raw }) => certified.get(raw.socket) ?? null,
    stop: () => clearInterval(timer),
  }
}

/** Faults of this side: by them none of an authority's certificates counts. */
const LIST_FAULTS: ReadonlySet<string> = new Set(['CRL_HAS_EXPIRED', 'CRL_NOT_YET_VALID', 'UNABLE_TO_GET_CRL'])

/** Says each of them once, until other files are read: clients come again and again. */
function listComplaints(log: Log): { note(fault: string): void; forget(): void } {
  const said = new Set<string>()
  const mend = 'put a list in force of each authority of yours into gateway.tls.clientCrlFile'
  return {
    note: (fault) => {
      if (!LIST_FAULTS.has(fault) || said.has(fault)) return
      said.add(fault)
      log.error({ fault }, `a client certificate is refused for want of its authority's list of revoked ones: ${mend}`)
    },
    forget: () => said.clear(),
  }
}

const serverOptions = ({ clientCertificates }: GatewayTls, files: GatewayTls['files'], times: Times) => ({
  ...files,
  requestCert: clientCertificates !== 'none',
  rejectUnauthorized: clientCertificates === 'required',
  handshakeTimeout: times.requestTimeoutMs,
  requestTimeout: times.requestTimeoutMs,
  headersTimeout: times.requestTimeoutMs,
  keepAliveTimeout: times.idleTimeoutMs,
})

/** What decides which certificates of clients are trusted. */
const trustOf = ({ ca, crl }: GatewayTls['files']): string => JSON.stringify([ca, crl])

/** Throws FW_CONFIG_INVALID where the files hold no certificate and its key, or not the lists that they should. */
export function usableFiles({ crl, ...files }: GatewayTls['files']): GatewayTls['files'] {
  const certificate =
    'gateway.tls.certFile and keyFile must be a certificate (PEM) and its own key without a passphrase'
  usable(files, `the gateway's certificate cannot be used: ${certificate}`)
  if (crl === undefined) return files
  const lists = 'gateway.tls.clientCrlFile must hold at least one list (PEM: BEGIN X509 CRL)'
  const message = `the list of revoked certificates cannot be used: ${lists}`
  // Without any list nobody would be looked for in one.
  if (crl.length === 0) throw new ForewarmError('FW_CONFIG_INVALID', message)
  usable({ crl }, message)
  return { ...files, crl }
}

function usable(files: GatewayTls['files'], message: string): void {
  try {
    createSecureContext(files)
  } catch (cause) {
    throw new ForewarmError('FW_CONFIG_INVALID', message, { cause })
  }
}

type Followed = { readonly tls: GatewayTls; readonly first: GatewayTls['files']; readonly log: Log }
type Changed = (files: GatewayTls['files'], areClientsOthers: boolean) => void

/** Tells of files that have changed and fit together; half-way through a renewal they do not, and the last ones hold. */
function followFiles({ tls, first, log }: Followed, changed: Changed): NodeJS.Timeout {
  let held = first
  let refused = ''
  const look = () => {
    const next = { ...tls.files }
    const text = JSON.stringify(next)
    if (text === JSON.stringify(held) || text === refused) return
    try {
      changed(usableFiles(next), trustOf(next) !== trustOf(held))
      held = next
      log.info({}, "the gateway's certificates were read again")
    } catch (cause) {
      refused = text
      log.error({}, "the gateway's certificates cannot be read again: the last good ones hold", cause)
    }
  }
  const timer = setInterval(look, LOOK_MS)
  timer.unref()
  return timer
}
