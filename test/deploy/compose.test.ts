import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
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

  it.each(['predict', 'warm'])(
    'mounts the files of its workspace into %s where the settings say, read-only',
    (name) => {
      const service = services.get(name)
      const directories = [...(service ? settingsOf(service).workspaces : new Map()).values()].map(
        ({ origin }) => origin.directory,
      )
      expect(directories.length).toBeGreaterThan(0)
      const mounted = (service?.volumes ?? []).map((volume) => volume.split(':').slice(1).join(':'))
      expect(mounted).toEqual(directories.map((directory) => `${directory}:ro`))
    },
  )

  it('pins every image', () => {
    expect(all.filter(([, { image }]) => !/:v?\d[\w.-]*$/.test(image))).toEqual([])
    for (const [, { image }] of own) expect(image).toBe(`forewarm:${version}`)
  })

  it('brings up everything by one step: nothing waits to be asked for', () => {
    expect(all.filter(([, service]) => 'profiles' in service)).toEqual([])
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
    // Kafka and the registry write their configuration beside their programs when they start; Grafana keeps a database.
    expect(namesOf(all.filter(([, service]) => service.read_only !== true))).toEqual(['kafka', 'registry', 'grafana'])
  })

  const compose = findCompose()
  it.skipIf(compose === null)('is valid for the Compose that is installed', () => {
    const [command = '', ...first] = compose ?? []
    const run = spawnSync(command, [...first, '-f', composeFile, 'config'])
    expect([run.status, String(run.stderr)]).toEqual([0, expect.not.stringMatching(/error|unsupported|invalid/i)])
    expect(Object.keys(parse(String(run.stdout)).services).sort()).toEqual([...services.keys()].sort())
  })
})

const readYaml = (path: string) => parse(readFileSync(path, 'utf8'))

/** The files of the clone that a service sees, by the path at which it does. */
const mountsOf = (name: string): ReadonlyMap<string, string> =>
  new Map(
    (services.get(name)?.volumes ?? []).map((volume) => {
      const [from = '', at = ''] = volume.split(':')
      return [at, join(dirname(composeFile), from)]
    }),
  )

describe('deploy/otel-collector.yaml', () => {
  const { receivers, processors, exporters, service } = readYaml('deploy/otel-collector.yaml')

  it('uses in its pipelines what it defines, and listens where the processes send to', () => {
    for (const pipeline of Object.values<Record<string, string[]>>(service.pipelines)) {
      for (const [kind, defined] of Object.entries({ receivers, processors, exporters })) {
        expect(Object.keys(defined)).toEqual(expect.arrayContaining(pipeline[kind] ?? []))
      }
    }
    const port = new URL(services.get('ingest')?.environment?.['FOREWARM_TELEMETRY__ENDPOINT'] ?? '').port
    expect(receivers.otlp.protocols.http.endpoint).toBe(`0.0.0.0:${port}`)
  })
})

describe('deploy/prometheus/compose.yaml', () => {
  const { rule_files, scrape_configs } = readYaml('deploy/prometheus/compose.yaml')

  it('reads every process where it serves its metrics, and the Collector', () => {
    const processes = own.filter(([, service]) => !isOneShot(service))
    const endpoints = processes.map(([name, service]) => `${name}:${settingsOf(service).telemetry.prometheus.port}`)
    const collector = readYaml('deploy/otel-collector.yaml').service.telemetry.metrics.readers[0].pull.exporter
    const targets = scrape_configs.flatMap((job: { static_configs: { targets: string[] }[] }) =>
      job.static_configs.flatMap(({ targets }) => targets),
    )
    expect(targets).toEqual([...endpoints, `otel-collector:${collector.prometheus.port}`, 'localhost:9090'])
  })

  it('loads the alerts', () => {
    expect(rule_files.map((path: string) => mountsOf('prometheus').get(path))).toEqual([
      'deploy/prometheus/alerts.yaml',
    ])
  })
})

describe('deploy/grafana/provisioning', () => {
  const mounts = mountsOf('grafana')
  const folder = mounts.get('/etc/grafana/provisioning') ?? ''

  it('names the Prometheus beside it, and takes it where a dashboard asks for none', () => {
    const { datasources } = readYaml(join(folder, 'datasources/prometheus.yaml'))
    const { url, isDefault } = datasources[0]
    expect([new URL(url).hostname, isDefault, datasources.length]).toEqual(['prometheus', true, 1])
    const { global } = readYaml('deploy/prometheus/compose.yaml')
    expect(datasources[0].jsonData.timeInterval).toBe(global.scrape_interval)
  })

  it('loads the dashboards of the chart, the first of them at its start', () => {
    const { providers } = readYaml(join(folder, 'dashboards/forewarm.yaml'))
    const dashboards = mounts.get(providers[0].options.path) ?? ''
    expect(dashboards).toBe('deploy/helm/forewarm/dashboards')
    const home = services.get('grafana')?.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? ''
    expect(readdirSync(dashboards)).toContain(relative(providers[0].options.path, home))
  })
})
