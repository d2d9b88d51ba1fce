import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { composeFile, composeServices, findCompose } from '../support/compose.ts'
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
  const variables = { COMPOSE_PROJECT_NAME: project, WORKSPACE: 'acme/web', GATEWAY_PORT: '' }
  const workspace = '/v1/workspaces/acme%2Fweb'
  const run = (...args: readonly string[]): Promise<string> =>
    runCommand(command, [...first, '-f', composeFile, ...args], { env: variables, mend })
  const gateway = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${variables.GATEWAY_PORT}${path}`, {
      ...init,
      headers: { authorization: 'Bearer local', 'content-type': 'application/json' },
    })

  beforeAll(async () => {
    variables.GATEWAY_PORT = String(await freePort())
    await buildForewarmImage()
    await run('up', '--detach', '--no-build')
  })
  afterAll(() => run('down', '--volumes', '--timeout', '5'))

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

  const services = [...composeServices()].filter(([, { profiles }]) => profiles === undefined)
  const wanted = new Map(
    services.map(([name, { restart }]) => [name, restart === 'no' ? 'exited 0' : 'running 0 healthy'] as const),
  )
  const processes = services
    .filter(([, { image, restart }]) => image.startsWith('forewarm:') && restart !== 'no')
    .map(([name]) => name)

  it('brings everything up, each part ready for its work', async () => {
    const isWanted = (seen: ReadonlyMap<string, string>): boolean =>
      [...wanted].every(([name, state]) => seen.get(name) === state)
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
      body: JSON.stringify({ paths: ['package.json'], requestedBy: 'test' }),
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

  it('ends every process in order within its grace', async () => {
    await run('stop', ...processes)
    const ended = await states()
    expect(processes.map((name) => [name, ended.get(name)])).toEqual(
      processes.map((name) => [name, expect.stringMatching(/^exited 0/)]),
    )
  })
})
