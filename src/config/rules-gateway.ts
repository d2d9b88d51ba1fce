/** Rules of the gateway's settings. */
import type { Problem } from './assignment.ts'
import type { Settings } from './schema.ts'

type Gateway = Settings['gateway']
export type GatewayTokens = Gateway['tokens']

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/

/** Whether an address can only be reached from this machine. */
const isLoopback = (host: string): boolean => LOOPBACK.test(host)

export const brokenGateway = ({ gateway }: Settings): readonly Problem[] => [
  ...brokenReach(gateway),
  ...brokenTls(gateway.tls),
  ...brokenOidc(gateway.oidc),
  ...brokenTokens(gateway.tokens, gateway),
]

function* brokenReach({ host, tokens, tokensFile }: Gateway): Iterable<Problem> {
  if (tokens.size > 0 || tokensFile !== null || isLoopback(host)) return
  yield `gateway.host is ${host}, which others can reach, and there are no gateway.tokens: add one, or listen on 127.0.0.1`
}

function* brokenTls({ certFile, keyFile, clientCaFile, ...tls }: Gateway['tls']): Iterable<Problem> {
  if ((certFile === null) !== (keyFile === null)) {
    yield 'gateway.tls needs certFile and keyFile together: set both, or none for HTTP'
  }
  if (clientCaFile !== null && certFile === null) {
    yield 'gateway.tls.clientCaFile is set, and client certificates need HTTPS: set gateway.tls.certFile and keyFile'
  }
  if (tls.clientCrlFile !== null && clientCaFile === null) {
    yield 'gateway.tls.clientCrlFile is set, and no client is asked for a certificate: set gateway.tls.clientCaFile'
  }
  if (tls.clientCertificates === 'required' && clientCaFile === null) {
    yield 'gateway.tls.clientCertificates is required: set gateway.tls.clientCaFile, or nobody could come in'
  }
}

function* brokenOidc({ issuer, audience, jwksUrl, caFile }: Gateway['oidc']): Iterable<Problem> {
  if (issuer === null) {
    if ([audience, jwksUrl, caFile].some((one) => one !== null))
      yield 'gateway.oidc has no issuer: set gateway.oidc.issuer'
    return
  }
  if (audience === null) {
    yield 'gateway.oidc.audience is needed: without it a token that the issuer made for another service would do here'
  }
  for (const [key, url] of Object.entries({ issuer, jwksUrl })) {
    if (url !== null && !isTrusted(url)) {
      yield `gateway.oidc.${key} must be an address like https://host/path: whoever can change what it answers can come in`
    }
  }
}

function isTrusted(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password } = new URL(text)
  if (username !== '' || password !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))
}

/**
 * What is wrong with tokens, also with those of a file: each in itself, and beside the settings of the gateway if
 * given.
 */
export const brokenTokens = (tokens: GatewayTokens, gateway?: Pick<Gateway, 'tls' | 'oidc'>): readonly Problem[] =>
  [...tokens].flatMap(([name, token]) => {
    const problems = [...brokenToken(token), ...(gateway === undefined ? [] : idleToken(token, gateway))]
    return problems.map((problem) => `gateway.tokens.${name}${problem}`)
  })

type GatewayToken = GatewayTokens extends ReadonlyMap<string, infer Token> ? Token : never

function* brokenToken({ sha256, certificate, claims, workspacesClaim }: GatewayToken): Iterable<Problem> {
  if ([sha256 !== null, certificate !== null, claims.length > 0].filter(Boolean).length !== 1) {
    yield ': set exactly one of sha256, certificate and claims'
  }
  const wrong = claims.find((claim) => !/^[^=]+=./s.test(claim))
  if (wrong !== undefined) yield `.claims: ${JSON.stringify(wrong)} must be like claim=value`
  if (workspacesClaim !== null && claims.length === 0) yield '.workspacesClaim is for tokens with claims'
}

function* idleToken({ certificate, claims }: GatewayToken, { tls, oidc }: Pick<Gateway, 'tls' | 'oidc'>) {
  if (certificate !== null && tls.clientCaFile === null) {
    yield '.certificate: no client is asked for a certificate: set gateway.tls.clientCaFile'
  }
  if (claims.length > 0 && oidc.issuer === null) yield '.claims: whose tokens say so? Set gateway.oidc.issuer'
}
