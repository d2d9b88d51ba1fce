import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { askHttps } from '../support/https-client.ts'
import { startIssuer } from '../support/oidc-issuer.ts'
import { spawnForewarm } from '../support/process.ts'
import { issueCertificates } from '../support/services/certificates.ts'
import { makeSite } from '../support/site.ts'

const HELD_MS = 120_000

test('forewarm up serves HTTPS to those whom client certificates and tokens of an issuer name, as its settings say', {
  timeout: HELD_MS,
}, async () => {
  const folder = makeSite()
  await issueCertificates(folder)
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  const issuer = await startIssuer({ cert: read('server.crt'), key: read('server.key') })
  const tokens = {
    analyzers: { certificate: 'CN=forewarm-client', workspaces: ['web'], verbs: ['read'] },
    builds: { claims: ['sub=ci'], workspacesClaim: 'repository', verbs: ['read'] },
  }
  const env = {
    FOREWARM_GATEWAY__TLS__CERT_FILE: 'server.crt',
    FOREWARM_GATEWAY__TLS__KEY_FILE: 'server.key',
    FOREWARM_GATEWAY__TLS__CLIENT_CA_FILE: 'ca.crt',
    FOREWARM_GATEWAY__OIDC__ISSUER: issuer.url,
    FOREWARM_GATEWAY__OIDC__AUDIENCE: 'forewarm',
    FOREWARM_GATEWAY__OIDC__ALGORITHMS: 'ES256',
    FOREWARM_GATEWAY__OIDC__CA_FILE: 'ca.crt',
    FOREWARM_GATEWAY__TOKENS: JSON.stringify(tokens),
  }
  const up = spawnForewarm(['--config', 'settings.yaml', 'up'], { cwd: folder, env })
  const { url } = JSON.parse(await up.line(/the gateway listens/, HELD_MS))
  const ca = read('ca.crt')
  const status = `${url}/v1/workspaces/web/status`
  const byCertificate = { ca, cert: read('client.crt'), key: read('client.key') }
  const bearer = async (repository: string) => ({
    ca,
    headers: { authorization: `Bearer ${await issuer.issue({ repository })}` },
  })
  expect((await askHttps(status, byCertificate)).status).toBe(200)
  expect((await askHttps(status, await bearer('web'))).status).toBe(200)
  expect((await askHttps(status, await bearer('api'))).status).toBe(403)
  expect((await askHttps(status, { ca })).status).toBe(401)

  // Probes have no certificate: health is asked for at a port of its own.
  const { port } = JSON.parse(await up.line(/the health server listens/))
  const health = spawnForewarm(['readyz'], {
    entry: 'deploy/healthcheck.mjs',
    env: { FOREWARM_HEALTH__PORT: `${port}` },
  })
  expect({ ...(await health.exit()), said: health.stdout() }).toMatchObject({
    code: 0,
    said: expect.stringContaining('200'),
  })
  expect(await up.kill('SIGTERM')).toEqual({ code: 0, signal: null })
})
