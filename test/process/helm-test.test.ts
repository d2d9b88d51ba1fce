import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { spawnForewarm } from '../support/process.ts'
import { makeSite } from '../support/site.ts'

const workspace = 'web'
const token = 'token-of-the-test'
const tokens = { test: { sha256: createHash('sha256').update(token).digest('hex'), workspaces: [workspace] } }
const secrets = mkdtempSync(join(tmpdir(), 'forewarm-helm-test-'))
const tokenFile = join(secrets, 'token')
writeFileSync(tokenFile, `${token}\n`)
afterAll(() => rmSync(secrets, { recursive: true, force: true }))

test('what `helm test` runs sees a warm hit where the whole way works, fails where it does not, and may be run again', async () => {
  const folder = makeSite()
  const env = { FOREWARM_GATEWAY__TOKENS: JSON.stringify(tokens) }
  const system = spawnForewarm(['--config', 'settings.yaml', 'up'], { cwd: folder, env })
  const { url } = JSON.parse(await system.line(/the gateway listens/))
  const helmTest = async (path: string, from = tokenFile) => {
    const child = spawnForewarm([], {
      entry: 'deploy/helm/forewarm/files/warm-hit.mjs',
      env: { GATEWAY: url, WORKSPACE: workspace, WARM_PATH: path, TOKEN_FILE: from },
    })
    return { ...(await child.exit()), said: `${child.stdout()}${child.stderr()}` }
  }
  expect(await helmTest('main.ts')).toMatchObject({ code: 0, said: expect.stringContaining('looked it up: warmHit') })
  expect(await helmTest('main.ts')).toMatchObject({ code: 0, said: expect.stringContaining('looked it up: hit') })
  expect(await helmTest('nothing.ts')).toMatchObject({
    code: 1,
    said: expect.stringContaining('the file was not warmed'),
  })
  writeFileSync(join(secrets, 'other'), 'another-token')
  const refused = await helmTest('main.ts', join(secrets, 'other'))
  expect(refused).toMatchObject({ code: 1, said: expect.stringContaining('/accesses: 401') })
  await system.kill('SIGTERM')
})
