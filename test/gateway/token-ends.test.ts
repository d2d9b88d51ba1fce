import { expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import type { Token } from '../../src/adapters/http/gateway/tokens.ts'
import { openStream } from '../support/event-stream.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway, web } from '../support/gateway-server.ts'

const reader: Token = { sha256: sha256Hex('secret'), workspaces: ['acme/web'], verbs: ['read'] }

test('a token holds until the moment at which it ends, and then says so', async () => {
  const tokens = new Map([
    ['lasting', { ...reader, expiresAt: '2999-12-31' }],
    ['ended', { ...reader, sha256: sha256Hex('old'), expiresAt: '2020-01-31T12:00Z' }],
  ])
  const { call } = await startGateway({ server: { tokens } })
  expect((await call('GET', `${web}/status`, { token: 'secret' })).status).toBe(200)
  expect(await call('GET', `${web}/status`, { token: 'old' })).toMatchObject({
    status: 401,
    json: { code: 'FW_UNAUTHORIZED', message: 'the token ended ended at 2020-01-31T12:00Z' },
  })
})

test('the streams of one caller are a quarter of the connections at most; one that closes makes room', async () => {
  const tokens = new Map(['page', 'other'].map((name) => [name, { ...reader, sha256: sha256Hex(name) }]))
  const { gateway, call } = await startGateway({ server: { tokens, connectionsMax: 8 } })
  const open = (name: string) => openStream(`${gateway.url}${web}/live`, { authorization: `Bearer ${name}` })
  const [first, second] = await Promise.all([open('page'), open('page')])
  expect(await call('GET', `${web}/live`, { token: 'page' })).toMatchObject({
    status: 503,
    json: { code: 'FW_OVERLOADED', message: '2 streams are open: close one of them' },
  })
  const other = await open('other')
  first.close()
  const third = await eventually(
    () => open('page').catch(() => null),
    (stream) => stream !== null,
  )
  for (const stream of [second, other, third]) stream?.close()
})

test("an open stream ends when its token is revoked, ends or changes, and another's goes on", async () => {
  const changes: Readonly<Record<string, (tokens: Map<string, Token>) => void>> = {
    revoked: (tokens) => tokens.delete('revoked'),
    ended: (tokens) => tokens.set('ended', { ...reader, sha256: sha256Hex('ended'), expiresAt: '2020-01-01' }),
    moved: (tokens) => tokens.set('moved', { ...reader, sha256: sha256Hex('moved'), workspaces: ['acme/api'] }),
    blinded: (tokens) => tokens.set('blinded', { ...reader, sha256: sha256Hex('blinded'), verbs: ['publish'] }),
    renewed: (tokens) => tokens.set('renewed', { ...reader, sha256: sha256Hex('another secret') }),
  }
  const names = ['other', ...Object.keys(changes)]
  const tokens = new Map<string, Token>(names.map((name) => [name, { ...reader, sha256: sha256Hex(name) }]))
  const { gateway } = await startGateway({ server: { tokens } })
  const [other, ...streams] = await Promise.all(
    names.map((name) => openStream(`${gateway.url}${web}/live`, { authorization: `Bearer ${name}` })),
  )
  await Promise.all(streams.map((stream) => stream.said('event: status')))
  for (const change of Object.values(changes)) change(tokens)
  await Promise.all(streams.map((stream) => stream.ended()))
  expect(other?.isOpen()).toBe(true)
  other?.close()
})
