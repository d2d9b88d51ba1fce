/** What certificates say of themselves: those in files, and those that servers show. */
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'
import type { TlsFault } from '../../ports/diagnosis.ts'
import { pemBlocks } from '../pem.ts'
import { codeOf, tlsFaultOf } from '../tls-fault.ts'

/** Whose a certificate is, and its last moment: milliseconds since the epoch, and the day of it. */
export type ReadCertificate = { readonly name: string; readonly endsAtMs: number; readonly day: string }

const ANSWER_MS_MAX = 5_000
const TICKET_MS_MAX = 1_000

/** The certificates of a PEM file's text, those that cannot be read left out: whoever uses them says more. */
export const certificatesIn = (text: string): readonly ReadCertificate[] =>
  pemBlocks(text, 'CERTIFICATE').flatMap((pem) => {
    try {
      return [read(new X509Certificate(pem))]
    } catch {
      return []
    }
  })

/** What a look at a server's TLS has shown; nothing of either where nobody answers in time. */
export type TlsLook = {
  /** The certificate that the server shows, good or not. */
  readonly shown: ReadCertificate | null
  readonly fault: { readonly kind: TlsFault; readonly code: string } | null
}

type Server = { readonly host: string; readonly port: number }

/** Shakes hands as a client with these options would, and says nothing more. */
export function lookAtTls({ host, port }: Server, options: ConnectionOptions): Promise<TlsLook> {
  const name = isIP(host) === 0 ? { servername: host } : {}
  return new Promise((resolve) => {
    // Whether it can be trusted is told, not acted upon: an ended certificate is to be seen too.
    const socket = connect({ ...options, ...name, host, port, rejectUnauthorized: false })
    const end = (code: string) => {
      const kind = tlsFaultOf(code)
      const x509 = socket.getPeerX509Certificate()
      socket.destroy()
      resolve({ shown: x509 === undefined ? null : read(x509), fault: kind === null ? null : { kind, code } })
    }
    const ownFault = () => (socket.authorized ? '' : nameOf(socket.authorizationError))
    socket.setTimeout(ANSWER_MS_MAX, () => end(''))
    socket.once('error', (error) => end(codeOf(error)))
    socket.once('close', () => end(ownFault()))
    // By the first ticket the server says that it takes this client; before TLS 1.3 it has said so with the handshake.
    socket.once('session', () => end(ownFault()))
    socket.once('secureConnect', () => {
      if (socket.getProtocol() !== 'TLSv1.3') end(ownFault())
      // Not all servers give tickets.
      else socket.setTimeout(TICKET_MS_MAX, () => end(ownFault()))
    })
    socket.resume()
  })
}

/** Node gives a text where its types say an error. */
const nameOf = (error: Error | string | null): string => codeOf(error) || String(error)

const read = ({ subject, validToDate }: X509Certificate): ReadCertificate => ({
  name: subject.replaceAll('\n', ', '),
  endsAtMs: validToDate.getTime(),
  day: validToDate.toISOString().slice(0, 10),
})
