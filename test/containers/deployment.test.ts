import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { composeFile, findCompose } from '../support/compose.ts'
import { buildForewarmImage } from '../support/docker/forewarm-image.ts'
import { eventually } from '../support/eventually.ts'
import { runCommand } from '../support/services/command.ts'
import { freePort } from '../support/services/ports.ts'

const mend = 'see what it says'
const docker = (...args: readonly string[]): Promise<string> => runCommand('docker', args, { mend })

let image = ''
beforeAll(async () => {
  image = await buildForewarmImage()
})

describe('the image', () => {
  const locked = ['--network', 'none', '--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges']
  const run = (...args: readonly string[]): Promise<string> => docker('run', '--rm', ...locked, image, ...args)
  const evaluate = async (code: string): Promise<unknown> => {
    const printed = `console.log(JSON.stringify(${code}))`
    return JSON.parse(await docker('run', '--rm', ...locked, '--entrypoint', 'node', image, '-e', printed))
  }

  it('runs without rights, without network and with nothing to write', async () => {
    expect(await run('--version')).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(parse(await run('config', 'print'))).toMatchObject({ mode: 'embedded', health: { host: '0.0.0.0' } })
  })

  it('is nobody in particular, and owns none of its code', async () => {
    expect(await evaluate('[process.getuid(), process.getgid(), fs.statSync("/app/dist").uid]')).toEqual([
      10_001, 10_001, 0,
    ])
  })

  it('holds what runs and nothing else', async () => {
    expect(await evaluate('fs.readdirSync("/app").sort()')).toEqual([
      'LICENSE',
      'dist',
      'healthcheck.mjs',
      'node_modules',
    ])
    expect(
      await evaluate('["typescript", "vitest", "node"].filter((name) => fs.existsSync("/app/node_modules/" + name))'),
    ).toEqual([])
  })

  it('keeps nothing of how the builder reaches its package registry', async () => {
    const told = await docker('image', 'inspect', image)
    const history = await docker('history', '--no-trunc', '--format', '{{.CreatedBy}}', image)
    const registry = new URL((await runCommand('npm', ['config', 'get', 'registry'], { mend })).trim()).host
    expect(`${told}${history}`).not.toContain(registry)
    expect(await evaluate('fs.existsSync("/run/secrets")')).toBe(false)
  })

  it('says that it is not well when nothing answers in it', async () => {
    const check = docker('run', '--rm', ...locked, '--entrypoint', 'node', image, '/app/healthcheck.mjs', 'livez')
    await expect(check).rejects.toThrow('nothing answers at ports 8788, 8787')
  })
})

const compose = findCompose()

describe.skipIf(compose === null)('deploy/compose.yaml', () => {
  const project = `forewarm-test-${randomUUID().slice(0, 8)}`
  const [command = '', ...first] = compose ?? []
  const variables = { COMPOSE_PROJECT_NAME: project, WORKSPACE: 'acme/web', GATEWAY_PORT: '' }
  const run = (...args: readonly string[]): Promise<string> =>
    runCommand(command, [...first, '-f', composeFile, ...args], { env: variables, mend })
  const gateway = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${variables.GATEWAY_PORT}${path}`, {
      ...init,
      headers: { authorization: 'Bearer local', 'content-type': 'application/json' },
    })

  beforeAll(async () => {
    variables.GATEWAY_PORT = String(await freePort())
    await run('up', '--detach', '--no-build')
  })
  afterAll(() => run('down', '--volumes', '--timeout', '5'))

  /** State of each container by the name of its service. */
  async function states(): Promise<ReadonlyMap<string, string>> {
    const format =
      '{{ index .Config.Labels "com.docker.compose.service" }} {{ .State.Status }} {{ .State.ExitCode }} {{ if .State.Health }}{{ .State.Health.Status }}{{ end }}'
    const ids = await docker('ps', '--all', '--quiet', '--filter', `label=com.docker.compose.project=${project}`)
    const lines = await docker('inspect', '--format', format, ...ids.trim().split('\n'))
    return new Map(
      lines
        .trim()
        .split('\n')
        .map((line) => [line.split(' ')[0] ?? '', line.split(' ').slice(1).join(' ').trim()]),
    )
  }

  const healthy = 'running 0 healthy'
  const serving = ['gateway', 'ingest', 'kafka', 'predict', 'redis-cache', 'redis-model', 'registry', 'warm']

  it('brings everything up, each part ready for its work', async () => {
    const wanted = [...serving.map((name) => [name, healthy]), ['topics', 'exited 0']].sort()
    await eventually(
      async () => [...(await states())].sort(),
      (seen) => String(seen) === String(wanted),
      {
        what: 'that every service is healthy',
        withinMs: 60_000,
        everyMs: 500,
      },
    )
  })

  it('warms a file of the mounted workspace that the gateway was asked for', async () => {
    const asked = await gateway('/v1/workspaces/acme%2Fweb/warm-requests', {
      method: 'POST',
      body: JSON.stringify({ paths: ['package.json'], requestedBy: 'test' }),
    })
    expect(asked.status).toBe(202)
    const version = execFileSync('git', ['hash-object', '--no-filters', 'package.json'], { encoding: 'utf8' }).trim()
    const found = await eventually(
      () => gateway(`/v1/workspaces/acme%2Fweb/cache?path=package.json&version=${version}`),
      ({ status }) => status === 200,
      { what: 'that package.json is in the cache', everyMs: 100 },
    )
    expect(await found.json()).toMatchObject({ name: 'forewarm' })
  })

  it('ends every process in order within its grace', async () => {
    const processes = ['ingest', 'predict', 'warm', 'gateway']
    await run('stop', ...processes)
    const ended = await states()
    expect(processes.map((name) => [name, ended.get(name)])).toEqual(
      processes.map((name) => [name, expect.stringMatching(/^exited 0/)]),
    )
  })
})
