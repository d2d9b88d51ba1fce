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
}

/**
 * A server in front of another that lets only one user with a password pass (basic authentication), as people put it in
 * front of a schema registry that knows no users. With a folder of certificates it speaks TLS.
 */
export async function startPasswordGate(
  target: string,
  login: { readonly username: string; readonly password: string; readonly certificates?: string },
): Promise<PasswordGate> {
  const { origin, pathname } = new URL(target)
  const gate = { url: '', password: login.password }
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
  const server =
    login.certificates === undefined
      ? createServer(answer)
      : createTlsServer({ cert: of('server.crt'), key: of('server.key') }, answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  gate.url = `http${login.certificates === undefined ? '' : 's'}://127.0.0.1:${port}${pathname}`
  return gate
}
