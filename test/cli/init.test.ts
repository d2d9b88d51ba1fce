import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cliWorld } from '../support/cli.ts'

test('init writes settings that doctor finds well, replaces no file unasked, and refuses a name that none can have', async () => {
  const world = cliWorld()
  world.writeBeside({ '.git/HEAD': 'ref: refs/heads/main\n', 'main.ts': 'export {}\n' })
  const made = await world.run('init', '--workspace', 'acme/shop', '--json')
  expect(made).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(made.stdout)).toEqual({ file: 'forewarm.yaml', mode: 'embedded', workspace: 'acme/shop' })
  const text = readFileSync(join(world.folder, 'forewarm.yaml'), 'utf8')

  const doctor = await world.run('--config', 'forewarm.yaml', 'doctor', '--json')
  expect(doctor.code).toBe(0)
  expect(doctor.stdout).toContain('acme/shop: can be listed')

  const again = await world.run('init')
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') })
  expect(readFileSync(join(world.folder, 'forewarm.yaml'), 'utf8')).toBe(text)
  const hostile = await world.run('init', '--force', '--workspace', '../../etc')
  expect(hostile).toMatchObject({ code: 2, stderr: expect.stringContaining('../../etc') })
  expect(readFileSync(join(world.folder, 'forewarm.yaml'), 'utf8')).toBe(text)
  const shown = await world.run('init', '-', '--distributed', '--workspace', 'acme/shop')
  expect(shown.stdout).toContain('mode: distributed\n')
}, 120_000)

test('doctor says which files cannot be read, and ends with 1', async () => {
  const world = cliWorld()
  world.writeBeside({ 'forewarm.yaml': 'workspaces: { web: { origin: { directory: ./gone } } }\n' })
  const { code, stdout } = await world.run('--config', 'forewarm.yaml', 'doctor')
  expect(code).toBe(1)
  expect(stdout).toMatch(/FAIL {2}FW_ORIGIN_UNAVAILABLE: .*gone/)
  expect(stdout).toContain('mend: ')
  expect(stdout).toContain('1 to mend, 0 warnings.')
}, 60_000)
