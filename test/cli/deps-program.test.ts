/** `forewarm deps` as it is started: by itself, without the libraries of other commands. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Exit, spawnForewarm } from '../support/process.ts'
import { repositoryRoot } from '../support/services/locations.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forewarm-deps-'))
  await writeFile(join(folder, 'main.py'), 'import helper')
  await writeFile(join(folder, 'helper.py'), '')
  const origin = `{ directory: ${JSON.stringify(folder)} }`
  await writeFile(join(folder, 'settings.yaml'), `workspaces: { acme: { origin: ${origin} } }`)
})
afterAll(() => rm(folder, { recursive: true }))

async function run(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Exit & { out: string; err: string }> {
  const started = spawnForewarm(args, { cwd: folder, env: { XDG_CACHE_HOME: join(folder, 'cache'), ...env } })
  const exit = await started.exit()
  return { ...exit, out: started.stdout(), err: started.stderr() }
}

test('reads the working directory, and a workspace of the settings by its name', async () => {
  const graph = { 'helper.py': [], 'main.py': ['helper.py'] }
  const here = await run(['deps', '--json'])
  expect(JSON.parse(here.out)).toEqual(graph)
  const named = await run(['deps', '--workspace', 'acme', '--json'], { FOREWARM_CONFIG: join(folder, 'settings.yaml') })
  expect(JSON.parse(named.out), named.err).toEqual(graph)
})

test('starts where nothing can be kept of what was compiled and parsed', async () => {
  const nowhere = await run(['deps', '--json'], { XDG_CACHE_HOME: '/proc' })
  expect(JSON.parse(nowhere.out), nowhere.err).toEqual({ 'helper.py': [], 'main.py': ['helper.py'] })
})

test('goes on where nobody hears of progress any more', async () => {
  await mkdir(join(folder, 'faulty'), { recursive: true })
  await writeFile(join(folder, 'faulty/a.py'), 'def (')
  const forewarm = join(repositoryRoot, 'src/cli/forewarm.ts')
  const child = spawn(process.execPath, [forewarm, 'deps', '--json'], {
    cwd: join(folder, 'faulty'),
    env: { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stderr.destroy()
  const [graph, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  expect({ graph: JSON.parse(graph), code }).toEqual({ graph: { 'a.py': [] }, code: 0 })
})

test('ends with 2 on wrong arguments and with 1 on a folder that is not there, saying so', async () => {
  const unknown = await run(['deps', '--bad'])
  expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining("unknown option '--bad'") })
  const missing = await run(['deps', '--workspace', '/not/there'])
  expect(missing).toMatchObject({ code: 1, err: expect.stringContaining('FW_ORIGIN_UNAVAILABLE') })
})
