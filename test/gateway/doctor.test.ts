import { join } from 'node:path'
import { expect, test } from 'vitest'
import { examine } from '../../src/compose/doctor.ts'
import { settingsFrom } from '../../src/config/load.ts'
import { startIssuer } from '../support/oidc-issuer.ts'
import { issueCertificates } from '../support/services/certificates.ts'
import { makeRunFolder } from '../support/services/locations.ts'

const DAY_MS = 86_400_000

test('the doctor tells of what the gateway stands on: certificates and tokens near their end, an issuer that is away', async () => {
  const folder = await makeRunFolder('gateway-doctor')
  await issueCertificates(folder)
  const issuer = await startIssuer()
  const near = new Date(Date.now() + 3 * DAY_MS).toISOString()
  const gateway = {
    tls: Object.fromEntries(
      Object.entries({ certFile: 'server.crt', keyFile: 'server.key', clientCaFile: 'ca.crt' }).map(([key, name]) => [
        key,
        join(folder, name),
      ]),
    ),
    oidc: { issuer: issuer.url, audience: 'forewarm' },
    tokens: {
      builds: { claims: ['sub=ci'], workspaces: ['web'], expiresAt: near },
      indexer: { certificate: 'CN=indexer', workspaces: ['web'], expiresAt: '2020-01-31' },
      lasting: { certificate: 'CN=lasting', workspaces: ['web'] },
    },
  }
  const look = async (more: object) => {
    const settings = { workspaces: { web: { origin: { directory: folder } } }, gateway: { ...gateway, ...more } }
    const file = { name: 'settings', text: JSON.stringify({ ...settings, embedded: { file: join(folder, 'db') } }) }
    const found = await examine(settingsFrom({ file }), ['gateway'])
    return found
      .filter(({ subject }) => subject === 'the gateway' || subject === 'the issuer of tokens')
      .map(({ state, what }) => `${state}: ${what}`)
  }
  expect(await look({})).toEqual([
    expect.stringMatching(
      /^warn: gateway\.tls\.certFile: the certificate of .*CN=forewarm-server ends on .* in [12] days?$/,
    ),
    expect.stringMatching(/^warn: gateway\.tls\.clientCaFile: the certificate of .*CN=authority .* ends on /),
    `warn: the token builds ends at ${near}`,
    'warn: the token indexer ended at 2020-01-31',
    'ok: the token lasting holds until it is revoked',
    `ok: ${issuer.url} gives its keys`,
  ])
  issuer.away(true)
  expect(await look({ tls: { ...gateway.tls, keyFile: join(folder, 'client.key') } })).toEqual([
    expect.stringContaining("fail: FW_CONFIG_INVALID: the gateway's certificate cannot be used"),
    expect.stringContaining('fail: FW_ISSUER_UNAVAILABLE'),
  ])
})
