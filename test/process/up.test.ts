import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { cliWorld } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { type ForewarmProcess, spawnForewarm } from '../support/process.ts'
import { files, get, lookup, makeSite, publish } from '../support/site.ts'

const up = (folder: string) => spawnForewarm(['--config', 'settings.yaml', 'up'], { cwd: folder })

async function urlOf(child: ForewarmProcess): Promise<string> {
  return JSON.parse(await child.line(/the gateway listens/)).url
}

test('forewarm up learns from sessions, warms what comes next, and the next read is a warm hit; kill -9 loses nothing', async () => {
  const folder = makeSite()
  const first = up(folder)
  const url = await urlOf(first)
  for (const hours of [6, 5, 4, 3, 2, 1]) await publish(url, `before-${hours}`, files, hours * 3_600_000)
  const learned = () => get(url, '/model/files?path=main.ts')
  await eventually(learned, ({ frequency }) => frequency === 6, { what: 'six sessions in the model' })

  await publish(url, 'now', ['main.ts', 'parse.ts'], 0)
  const status = () => get(url, '/status')
  await eventually(status, ({ cache }) => cache.unreadWarms > 0, { what: 'a warm' })
  const { commands } = await get(url, '/predictions?session=now')
  const predicted = commands.flatMap((command) => command.files.map(({ path }) => path))
  expect(predicted).not.toContain('main.ts')
  const [next = ''] = predicted
  const found = await eventually(
    () => lookup(url, next, folder),
    ({ outcome }) => outcome === 'warmHit',
  )
  expect(found.text).toBe(`export const name = '${next}'\n`)
  expect((await lookup(url, next, folder)).outcome).toBe('hit')

  expect(await first.kill('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' })
  const second = up(folder)
  const again = await urlOf(second)
  expect((await get(again, '/model/files?path=main.ts')).frequency).toBe(7)
  expect((await lookup(again, next, folder)).outcome).toBe('hit')
  expect(await (await fetch(`${again}/readyz`)).json()).toEqual({ ready: true, missing: [] })
  expect(await second.kill('SIGTERM')).toEqual({ code: 0, signal: null })
})

test('a second forewarm up on the same file is refused, saying where the first one is', async () => {
  const folder = makeSite()
  const first = up(folder)
  const url = await urlOf(first)
  const second = up(folder)
  expect(await second.exit()).toEqual({ code: 2, signal: null })
  expect(second.stderr()).toContain(url)
  await first.kill('SIGTERM')
})

test('a process of a distributed deployment says so where the mode is embedded', async () => {
  const child = spawnForewarm(['ingest'])
  expect(await child.exit()).toEqual({ code: 2, signal: null })
  expect(child.stderr()).toContain('set mode to distributed')
})

test('forewarm up takes the checkout that it is started in where no settings name a workspace', async () => {
  const { folder, workspace, write, writeBeside, start } = cliWorld()
  write({ 'src/a.js': 'export const a = 1\n' })
  const inShop = (...args: string[]) => spawnForewarm(args, { cwd: workspace, env: { FOREWARM_GATEWAY__PORT: '0' } })
  execFileSync('git', ['init', '--quiet'], { cwd: workspace })
  const shop = inShop('up')
  expect(JSON.parse(await shop.line(/"msg":"running"/)).workspaces).toBe('shop')
  const warm = inShop('warm', 'src/a.js')
  expect(await warm.exit(), warm.stderr()).toMatchObject({ code: 0 })
  await shop.kill('SIGTERM')
  // Its own files are no changes of the workspace.
  const untracked = execFileSync('git', ['status', '--porcelain'], { cwd: workspace, encoding: 'utf8' })
  expect(untracked).toBe('?? src/\n')

  writeBeside({ 'no-settings.yaml': '{}' })
  const home = start('--config', 'no-settings.yaml', 'up')
  expect(JSON.parse(await home.line(/"msg":"running"/)).workspaces).toBe('')
  await home.kill('SIGTERM')
  rmSync(folder, { recursive: true })
})
