import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { composeFile, composeServices, findCompose } from '../support/compose.ts'
import { findComposeImages } from '../support/docker/compose-images.ts'
import { buildForewarmImage } from '../support/docker/forewarm-image.ts'
import { eventually } from '../support/eventually.ts'
import { runCommand } from '../support/services/command.ts'
import { freePort } from '../support/services/ports.ts'

const mend = 'see what it says'
const docker = (...args: readonly string[]): Promise<string> => runCommand('docker', args, { mend })

const compose = findCompose()

describe.skipIf(compose === null)('deploy/compose.yaml', () => {
  const project = `forewarm-test-${randomUUID().slice(0, 8)}`
  const [command = '', ...first] = compose ?? []
  const ports = { GATEWAY_PORT: '', PROMETHEUS_PORT: '', GRAFANA_PORT: '' }
  const variables = { COMPOSE_PROJECT_NAME: project, WORKSPACE: 'acme/web', ...ports }
  const images = { folder: '', file: '', missing: [] as readonly string[] }
  const all = composeServices()
  const workspace = '/v1/workspaces/acme%2Fweb'
  const run = (...args: readonly string[]): Promise<string> =>
    runCommand(command, [...first, '-f', composeFile, '-f', images.file, ...args], { env: variables, mend })
  const gateway = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${variables.GATEWAY_PORT}${path}`, {
      ...init,
      headers: { authorization: 'Bearer local', 'content-type': 'application/json' },
    })

  const grafana = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${variables.GRAFANA_PORT}${path}`)
  const prometheus = async <Data>(path: string): Promise<Data> => {
    const answer = await fetch(`http://127.0.0.1:${variables.PROMETHEUS_PORT}/api/v1/${path}`)
    return ((await answer.json()) as { data: Data }).data
  }

  beforeAll(async () => {
    for (const name of ['GATEWAY_PORT', 'PROMETHEUS_PORT', 'GRAFANA_PORT'] as const) {
      variables[name] = String(await freePort())
    }
    await buildForewarmImage()
    const { replaced, missing } = await findComposeImages(all)
    images.folder = await mkdtemp(join(tmpdir(), 'forewarm-compose-'))
    images.file = join(images.folder, 'images.json')
    images.missing = missing
    const services = Object.fromEntries([...replaced].map(([name, image]) => [name, { image }]))
    await writeFile(images.file, JSON.stringify({ services }))
    for (const [name, image] of replaced) console.log(`${name}: ${image} in the place of ${all.get(name)?.image}`)
    for (const name of missing) console.log(`${name}: not run, ${all.get(name)?.image} cannot be had here`)
    await run('up', '--detach', '--no-build', ...[...all.keys()].filter((name) => !missing.includes(name)))
  })
  afterAll(async () => {
    await run('down', '--volumes', '--timeout', '5')
    await rm(images.folder, { recursive: true })
  })

  /** State of each container by the name of its service, such as `running 0 healthy`. */
  async function states(): Promise<ReadonlyMap<string, string>> {
    const format = [
      '{{ index .Config.Labels "com.docker.compose.service" }}: {{ .State.Status }} {{ .State.ExitCode }}',
      '{{ if .State.Health }} {{ .State.Health.Status }}{{ end }}',
    ].join('')
    const ids = await docker('ps', '--all', '--quiet', '--filter', `label=com.docker.compose.project=${project}`)
    const lines = await docker('inspect', '--format', format, ...ids.trim().split('\n'))
    const pairs = lines
      .trim()
      .split('\n')
      .map((line) => line.split(': '))
    return new Map(pairs.map(([name = '', state = '']) => [name, state]))
  }

  const services = [...all]
  const wanted = new Map(
    services.map(([name, { restart, healthcheck }]) => {
      const running = healthcheck.test === undefined ? 'running 0' : 'running 0 healthy'
      return [name, restart === 'no' ? 'exited 0' : running] as const
    }),
  )
  const processes = services
    .filter(([, { image, restart }]) => image.startsWith('forewarm:') && restart !== 'no')
    .map(([name]) => name)

  it('brings everything up, each part ready for its work', async () => {
    const isWanted = (seen: ReadonlyMap<string, string>): boolean =>
      [...wanted].every(([name, state]) => images.missing.includes(name) || seen.get(name) === state)
    await eventually(states, isWanted, { what: 'that every service is well', withinMs: 60_000, everyMs: 500 })
  })

  it('learns from accesses that the gateway took', async () => {
    const accesses = ['src/a.ts', 'src/b.ts'].map((path) => ({ path, timeMs: Date.now() }))
    const body = JSON.stringify({ session: randomUUID(), analyzer: 'test', accesses })
    expect((await gateway(`${workspace}/accesses`, { method: 'POST', body })).status).toBe(202)
    await eventually(
      async () => (await gateway(`${workspace}/status`)).json(),
      (status) => (status as { learned: { accesses: number } | null }).learned?.accesses === accesses.length,
      { what: 'that the workspace is learned', everyMs: 100 },
    )
  })

  it('warms a file of the mounted workspace that the gateway was asked for', async () => {
    const asked = await gateway(`${workspace}/warm-requests`, {
      method: 'POST',
      body: JSON.stringify({ strategy: 'paths', priorityFiles: ['package*.json'], requestedBy: 'test' }),
    })
    expect(asked.status).toBe(202)
    const version = execFileSync('git', ['hash-object', '--no-filters', 'package.json'], { encoding: 'utf8' }).trim()
    const found = await eventually(
      () => gateway(`${workspace}/cache?path=package.json&version=${version}`),
      ({ status }) => status === 200,
      { what: 'that package.json is in the cache', everyMs: 100 },
    )
    expect(await found.json()).toMatchObject({ name: 'forewarm' })
  })

  it('has its Prometheus read every process and the Collector, and look out for the alerts', async () => {
    const isThere = (name: string): boolean => !images.missing.includes(name)
    type Target = { readonly health: string; readonly labels: { readonly instance: string } }
    const up = async () => {
      const { activeTargets } = await prometheus<{ activeTargets: Target[] }>('targets')
      return activeTargets.flatMap(({ health, labels }) => (health === 'up' ? [labels.instance.split(':')[0]] : []))
    }
    const wantedUp = ['localhost', 'otel-collector', ...processes].filter(isThere)
    await eventually(up, (seen) => wantedUp.every((name) => seen.includes(name)), {
      ...{ what: `that ${wantedUp} are up`, withinMs: 60_000, everyMs: 500 },
    })
    const { groups } = await prometheus<{ groups: { rules: { name: string; health: string }[] }[] }>('rules')
    const rules = groups.flatMap((group) => group.rules)
    const alerts = readFileSync('deploy/prometheus/alerts.yaml', 'utf8').matchAll(/- alert: (\w+)/g)
    expect(rules.map(({ name }) => name)).toEqual([...alerts].map(([, name]) => name))
    expect(rules.filter(({ health }) => health === 'err')).toEqual([])
  })

  it('shows the dashboards over its Prometheus, to whoever looks', async ({ skip }) => {
    skip(images.missing.includes('grafana'), `${all.get('grafana')?.image} cannot be had here`)
    const found = await (await grafana('/api/search?tag=forewarm')).json()
    const files = readdirSync('deploy/helm/forewarm/dashboards').filter((name) => name.endsWith('.json'))
    expect(found).toHaveLength(files.length)
    const proxied = await grafana('/api/datasources/proxy/uid/prometheus/api/v1/query?query=up')
    expect(await proxied.json()).toMatchObject({ status: 'success' })
  })

  it('ends every process in order within its grace', async () => {
    await run('stop', ...processes)
    const ended = await states()
    expect(processes.map((name) => [name, ended.get(name)])).toEqual(
      processes.map((name) => [name, expect.stringMatching(/^exited 0/)]),
    )
  })
  it('has its Collector take the traces and metrics of the processes, the last of them too', async ({ skip }) => {
    skip(images.missing.includes('otel-collector'), `${all.get('otel-collector')?.image} cannot be had here`)
    const signals = async () => {
      const log = await run('logs', '--no-color', 'otel-collector')
      return new Set([...log.matchAll(/"otelcol\.signal": "(\w+)", "resource/g)].map(([, signal]) => signal))
    }
    await eventually(signals, (seen) => seen.has('traces') && seen.has('metrics'), {
      ...{ what: 'traces and metrics at the Collector', withinMs: 60_000 },
    })
  })
})
