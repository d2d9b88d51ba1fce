import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { followTokens } from '../../src/compose/gateway-tokens.ts'
import { settingsFrom } from '../../src/config/load.ts'
import { cliWorld } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { type ForewarmProcess, spawnForewarm } from '../support/process.ts'
import { makeSite } from '../support/site.ts'

async function forewarm(cwd: string, ...args: readonly string[]) {
  const child: ForewarmProcess = spawnForewarm(args, { cwd })
  const { code } = await child.exit()
  return { code, stdout: child.stdout(), stderr: child.stderr() }
}

const HELD_MS = 120_000

const entry = (secret: string, workspace: string, more: object = {}) => ({
  ...{ sha256: sha256Hex(secret), workspaces: [workspace], ...more },
})

test('tokens of a file are bound to workspaces and verbs, kept as hashes, and come and go without a restart', {
  timeout: HELD_MS,
}, async () => {
  const folder = makeSite({ gateway: { port: 0, tokensFile: 'tokens.yaml' } })
  const file = join(folder, 'tokens.yaml')
  writeFileSync(file, JSON.stringify({ reader: entry('r', 'web', { verbs: ['read'] }), other: entry('o', 'another') }))
  const up = spawnForewarm(['--config', 'settings.yaml', 'up'], { cwd: folder })
  const { url } = JSON.parse(await up.line(/the gateway listens/, HELD_MS))
  const asked = async (token: string, path = 'status', method = 'GET') => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const body = method === 'GET' ? {} : { body: '{}' }
    return (await fetch(`${url}/v1/workspaces/web/${path}`, { method, headers, ...body })).status
  }
  expect(await asked('r')).toBe(200)
  expect(await asked('r', 'pause', 'POST')).toBe(403)
  expect(await asked('o')).toBe(403)
  const becomes = (token: string, status: number) =>
    eventually(
      () => asked(token),
      (answer) => answer === status,
      { what: `${status} for ${token}`, withinMs: 60_000 },
    )

  const create = ['token', 'create', 'next', '-w', 'web', '--days', '30', '--file', 'tokens.yaml', '--json']
  const { token: next, entry: made } = JSON.parse((await forewarm(folder, ...create)).stdout)
  expect(Date.parse(made.expiresAt)).toBeGreaterThan(Date.now())
  expect(readFileSync(file, 'utf8')).not.toContain(next)
  await becomes(next, 200)
  expect((await forewarm(folder, 'token', 'revoke', 'reader', '--file', 'tokens.yaml')).code).toBe(0)
  await becomes('r', 401)

  writeFileSync(join(folder, 'bad'), '{}')
  renameSync(join(folder, 'bad'), file)
  await up.line(/the last good ones hold/, HELD_MS)
  expect([await asked(next), await asked('r')]).toEqual([200, 401])
  expect(await up.kill('SIGTERM')).toEqual({ code: 0, signal: null })
})

test('a tokens file without tokens ends the start: it would open the gateway to all', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'forewarm-')), 'tokens.yaml')
  writeFileSync(file, '')
  const { gateway } = settingsFrom({ environment: new Map([['FOREWARM_GATEWAY__TOKENS_FILE', file]]) })
  expect(() => followTokens(gateway, SILENT_LOG)).toThrow('holds no tokens')
})

test('a tokens file stays where it is and for whom it is, and what cannot be done with it is told', async () => {
  const { folder, call } = cliWorld()
  const token = (...args: readonly string[]) => call('token', ...args)
  mkdirSync(join(folder, 'data'))
  expect((await token('create', 'one', '-w', 'web', '--file', 'data/tokens.yaml')).code).toBe(0)
  chmodSync(join(folder, 'data/tokens.yaml'), 0o640)
  symlinkSync('data/tokens.yaml', join(folder, 'tokens.yaml'))
  expect((await token('create', 'two', '-w', 'web', '--file', 'tokens.yaml')).code).toBe(0)
  expect(lstatSync(join(folder, 'tokens.yaml')).isSymbolicLink()).toBe(true)
  expect(statSync(join(folder, 'data/tokens.yaml')).mode & 0o777).toBe(0o640)
  expect((await token('revoke', 'one', '--file', 'tokens.yaml')).code).toBe(0)
  const last = await token('revoke', 'two', '--file', 'tokens.yaml')
  expect(last).toMatchObject({ code: 2, stderr: expect.stringContaining('two is the only token of tokens.yaml') })

  writeFileSync(join(folder, 'list.yaml'), '- a\n')
  for (const file of ['none.yaml', 'data', 'list.yaml']) {
    const refused = await token('revoke', 'one', '--file', file)
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(`FW_CONFIG_INVALID.*${file}`) })
  }
  const nowhere = await token('create', 'one', '-w', 'web', '--file', 'none/tokens.yaml')
  expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be written') })
})

test('a token without a file is shown once with what to put into the settings', async () => {
  const { code, stdout } = await forewarm(
    mkdtempSync(join(tmpdir(), 'forewarm-')),
    'token',
    'create',
    'ci',
    '-w',
    'web',
  )
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/^fw_[\w-]{43}\n[\s\S]*gateway\.tokens[\s\S]*sha256: [0-9a-f]{64}/),
  ])
})
