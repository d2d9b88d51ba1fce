import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export type PasswordGate = {
  readonly url: string
  /** What is asked for from now on. */
  password: string
  /** Shows the certificates that are in the folder now, to all who come from now on. */
  readonly renewCertificates: () => void
}

/**
 * A server in front of another that lets only one user with a password pass (basic authentication), as people put it in
 * front of a schema registry that knows no users. With a folder of certificates it speaks TLS, and only with clients that
 * have one too.
 */
export async function startPasswordGate(
  target: string,
  login: { readonly username: string; readonly password: string; readonly certificates?: string },
): Promise<PasswordGate> {
  const { origin, pathname } = new URL(target)
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const wanted = `Basic ${Buffer.from(`${login.username}:${gate.password}`).toString('base64')}`
    if (incoming.headers.authorization !== wanted) return void outgoing.writeHead(401).end('{"message":"Unauthorized"}')
    const { authorization: _, host: __, ...headers } = incoming.headers
    const passed = request(`${origin}${incoming.url}`, { method: incoming.method, headers }, (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(outgoing)
    })
    passed.on('error', () => outgoing.destroy())
    incoming.pipe(passed)
  }
  const of = (name: string): string => readFileSync(join(login.certificates ?? '', name), 'utf8')
  const identity = () => ({ cert: of('server.crt'), key: of('server.key'), ca: of('ca.crt') })
  const secure = login.certificates === undefined ? null : createTlsServer({ ...identity(), requestCert: true }, answer)
  const server = secure ?? createServer(answer)
  const renewCertificates = () => {
    secure?.setSecureContext(identity())
    server.closeAllConnections()
  }
  const gate = { url: '', password: login.password, renewCertificates }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  gate.url = `http${login.certificates === undefined ? '' : 's'}://127.0.0.1:${port}${pathname}`
  return gate
}
