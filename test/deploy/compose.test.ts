import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { settingsFrom } from '../../src/config/load.ts'
import type { Settings } from '../../src/config/schema.ts'
import { type ComposeService, composeFile, composeServices, findCompose } from '../support/compose.ts'

const services = composeServices()
const all = [...services]
const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
const own = all.filter(([, { image }]) => image.startsWith('forewarm:'))
const isOneShot = ({ restart }: ComposeService): boolean => restart === 'no'

const settingsOf = ({ environment = {} }: ComposeService): Settings =>
  settingsFrom({ environment: new Map(Object.entries(environment)) })

const namesOf = (services: typeof all): readonly string[] => services.map(([name]) => name)

describe('deploy/compose.yaml', () => {
  it('runs each process once', () => {
    expect(namesOf(own)).toEqual(['topics', 'ingest', 'predict', 'warm', 'gateway'])
  })

  it.each(own)('gives %s settings that exist, with values that they take', (_, service) => {
    const { mode, kafka, registry, model, cache } = settingsOf(service)
    expect(mode).toBe('distributed')
    const addresses = [...kafka.brokers, registry.url, ...model.redis.urls, ...cache.redis.urls]
    const hosts = addresses.map((address) => new URL(address.includes('//') ? address : `kafka://${address}`).hostname)
    expect(hosts).toEqual(['kafka', 'registry', 'redis-model', 'redis-cache'])
    expect(hosts.filter((host) => !services.has(host))).toEqual([])
  })

  it('gives every process the same settings, apart from where it listens', () => {
    const [, ...processes] = own.map(([, service]) => {
      const { gateway, telemetry, ...shared } = settingsOf(service)
      return { ...shared, endpoint: telemetry.endpoint }
    })
    for (const settings of processes) expect(settings).toEqual(processes[0])
  })

  it('mounts the files of its workspace where the settings say, read-only', () => {
    const warm = services.get('warm')
    const directories = [...(warm ? settingsOf(warm).workspaces : new Map()).values()].map(
      ({ origin }) => origin.directory,
    )
    expect(directories.length).toBeGreaterThan(0)
    const mounted = (warm?.volumes ?? []).map((volume) => volume.split(':').slice(1).join(':'))
    expect(mounted).toEqual(directories.map((directory) => `${directory}:ro`))
  })

  it('pins every image', () => {
    expect(all.filter(([, { image }]) => !/:v?\d[\w.-]*$/.test(image))).toEqual([])
    for (const [, { image }] of own) expect(image).toBe(`forewarm:${version}`)
  })

  it('watches every service that stays', () => {
    const unwatched = all.filter(([, service]) => !isOneShot(service) && service.healthcheck.test === undefined)
    // The collector's image has nothing that could ask it.
    expect(namesOf(unwatched)).toEqual(['otel-collector'])
  })

  it('starts what others need first, and waits until that works', () => {
    for (const [name, { depends_on = {} }] of all) {
      for (const [needed, { condition }] of Object.entries(depends_on)) {
        const service = services.get(needed)
        const wanted = service && isOneShot(service) ? 'service_completed_successfully' : 'service_healthy'
        expect([name, needed, condition]).toEqual([name, needed, wanted])
      }
    }
  })

  it('gives no service more than it needs', () => {
    for (const [name, service] of all) {
      expect([name, service.cap_drop]).toEqual([name, ['ALL']])
      expect([name, service.security_opt]).toEqual([name, ['no-new-privileges:true']])
      expect((service.ports ?? []).filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
    }
    // Kafka and the registry write their configuration beside their programs when they start.
    expect(namesOf(all.filter(([, service]) => service.read_only !== true))).toEqual(['kafka', 'registry'])
  })

  const compose = findCompose()
  it.skipIf(compose === null)('is valid for the Compose that is installed', () => {
    const [command = '', ...first] = compose ?? []
    const run = spawnSync(command, [...first, '-f', composeFile, '--profile', 'telemetry', 'config'])
    expect([run.status, String(run.stderr)]).toEqual([0, expect.not.stringMatching(/error|unsupported|invalid/i)])
    expect(Object.keys(parse(String(run.stdout)).services).sort()).toEqual([...services.keys()].sort())
  })
})

describe('deploy/otel-collector.yaml', () => {
  it('uses in its pipelines what it defines, and listens where the processes send to', () => {
    const { receivers, processors, exporters, service } = parse(readFileSync('deploy/otel-collector.yaml', 'utf8'))
    for (const pipeline of Object.values<Record<string, string[]>>(service.pipelines)) {
      for (const [kind, defined] of Object.entries({ receivers, processors, exporters })) {
        expect(Object.keys(defined)).toEqual(expect.arrayContaining(pipeline[kind] ?? []))
      }
    }
    const port = new URL(services.get('ingest')?.environment?.['FOREWARM_TELEMETRY__ENDPOINT'] ?? '').port
    expect(receivers.otlp.protocols.http.endpoint).toBe(`0.0.0.0:${port}`)
  })
})
