import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SignJWT, UnsecuredJWT } from 'jose'
import { expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import type { OidcOptions } from '../../src/adapters/http/gateway/oidc.ts'
import type { Token } from '../../src/adapters/http/gateway/tokens.ts'
import { certificates } from '../../src/compose/certificates.ts'
import { openStream } from '../support/event-stream.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway-server.ts'
import { type Issuer, startIssuer } from '../support/oidc-issuer.ts'
import { issueCertificates } from '../support/services/certificates.ts'
import { makeRunFolder } from '../support/services/locations.ts'

const web = '/v1/workspaces/acme%2Fweb'
const api = '/v1/workspaces/acme%2Fapi'

const builds: Token = { claims: ['repository=acme/web'], workspaces: ['acme/web'], verbs: ['read', 'publish'] }
const people: Token = {
  ...{ claims: ['realm.roles=warmer', 'scope=cache'], workspaces: [], workspacesClaim: 'teams', verbs: ['read'] },
}
const keeper: Token = { claims: ['sub=keeper'], workspaces: ['*'], verbs: ['admin', 'read'] }
const plain: Token = { sha256: sha256Hex('plain'), workspaces: ['*'], verbs: ['read'] }

async function start(issuer: Issuer, oidc: Partial<OidcOptions> = {}) {
  const tokens = new Map(Object.entries({ builds, people, keeper, plain }))
  const own = {
    issuer: issuer.url,
    audience: 'forewarm',
    jwksUrl: null,
    algorithms: ['ES256'],
    refreshMs: 60_000,
    tls: {},
  }
  const started = await startGateway({ server: { tokens, oidc: { ...own, ...oidc } } })
  const status = async (token: string, path = `${web}/status`) => (await started.call('GET', path, { token })).status
  const becomes = (token: string, wanted: number) =>
    eventually(
      () => status(token),
      (found) => found === wanted,
      { what: `${wanted} for the token`, withinMs: 60_000 },
    )
  return { ...started, status, becomes }
}

test('claims of a token give workspaces and verbs, by whichever tokens of the settings they fulfil', async () => {
  const issuer = await startIssuer()
  const { call, status } = await start(issuer)
  const build = await issuer.issue({ repository: 'acme/web', sub: 'repo:acme/web\u001b[31m' })
  expect([await status(build), await status(build, `${api}/status`)]).toEqual([200, 403])
  const asked = async (token: string, path: string) => (await call('POST', path, { token, body: {} })).status
  expect(await asked(build, `${web}/pause`)).toBe(403)
  const person = await issuer.issue({ realm: { roles: ['warmer'] }, scope: 'openid cache', teams: ['acme/api', '*'] })
  expect([await status(person, `${api}/status`), await status(person)]).toEqual([200, 403])
  const both = await issuer.issue({ sub: 'keeper', repository: 'acme/web' })
  expect([await asked(both, `${web}/pause`), await asked(both, '/v1/workspaces/*/pause')]).toEqual([200, 200])
  expect((await call('GET', `${web}/status`, { token: both })).json.pauses).toMatchObject([
    { by: 'builds:keeper' },
    { by: 'builds:keeper' },
  ])
  const nobody = await issuer.issue({ repository: 'acme/webb', scope: 'cachet', realm: { roles: 'warm' } })
  expect(await status(nobody)).toBe(403)
  const nosy = await issuer.issue({ repository: ['acme'], constructor: 'x', realm: null })
  expect(await status(nosy)).toBe(403)
})

test('a token that is forged, not for this gateway, too old or too young is refused with the reason', async () => {
  const issuer = await startIssuer()
  const stranger = await startIssuer()
  const { call } = await start(issuer, { algorithms: ['RS256', 'ES256'] })
  const good = await issuer.issue({ repository: 'acme/web' })
  const [header = '', , signature = ''] = good.split('.')
  const claims = { iss: issuer.url, aud: 'forewarm', sub: 'keeper', exp: 4_102_444_800 }
  const secret = new TextEncoder().encode(JSON.stringify(issuer.publicKey()))
  const tampered = Buffer.from(JSON.stringify(claims)).toString('base64url')
  const byPublicKey = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'first' }).sign(secret)
  const seconds = Math.floor(Date.now() / 1_000)
  const refused: readonly (readonly [token: string, why: string])[] = [
    [await stranger.issue({ iss: issuer.url, repository: 'acme/web' }), 'signature verification failed'],
    [await issuer.issue({ iss: stranger.url }), '"iss"'],
    [await issuer.issue({ aud: 'billing' }), '"aud"'],
    [await issuer.issue({ aud: undefined }), '"aud"'],
    [await issuer.issue({ exp: seconds - 60 }), '"exp"'],
    [await issuer.issue({ exp: undefined }), '"exp"'],
    [await issuer.issue({ nbf: seconds + 600 }), '"nbf"'],
    [await issuer.issue({ sub: undefined }), '"sub"'],
    [`${header}.${tampered}.${signature}`, 'signature verification failed'],
    [await byPublicKey, '"alg"'],
    [`${new UnsecuredJWT(claims).encode()}x`, '"alg"'],
    [await issuer.issue({}, 'unknown'), 'no applicable key'],
    ['a.b.c', 'Protected Header'],
    [new UnsecuredJWT(claims).encode(), 'missing or unknown'],
    [`${good}.more`, 'missing or unknown'],
  ]
  for (const [token, why] of refused) {
    const { status, json } = await call('GET', `${web}/status`, { token })
    expect([status, json.code, json.message]).toEqual([401, 'FW_UNAUTHORIZED', expect.stringContaining(why)])
  }
  expect((await call('GET', `${web}/status`, { token: good })).status).toBe(200)
})

