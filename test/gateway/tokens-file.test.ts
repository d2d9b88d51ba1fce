import { mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type ForewarmProcess, spawnForewarm } from '../support/process.ts'
import { makeSite } from '../support/site.ts'

async function forewarm(cwd: string, ...args: readonly string[]) {
  const child: ForewarmProcess = spawnForewarm(args, { cwd })
  const { code } = await child.exit()
  return { code, stdout: child.stdout(), stderr: child.stderr() }
}

const made = async (cwd: string, ...args: readonly string[]): Promise<string> =>
  JSON.parse((await forewarm(cwd, 'token', 'create', ...args, '--file', 'tokens.yaml', '--json')).stdout).token

test('tokens of a file are bound to workspaces and verbs, kept as hashes, and come and go without a restart', async () => {
  const folder = makeSite({ gateway: { port: 0, tokensFile: 'tokens.yaml' } })
  const reader = await made(folder, 'reader', '-w', 'web', '--verb', 'read')
  const other = await made(folder, 'other', '-w', 'another')
  const file = join(folder, 'tokens.yaml')
  expect(readFileSync(file, 'utf8')).not.toContain(reader)
  const up = spawnForewarm(['--config', 'settings.yaml', 'up'], { cwd: folder })
  const { url } = JSON.parse(await up.line(/the gateway listens/))
  const asked = async (token: string, path = 'status', method = 'GET') => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const body = method === 'GET' ? {} : { body: '{}' }
    return (await fetch(`${url}/v1/workspaces/web/${path}`, { method, headers, ...body })).status
  }
  expect(await asked(reader)).toBe(200)
  expect(await asked(reader, 'pause', 'POST')).toBe(403)
  expect(await asked(other)).toBe(403)

  const next = await made(folder, 'next', '-w', 'web')
  await eventually(
    () => asked(next),
    (status) => status === 200,
    { what: 'the new token', withinMs: 60_000 },
  )
  expect((await forewarm(folder, 'token', 'revoke', 'reader', '--file', 'tokens.yaml')).code).toBe(0)
  await eventually(
    () => asked(reader),
    (status) => status === 401,
    { what: 'the end of the revoked token', withinMs: 60_000 },
  )

  writeFileSync(join(folder, 'bad'), '{}')
  renameSync(join(folder, 'bad'), file)
  await up.line(/the last good ones hold/)
  expect([await asked(next), await asked(reader)]).toEqual([200, 401])
  expect(await up.kill('SIGTERM')).toEqual({ code: 0, signal: null })
})

test('a tokens file without tokens ends the start: it would open the gateway to all', async () => {
  const folder = makeSite({ gateway: { port: 0, tokensFile: 'tokens.yaml' } })
  writeFileSync(join(folder, 'tokens.yaml'), '')
  const { code, stderr } = await forewarm(folder, '--config', 'settings.yaml', 'up')
  expect([code, stderr]).toEqual([2, expect.stringContaining('holds no tokens')])
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
