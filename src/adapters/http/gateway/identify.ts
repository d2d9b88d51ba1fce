/** Finds out who asks, by what the request shows: a bearer token, or the certificate of its connection. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { type Claims, nameOf, rightOf, says } from './claims.ts'
import type { ClientCertificate, UntrustedCertificate } from './client-certificate.ts'
import type { TokenVerifier } from './oidc.ts'
import { holdsAt, type Principal, type Token, unknownCaller } from './tokens.ts'

/** What a request shows. A bearer token counts alone; the certificate is asked only where there is none. */
export type Shown = {
  readonly authorization: string | undefined
  /** Null where the client showed none. */
  readonly certificate: ClientCertificate | UntrustedCertificate | null
}

/** Rejects with FW_UNAUTHORIZED and the reason when it is nobody that is known; or with FW_ISSUER_UNAVAILABLE. */
export type Identify = (shown: Shown) => Promise<Principal>

type Tokens = ReadonlyMap<string, Token>
type Found = { readonly name: string; readonly token: Token }

/** Finds the token of a request among those that the map has then; `verifier` is for tokens of an OIDC issuer. */
export function createIdentify(tokens: Tokens, verifier: Pick<TokenVerifier, 'verify'> | null): Identify {
  if (tokens.size === 0) return async () => ({ name: 'anybody', rights: null })
  return async ({ authorization, certificate }) => {
    if (authorization === undefined && certificate !== null) return byCertificate(tokens, certificate)
    const [, given = ''] = BEARER.exec(authorization ?? '') ?? []
    const found = given === '' ? [] : bySecret(tokens, given)
    if (found.length > 0) return principalOf(found)
    if (verifier !== null && SIGNED.test(given)) return byClaims(tokens, await verifier.verify(given))
    throw unknownCaller('the bearer token is missing or unknown')
  }
}

const BEARER = /^Bearer (\S{1,8192})$/i

/** A signed token: header, claims and signature. */
const SIGNED = /^[\w-]+\.[\w-]+\.[\w-]+$/

/** Every token is compared, each in constant time: timing tells nothing. */
function bySecret(tokens: Tokens, secret: string): readonly Found[] {
  const digest = createHash('sha256').update(secret).digest()
  return foundIn(tokens, ({ sha256 }) => sha256 != null && timingSafeEqual(Buffer.from(sha256, 'hex'), digest))
}

function byCertificate(tokens: Tokens, shown: ClientCertificate | UntrustedCertificate): Principal {
  if ('untrusted' in shown) throw unknownCaller(shown.untrusted)
  const { names, validToMs } = shown
  if (Date.now() > validToMs) throw unknownCaller('the client certificate has expired')
  const found = foundIn(tokens, ({ certificate }) => certificate != null && names.includes(certificate))
  if (found.length > 0) return principalOf(found)
  throw unknownCaller(`no token is for the client certificate ${names[0] ?? 'without a name'}`)
}

/** Whoever the issuer knows is somebody, with the rights of all tokens whose claims are fulfilled: it may be none. */
function byClaims(tokens: Tokens, said: Claims): Principal {
  const found = foundIn(tokens, (token) => {
    const { claims = [] } = token
    return claims.length > 0 && claims.every((claim) => says(said, claim)) && holdsAt(token, Date.now())
  })
  return { name: nameOf(found[0]?.name ?? 'oidc', said), rights: found.map(({ token }) => rightOf(token, said)) }
}

const foundIn = (tokens: Tokens, isIt: (token: Token) => boolean): readonly Found[] =>
  [...tokens].filter(([, token]) => isIt(token)).map(([name, token]) => ({ name, token }))

/** Goes by the first one's name, and may do what any of them is for that has not expired. */
function principalOf(found: readonly Found[]): Principal {
  const holding = found.filter(({ token }) => holdsAt(token, Date.now()))
  const [first] = holding
  if (first === undefined) throw unknownCaller(`the token ${found[0]?.name} ended at ${found[0]?.token.expiresAt}`)
  return { name: first.name, rights: holding.map(({ token }) => token) }
}
