/** A small OpenID Connect issuer on this machine: its configuration, its keys, and tokens signed with them. */
import { once } from 'node:events'
import { createServer as createHttp, type RequestListener } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { onTestFinished } from 'vitest'

export type Issuer = Awaited<ReturnType<typeof startIssuer>>

const ALGORITHM = 'ES256'

const newKey = async (kid: string) => {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM)
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid, alg: ALGORITHM, use: 'sig' }
  return { kid, privateKey, jwk }
}

/** Starts with one key; ends with the test. With `tls` it speaks HTTPS. */
export async function startIssuer(tls?: { readonly cert: string; readonly key: string }) {
  let keys = [await newKey('first')]
  let answers = { isAway: false, keysAsked: 0 }
  const listen: RequestListener = (request, response) => {
    const isForKeys = request.url === '/keys'
    if (isForKeys) answers = { ...answers, keysAsked: answers.keysAsked + 1 }
    const body = isForKeys ? { keys: keys.map(({ jwk }) => jwk) } : { issuer: url, jwks_uri: `${url}/keys` }
    response.writeHead(answers.isAway ? 503 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
  const server = tls === undefined ? createHttp(listen) : createHttps({ ...tls }, listen)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return {
    url,
    keysAsked: () => answers.keysAsked,
    away: (isAway: boolean) => {
      answers = { ...answers, isAway }
    },
    /** Signs with another key from now on; the ones before it are given on only if they are kept. */
    rotate: async ({ keep }: { readonly keep: boolean }) => {
      const next = await newKey(`key-${answers.keysAsked}-${keys.length}`)
      keys = keep ? [...keys, next] : [next]
    },
    publicKey: () => keys.at(-1)?.jwk,
    /** A token for `forewarm` that ends in an hour, with these claims in the place of its own. */
    issue: async (claims: Readonly<Record<string, unknown>> = {}, kid = keys.at(-1)?.kid ?? '') => {
      const nowSeconds = Math.floor(Date.now() / 1_000)
      const own = { iss: url, aud: 'forewarm', sub: 'ci', iat: nowSeconds, exp: nowSeconds + 3_600 }
      const key = keys.at(-1)
      if (key === undefined) throw new Error('the issuer has no key')
      const said = Object.entries({ ...own, ...claims }).filter(([, value]) => value !== undefined)
      return new SignJWT(Object.fromEntries(said)).setProtectedHeader({ alg: ALGORITHM, kid }).sign(key.privateKey)
    },
  }
}