test('keys are fetched once, not for each token with a made-up key', async () => {
  const issuer = await startIssuer()
  const { status } = await start(issuer)
  const good = await issuer.issue({ repository: 'acme/web' })
  expect(await status(good)).toBe(200)
  const madeUp = await Promise.all(Array.from({ length: 20 }, (_, nth) => issuer.issue({}, `made-up-${nth}`)))
  expect(new Set(await Promise.all(madeUp.map((token) => status(token))))).toEqual(new Set([401]))
  expect(issuer.keysAsked()).toBe(1)
})

test('a new key counts beside the old one; one that is taken out ends its tokens and their streams', async () => {
  const issuer = await startIssuer()
  const { gateway, status, becomes } = await start(issuer, { refreshMs: 200 })
  const first = await issuer.issue({ repository: 'acme/web' })
  await issuer.rotate({ keep: true })
  const second = await issuer.issue({ repository: 'acme/web' })
  await becomes(second, 200)
  expect(await status(first)).toBe(200)
  const stream = await openStream(`${gateway.url}${web}/live`, { authorization: `Bearer ${first}` })
  await stream.said('event: status')
  await issuer.rotate({ keep: false })
  await becomes(first, 401)
  await stream.ended()
})

test('an open stream ends when its token expires', async () => {
  const issuer = await startIssuer()
  const { gateway } = await start(issuer)
  const token = await issuer.issue({ repository: 'acme/web', exp: Math.floor(Date.now() / 1_000) + 4 })
  const stream = await openStream(`${gateway.url}${web}/live`, { authorization: `Bearer ${token}` })
  await stream.ended()
  expect(stream.text()).toContain('event: status')
})

test('while an issuer is away other tokens go on, and so do its own by keys that are known', async () => {
  const issuer = await startIssuer()
  issuer.away(true)
  const { call, status, becomes } = await start(issuer)
  const token = await issuer.issue({ repository: 'acme/web' })
  expect(await call('GET', `${web}/status`, { token })).toMatchObject({
    status: 503,
    json: { code: 'FW_ISSUER_UNAVAILABLE', message: expect.stringContaining('answered 503') },
  })
  expect(await status('plain')).toBe(200)
  issuer.away(false)
  await becomes(token, 200)
  issuer.away(true)
  expect(await status(token)).toBe(200)
})

test('an issuer that says it is another is not believed', async () => {
  const issuer = await startIssuer()
  const { call } = await start(issuer, { issuer: `${issuer.url}/` })
  const token = await issuer.issue({ iss: `${issuer.url}/`, repository: 'acme/web' })
  const { status, json } = await call('GET', `${web}/status`, { token })
  expect([status, json.message]).toEqual([503, expect.stringContaining('says that it is')])
})

test("an issuer's certificate is judged by the authorities of the settings, as their file says it then", async () => {
  const [folder, strangers] = await Promise.all([makeRunFolder('issuer'), makeRunFolder('issuer-strangers')])
  await Promise.all([issueCertificates(folder), issueCertificates(strangers)])
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  const issuer = await startIssuer({ cert: read('server.crt'), key: read('server.key') })
  const caFile = join(strangers, 'ca.crt')
  const { call, becomes } = await start(issuer, { tls: certificates({ caFile, certFile: null, keyFile: null }) })
  const token = await issuer.issue({ repository: 'acme/web' })
  const { status, json } = await call('GET', `${web}/status`, { token })
  expect([status, json.message]).toEqual([503, expect.stringContaining('name its authority by gateway.oidc.caFile')])
  writeFileSync(caFile, read('ca.crt'))
  await becomes(token, 200)
})
