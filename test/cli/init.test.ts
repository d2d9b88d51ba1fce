import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { commandContext } from '../../src/cli/context.ts'
import { cliWorld } from '../support/cli.ts'

test('init writes settings that doctor finds well, replaces no file unasked, and refuses a name that none can have', async () => {
  const world = cliWorld()
  world.writeBeside({ '.git/HEAD': 'ref: refs/heads/main\n', 'main.ts': 'export {}\n' })
  const made = await world.call('init', '--workspace', 'acme/shop', '--json')
  expect(made).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(made.stdout)).toEqual({ file: 'forewarm.yaml', mode: 'embedded', workspace: 'acme/shop' })
  const text = readFileSync(join(world.folder, 'forewarm.yaml'), 'utf8')

  const doctor = await world.call('--config', 'forewarm.yaml', 'doctor', '--json')
  expect(doctor.code).toBe(0)
  expect(doctor.stdout).toContain('acme/shop: can be listed')

  const again = await world.call('init')
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') })
  expect(readFileSync(join(world.folder, 'forewarm.yaml'), 'utf8')).toBe(text)
  const hostile = await world.call('init', '--force', '--workspace', '../../etc')
  expect(hostile).toMatchObject({ code: 2, stderr: expect.stringContaining('../../etc') })
  expect(readFileSync(join(world.folder, 'forewarm.yaml'), 'utf8')).toBe(text)
  const shown = await world.call('init', '-', '--distributed', '--workspace', 'acme/shop')
  expect(shown.stdout).toContain('mode: distributed\n')
})

test('a settings file that nobody named is not used for its being there, which is told at a terminal', async () => {
  const world = cliWorld()
  const written = await world.call('init', '--workspace', 'acme/shop')
  expect(written.stdout).toContain(`export FOREWARM_CONFIG=${join(world.folder, 'forewarm.yaml')}`)
  const told = (atTerminal: boolean, file?: string) => {
    const report = vi.fn()
    const silent = { write: () => {}, exit: () => {}, end: () => {} }
    const { workspaces } = commandContext({ ...silent, atTerminal, report }, () => file).settings()
    return { report: report.mock.calls.join(''), workspaces: [...workspaces.keys()] }
  }
  const before = process.cwd()
  process.chdir(world.folder)
  try {
    expect(told(true)).toEqual({ report: expect.stringContaining('--config forewarm.yaml'), workspaces: [] })
    expect(told(false)).toEqual({ report: '', workspaces: [] })
    expect(told(true, 'forewarm.yaml')).toEqual({ report: '', workspaces: ['acme/shop'] })
  } finally {
    process.chdir(before)
  }
})

test('doctor says which files cannot be read, and ends with 1', async () => {
  const world = cliWorld()
  world.writeBeside({ 'forewarm.yaml': 'workspaces: { web: { origin: { directory: ./gone } } }\n' })
  const { code, stdout } = await world.call('--config', 'forewarm.yaml', 'doctor')
  expect(code).toBe(1)
  expect(stdout).toMatch(/FAIL {2}FW_ORIGIN_UNAVAILABLE: .*gone/)
  expect(stdout).toContain('mend: ')
  expect(stdout).toContain('1 to mend, 0 warnings.')
})
