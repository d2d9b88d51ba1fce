/** Addresses at which something else answers than what the settings say: each is told, and none is an unknown error. */
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { toForewarmError } from '../../src/adapters/kafka/errors.ts'
import { openRedis } from '../../src/adapters/redis/connect.ts'
import { createRegistryClient } from '../../src/adapters/registry/client.ts'

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

test('a Redis connection closes also while a server without TLS keeps it waiting for the handshake', async () => {
  const server = createServer((socket) => void socket.on('error', () => {}).resume())
  const arrived = once(server, 'connection')
  const { close } = openRedis({ urls: [`rediss://127.0.0.1:${await portOf(server)}`], cluster: false }, 'cache')
  await arrived
  await expect(close()).resolves.toBeUndefined()
})

test('a web server that is no schema registry is not taken for one that lacks the subject', async () => {
  const server = createHttpServer((_, response) => response.writeHead(404).end('<h1>Not Found</h1>'))
  const registry = createRegistryClient({ url: `http://127.0.0.1:${await portOf(server)}` })
  const refusal = { code: 'FW_SCHEMA_UNAVAILABLE', message: expect.stringContaining('is registry.url right') }
  await expect(registry.find('access-events-value', '"string"')).rejects.toMatchObject(refusal)
  await expect(registry.versions('access-events-value')).rejects.toMatchObject(refusal)
})

test('a registry that takes too long is told apart from one that is not there', async () => {
  const server = createHttpServer(() => {})
  const registry = createRegistryClient({ url: `http://127.0.0.1:${await portOf(server)}`, timeoutMs: 50 })
  const away = { code: 'FW_SCHEMA_UNAVAILABLE', retriable: true }
  await expect(registry.schemaById(1)).rejects.toMatchObject({
    ...away,
    message: expect.stringContaining('has not answered within 50 ms'),
  })
})

test('what kafkajs says of a server that is no broker is an error of the log, which may pass', () => {
  const told = toForewarmError(new Error('Broker not connected'), 'asking the brokers')
  expect(told).toMatchObject({ code: 'FW_LOG_UNAVAILABLE', retriable: true })
})
