import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { spawnForewarm } from '../support/process.ts'
import { issueCertificates } from '../support/services/certificates.ts'
import { makeSite } from '../support/site.ts'

const workspace = 'web'
const token = 'token-of-the-test'
const tokens = { test: { sha256: sha256Hex(token), workspaces: [workspace] } }
const secrets = mkdtempSync(join(tmpdir(), 'forewarm-helm-test-'))
const tokenFile = join(secrets, 'token')
writeFileSync(tokenFile, `${token}\n`)
afterAll(() => rmSync(secrets, { recursive: true, force: true }))

test('what `helm test` runs sees a warm hit where the whole way works, fails where it does not, and may be run again', async () => {
  const folder = makeSite()
  const env = { FOREWARM_GATEWAY__TOKENS: JSON.stringify(tokens) }
  const system = spawnForewarm(['--config', 'settings.yaml', 'up'], { cwd: folder, env })
  const { url } = JSON.parse(await system.line(/the gateway listens/))
  const there = { GATEWAY: url }
  expect(await helmTest(there)).toMatchObject({ code: 0, said: expect.stringContaining('looked it up: warmHit') })
  expect(await helmTest(there)).toMatchObject({ code: 0, said: expect.stringContaining('looked it up: hit') })
  expect(await helmTest({ ...there, WARM_PATH: 'nothing.ts' })).toMatchObject({
    code: 1,
    said: expect.stringContaining('the file was not warmed'),
  })
  writeFileSync(join(secrets, 'other'), 'another-token')
  const refused = await helmTest({ ...there, TOKEN_FILE: join(secrets, 'other') })
  expect(refused).toMatchObject({ code: 1, said: expect.stringContaining('/accesses: 401') })
  await system.kill('SIGTERM')
})

test('where the gateway requires client certificates, it comes in with its own, and not without', async () => {
  await issueCertificates(secrets)
  const file = (name: string) => join(secrets, name)
  const env = {
    FOREWARM_GATEWAY__TOKENS: JSON.stringify(tokens),
    FOREWARM_GATEWAY__TLS__CERT_FILE: file('server.crt'),
    FOREWARM_GATEWAY__TLS__KEY_FILE: file('server.key'),
    FOREWARM_GATEWAY__TLS__CLIENT_CA_FILE: file('ca.crt'),
    FOREWARM_GATEWAY__TLS__CLIENT_CERTIFICATES: 'required',
  }
  const system = spawnForewarm(['--config', 'settings.yaml', 'up'], { cwd: makeSite(), env })
  const { url } = JSON.parse(await system.line(/the gateway listens/))
  const asked = { GATEWAY: url.replace('127.0.0.1', 'localhost'), NODE_EXTRA_CA_CERTS: file('ca.crt') }
  const certificate = { CERT_FILE: file('client.crt'), KEY_FILE: file('client.key') }
  expect(await helmTest({ ...asked, ...certificate })).toMatchObject({
    code: 0,
    said: expect.stringContaining('looked it up: warmHit'),
  })
  expect(await helmTest(asked)).toMatchObject({ code: 1, said: expect.stringMatching(/certificate required/i) })
  await system.kill('SIGTERM')
})

/** What `helm test` runs, told where and as whom by `env`. */
async function helmTest(env: Readonly<Record<string, string>>) {
  const child = spawnForewarm([], {
    entry: 'deploy/helm/forewarm/files/warm-hit.mjs',
    env: { WORKSPACE: workspace, WARM_PATH: 'main.ts', TOKEN_FILE: tokenFile, ...env },
  })
  return { ...(await child.exit()), said: `${child.stdout()}${child.stderr()}` }
}
