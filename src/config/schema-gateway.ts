/** Settings of the gateway: where it listens, who may do what there, and what bounds it. */
import { Type } from 'typebox'
import { choiceSetting, integerSetting, listSetting, named, optionalSetting, section, textSetting } from './setting.ts'

/** Signatures with a public key alone: whoever can check one of these cannot make one. */
const OIDC_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']

/** What a token may do at the gateway. */
export const TOKEN_VERBS = ['publish', 'read', 'fill', 'warm', 'admin'] as const

const MOMENT = '^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,3})?)?Z)?$'

const momentFault = (value: unknown): string | null =>
  Number.isNaN(Date.parse(String(value))) ? 'is no date of the calendar' : null

export const tokensSection = named(
  'Who may do what, by a name for logs. Without any, only a loopback address may be served, and everybody there may do all.',
  '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
  section('Whoever shows one thing: exactly one of `sha256`, `certificate` and `claims` is set.', {
    sha256: Type.Union([Type.String({ pattern: '^[0-9a-f]{64}$' }), Type.Null()], {
      description:
        'SHA-256 of a bearer token in hex (`printf %s "$TOKEN" | sha256sum`): the token itself is kept nowhere.',
      default: null,
      secret: true,
    }),
    certificate: optionalSetting(
      'Name in a client certificate: its whole subject (`CN=ci,O=acme`), or one of its other names (`URI:spiffe://acme/ci`, `DNS:ci.acme.example`). Needs `gateway.tls.clientCaFile`.',
    ),
    claims: listSetting(
      'What a token of `gateway.oidc.issuer` must say, all of it, each as `claim=value`: `repository=acme/web`. Of a claim that is a list, and of the words of `scope`, one must be the value; `a.b` is the claim `b` in `a`.',
      [],
    ),
    workspaces: listSetting('Workspaces that this is for; `*` for all.', [], { minItems: 1 }),
    workspacesClaim: optionalSetting('Claim that names further workspaces, by a text or a list: `repository`.'),
    verbs: Type.Array(Type.Enum([...TOKEN_VERBS]), {
      description:
        'What may be done: publish accesses, changes and events, read cache, models and runs, fill the cache, ask for runs and end them; admin: pause and resume warming.',
      default: TOKEN_VERBS.filter((verb) => verb !== 'admin'),
      minItems: 1,
    }),
    expiresAt: Type.Union([Type.String({ pattern: MOMENT }), Type.Null()], {
      description: 'Moment from which it holds no more, in UTC: `2031-01-31` or `2031-01-31T12:00Z`.',
      default: null,
      fault: momentFault,
    }),
  }),
)

const gatewayTlsSection = section(
  'HTTPS in the place of HTTP. The files are read again within a second of each change.',
  {
    certFile: optionalSetting('File with the certificate (PEM), and those between it and its authority; none: HTTP.'),
    keyFile: optionalSetting('File with the key (PEM) of the certificate.'),
    clientCaFile: optionalSetting(
      'File with the authorities (PEM) of client certificates; with it a client is asked for one, which `gateway.tokens.<name>.certificate` then names.',
    ),
    clientCrlFile: optionalSetting(
      'File with the lists (PEM) of client certificates that their authorities have revoked. With it each authority of `clientCaFile` needs a list that is in force: without one, or with one that has ended, none of its certificates counts.',
    ),
    clientCertificates: choiceSetting(
      'Whether a client can do without one: `optional` takes those with a bearer token too; `required` refuses them before a word of HTTP; probes ask the health server.',
      ['optional', 'required'],
      'optional',
    ),
  },
)

const oidcSection = section(
  'Bearer tokens of an OpenID Connect issuer; `gateway.tokens.<name>.claims` say what they are for.',
  {
    issuer: optionalSetting('Address of the issuer, as its tokens say it (`iss`); none: no such tokens.'),
    audience: optionalSetting('What its tokens must be for (`aud`): a name of this gateway that no other service has.'),
    jwksUrl: optionalSetting(
      'Address of its keys; unless set, what `/.well-known/openid-configuration` of the issuer says.',
    ),
    caFile: optionalSetting(
      "File with the authorities (PEM) by which the issuer's certificate is judged, read again at each look; unless set, those that Node trusts.",
    ),
    algorithms: Type.Array(Type.Enum([...OIDC_ALGORITHMS]), {
      description: 'Signatures that are taken.',
      default: ['RS256', 'PS256', 'ES256', 'EdDSA'],
      minItems: 1,
    }),
    refreshMs: integerSetting(
      'Time between two looks at its keys: how long one that was taken out still counts, milliseconds. An unknown key is asked for at once, at most twice a minute.',
      300_000,
      { minimum: 1_000, maximum: 3_600_000 },
    ),
  },
)

export const gatewaySection = section('The HTTP interface for analyzers in other languages.', {
  host: textSetting('Address to listen on.', '127.0.0.1'),
  port: integerSetting('Port to listen on; 0 for any free one.', 8787, { maximum: 65_535 }),
  tokens: tokensSection,
  tokensFile: optionalSetting(
    'File (YAML or JSON) with more of `gateway.tokens`, read again within a second of each change; `forewarm token` writes it.',
  ),
  tls: gatewayTlsSection,
  oidc: oidcSection,
  bodyBytesMax: integerSetting('Largest request body, bytes.', 1_048_576, { minimum: 1_024, maximum: 64 * 1_048_576 }),
  batchMax: integerSetting('Accesses or changes in one request.', 1_000, { minimum: 1, maximum: 100_000 }),
  requestsPerMinute: integerSetting(
    'Requests a minute for each token, or for each address where there are no tokens.',
    120_000,
    {
      minimum: 1,
    },
  ),
  connectionsMax: integerSetting('Connections open at once.', 1_024, { minimum: 1 }),
  requestTimeoutMs: integerSetting('Time for a client to send a whole request, milliseconds.', 10_000, {
    minimum: 100,
  }),
  idleTimeoutMs: integerSetting('A connection without traffic for so long is closed, milliseconds.', 30_000, {
    minimum: 100,
  }),
  appendTimeoutMs: integerSetting(
    'A request that the log has not taken for so long is answered with 503, milliseconds.',
    5_000,
    { minimum: 100 },
  ),
  pendingBytesMax: integerSetting(
    'Bytes of requests that wait for the log; beyond, requests are refused.',
    64 * 1_048_576,
    {
      minimum: 1_024,
    },
  ),
})
