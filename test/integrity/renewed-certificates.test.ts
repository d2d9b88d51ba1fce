import { join } from 'node:path'
import { expect, inject, it, onTestFinished } from 'vitest'
import { SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { createSilentTelemetry } from '../../src/adapters/telemetry/silent.ts'
import { registryClient } from '../../src/compose/distributed.ts'
import { examineCertificates } from '../../src/compose/doctor-certificates.ts'
import { type Engines, openEngines } from '../../src/compose/engines.ts'
import { settingsFrom } from '../../src/config/load.ts'
import { eventually } from '../support/eventually.ts'
import { issueCertificates } from '../support/services/certificates.ts'
import { startKafka } from '../support/services/kafka.ts'
import { makeRunFolder } from '../support/services/locations.ts'
import { startPasswordGate } from '../support/services/password-gate.ts'
import { freePorts } from '../support/services/ports.ts'
import { startRedis } from '../support/services/redis.ts'

/** A folder of certificates, and engines that use those of the client. */
async function certified(brokers: number, redis: number): Promise<{ folder: string; engines: Engines }> {
  const folder = await makeRunFolder('certificates')
  await issueCertificates(folder)
  const [caFile, certFile, keyFile] = ['ca.crt', 'client.crt', 'client.key'].map((name) => join(folder, name))
  const tls = { enabled: true, caFile, certFile, keyFile }
  const settings = {
    mode: 'distributed',
    kafka: { brokers: [`127.0.0.1:${brokers}`], tls },
    cache: { redis: { urls: [`rediss://127.0.0.1:${redis}`], tls } },
  }
  const file = { name: 'settings', text: JSON.stringify(settings) }
  const engines = openEngines(settingsFrom({ file }), { logger: SILENT_LOG, telemetry: createSilentTelemetry() })
  onTestFinished(() => engines.close())
  return { folder, engines }
}

it('Redis: certificates of another authority take over without a restart of the client', async () => {
  const [port = 0] = await freePorts(1)
  const { folder, engines } = await certified(1, port)
  const server = await startRedis({
    settings: {
      'tls-port': String(port),
      'tls-cert-file': join(folder, 'server.crt'),
      'tls-key-file': join(folder, 'server.key'),
      'tls-ca-cert-file': join(folder, 'ca.crt'),
      'tls-auth-clients': 'yes',
    },
  })
  onTestFinished(server.stop)
  expect(await engines.cache().healthy()).toBe(true)
  await server.process.stop()
  await issueCertificates(folder)
  await server.process.start()
  await eventually(
    () => engines.cache().healthy(),
    (healthy) => healthy,
    { what: 'the cache by its new certificates' },
  )
})

it('Kafka: certificates of another authority take over without a restart of the client', async () => {
  const [port = 0, controller = 0] = await freePorts(2)
  const { folder, engines } = await certified(port, 1)
  const server = await startKafka({
    settings: {
      listeners: `SSL://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': `SSL://127.0.0.1:${port}`,
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
      'listener.security.protocol.map': 'SSL:SSL,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name': 'SSL',
      'ssl.client.auth': 'required',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': join(folder, 'server.pem'),
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': join(folder, 'ca.crt'),
    },
  })
  onTestFinished(server.stop)
  expect(await engines.log.healthy()).toBe(true)
  const [node] = server.nodes
  await node?.stop()
  await issueCertificates(folder)
  await node?.start()
  await eventually(
    () => engines.log.healthy(),
    (healthy) => healthy,
    { what: 'the log by its new certificates', withinMs: 60_000 },
  )
})

it('schema registry: of a private authority, with user and certificate; those of another take over without a restart', async () => {
  const folder = await makeRunFolder('certificates')
  await issueCertificates(folder)
  const login = { username: 'forewarm', password: 'secret' }
  const gate = await startPasswordGate(inject('services').registryUrl, { ...login, certificates: folder })
  const [caFile, certFile, keyFile] = ['ca.crt', 'client.crt', 'client.key'].map((name) => join(folder, name))
  const settingsOf = (registry: object) => {
    const text = JSON.stringify({ mode: 'distributed', registry: { url: gate.url, ...login, ...registry } })
    return settingsFrom({ file: { name: 'settings', text } })
  }
  const clientOf = (registry: object) => registryClient(settingsOf(registry))
  const askOf = (registry: object) => clientOf(registry).versions('no such subject')
  const client = clientOf({ tls: { caFile, certFile, keyFile } })
  expect(await client.versions('no such subject')).toEqual([])
  const unavailable = (said: string) => ({ code: 'FW_SCHEMA_UNAVAILABLE', message: expect.stringContaining(said) })
  await expect(askOf({})).rejects.toMatchObject(unavailable('name its authority by registry.tls.caFile'))
  await expect(askOf({ tls: { caFile } })).rejects.toMatchObject(unavailable('set registry.tls.certFile and keyFile'))
  // They last for two days.
  const examined = await examineCertificates(settingsOf({ tls: { caFile, certFile, keyFile } }), [])
  expect(examined.map(({ state, what }) => `${state}: ${what.split(':')[0]}`)).toEqual([
    'warn: registry.tls.caFile',
    'warn: registry.tls.certFile',
    'warn: 127.0.0.1',
  ])
  const wrong = { tls: { caFile, certFile, keyFile }, password: 'wrong' }
  await expect(askOf(wrong)).rejects.toMatchObject({ code: 'FW_UNAUTHORIZED' })
  await issueCertificates(folder)
  gate.renewCertificates()
  expect(await client.versions('no such subject')).toEqual([])
})
