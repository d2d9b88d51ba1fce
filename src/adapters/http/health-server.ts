/**
 * The small HTTP server of a process for those who look after it: /livez, /readyz. Liveness is the process's own heartbeat
 * and never asks Kafka or Redis; readiness does. A gateway has it too: probes have no certificates or tokens.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { listenFailure } from './listen-failure.ts'

export type Readiness = {
  readonly ready: boolean
  /** What is missing, in words; empty when ready. */
  readonly missing: readonly string[]
}

export type HealthChecks = {
  readonly live: () => { readonly alive: boolean; readonly stalledMs: number }
  readonly ready: () => Promise<Readiness>
}

export type HealthServer = { readonly port: number; close(): Promise<void> }

/** Listens; port 0 takes any free one. Rejects with FW_CONFIG_INVALID when the address cannot be had. */
export async function serveHealth(
  address: { host: string; port: number },
  checks: HealthChecks,
): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      response.end(`${JSON.stringify(body)}\n`)
    }
    if (request.url === '/livez') {
      const state = checks.live()
      answer(state.alive ? 200 : 503, state)
    } else if (request.url === '/readyz') {
      checks.ready().then(
        (state) => answer(state.ready ? 200 : 503, state),
        (cause: unknown) => answer(503, { ready: false, missing: [String(cause)] }),
      )
    } else {
      answer(404, { code: 'FW_REQUEST_INVALID', message: 'there is only /livez and /readyz' })
    }
  })
  server.requestTimeout = 5_000
  await listening(server, address)
  const { port } = server.address() as AddressInfo
  return { port, close: () => closed(server) }
}

const listening = (server: Server, { host, port }: { host: string; port: number }): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(listenFailure(cause, { host, port }, 'health')))
    server.listen(port, host, () => resolve())
  })

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
