/** A real HTTP server of a few files, for tests of what reads from one. */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { digestHex } from '../../src/adapters/digest.ts'

export type FileServer = {
  readonly url: string
  readonly port: number
  /** Methods and paths of all requests, in their order. */
  readonly requests: string[]
  stop(): Promise<void>
}

/** Answers a request; false leaves it to the files. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => boolean

export async function serveFiles(
  files: ReadonlyMap<string, Uint8Array | string>,
  { host = '127.0.0.1', port = 0, answer = () => false }: { host?: string; port?: number; answer?: Answer } = {},
): Promise<FileServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    if (!answer(request, response)) sendFile(files, request, response)
  })
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  return {
    url: `http://${host}:${address.port}/`,
    port: address.port,
    requests,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function sendFile(
  files: ReadonlyMap<string, Uint8Array | string>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const content = files.get(decodeURIComponent((request.url ?? '').split('?')[0] ?? '').slice(1))
  if (content === undefined) {
    response.writeHead(404).end()
    return
  }
  const bytes = Buffer.from(content)
  const etag = `"${digestHex(bytes)}"`
  response.writeHead(200, { etag, 'content-length': bytes.length })
  response.end(request.method === 'HEAD' ? undefined : bytes)
}
