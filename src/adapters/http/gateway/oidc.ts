/**
 * Checks tokens of an OpenID Connect issuer: signature, issuer, audience and times, by keys that are fetched from it and
 * fetched again while the gateway runs. An issuer that is away for less than an hour is not missed.
 */
import type { ConnectionOptions } from 'node:tls'
import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose'
import { ForewarmError, messageOf } from '../../../ports/errors.ts'
import type { Log } from '../../../ports/telemetry.ts'
import { send } from '../../bounded-request.ts'
import { codeOf, tlsFaultOf } from '../../tls-fault.ts'
import type { Claims } from './claims.ts'
import { unknownCaller } from './tokens.ts'

export type OidcOptions = {
  /** As its tokens say it. */
  readonly issuer: string
  readonly audience: string
  /** Null: what the issuer's configuration says. */
  readonly jwksUrl: string | null
  readonly algorithms: readonly string[]
  /** Time between two looks at the keys. */
  readonly refreshMs: number
  /** By which its certificate is judged; read anew for each request. Without authorities those that Node trusts. */
  readonly tls: ConnectionOptions
}

export type TokenVerifier = {
  /** What a token says. Rejects with FW_UNAUTHORIZED and the reason, or FW_ISSUER_UNAVAILABLE while there are no keys. */
  verify(token: string): Promise<Claims>
  /** Rejects with FW_ISSUER_UNAVAILABLE while there are no keys. */
  ready(): Promise<void>
  stop(): void
}

/** Keys older than this count no more, whether the issuer answers or not. */
const KEYS_HELD_MS = 3_600_000
/** A key that is unknown is asked for at once, but not more often than this: its name may be made up. */
const UNKNOWN_KEY_MS = 30_000
const ANSWER_MS = 5_000
/** Between the clocks of issuer and gateway. */
const CLOCK_SECONDS = 5
/** After a failure nobody asks the issuer again for this long. */
const CALM_MS = 1_000

/** Faults of the token; all others are faults of the issuer or of the way to it. */
const FAULTS_OF_TOKEN: ReadonlySet<string> = new Set([
  errors.JOSEAlgNotAllowed.code,
  errors.JOSENotSupported.code,
  errors.JWKSMultipleMatchingKeys.code,
  errors.JWKSNoMatchingKey.code,
  errors.JWSInvalid.code,
  errors.JWSSignatureVerificationFailed.code,
  errors.JWTClaimValidationFailed.code,
  errors.JWTExpired.code,
  errors.JWTInvalid.code,
])

/**
 * Checks tokens of one issuer by its keys, which are fetched and followed; rejects with FW_ISSUER_UNAVAILABLE
 * (retriable) while those are not to be had.
 */
export function createTokenVerifier(options: OidcOptions, log: Log): TokenVerifier {
  const keys = new FollowedKeys(options, log)
  const { issuer, audience } = options
  const asked = { issuer, audience, algorithms: [...options.algorithms], clockTolerance: CLOCK_SECONDS }
  const unavailable = (cause: unknown) => {
    const message = `tokens of ${issuer} cannot be checked: it does not give its keys (${reasonOf(cause)})`
    return new ForewarmError('FW_ISSUER_UNAVAILABLE', message, { cause, retriable: true })
  }
  return {
    stop: () => keys.stop(),
    async ready() {
      await keys.now().catch((cause) => {
        throw unavailable(cause)
      })
    },
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, await keys.now(), { ...asked, requiredClaims: ['exp', 'sub'] })
        return payload
      } catch (cause) {
        if (!(cause instanceof errors.JOSEError && FAULTS_OF_TOKEN.has(cause.code))) throw unavailable(cause)
        throw unknownCaller(`the bearer token is refused: ${cause.message}`)
      }
    },
  }
}

type KeySet = ReturnType<typeof createRemoteJWKSet>

/** The issuer's keys, looked at again and again; where a look fails, those of the last one stay. */
class FollowedKeys {
  readonly #options: OidcOptions
  readonly #log: Log
  readonly #ask: Ask
  readonly #timer: NodeJS.Timeout
  #keys: KeySet | null = null
  #looking: Promise<KeySet> | null = null

  constructor(options: OidcOptions, log: Log) {
    this.#options = options
    this.#log = log
    this.#ask = calmAsk(options.tls)
    const refresh = () => void this.#look().catch(() => {})
    this.#timer = setInterval(refresh, options.refreshMs)
    this.#timer.unref()
    refresh()
  }

  now = async (): Promise<KeySet> => this.#keys ?? (await this.#look())

  stop = (): void => clearInterval(this.#timer)

  #look(): Promise<KeySet> {
    this.#looking ??= this.#fetch().finally(() => {
      this.#looking = null
    })
    return this.#looking
  }

  async #fetch(): Promise<KeySet> {
    const { issuer, jwksUrl } = this.#options
    try {
      const url = new URL(jwksUrl ?? (await discover(issuer, this.#ask)))
      const times = { cacheMaxAge: KEYS_HELD_MS, cooldownDuration: UNKNOWN_KEY_MS, timeoutDuration: ANSWER_MS }
      const keys = createRemoteJWKSet(url, { ...times, [customFetch]: this.#ask })
      await keys.reload()
      this.#keys = keys
      return keys
    } catch (cause) {
      this.#log.warn({ issuer, reason: reasonOf(cause) }, "the issuer's keys cannot be fetched")
      throw cause
    }
  }
}

function reasonOf(cause: unknown): string {
  if (tlsFaultOf(codeOf(cause)) === 'untrusted') return UNTRUSTED
  // Of what was given up the reason is in the cause, of several attempts in the first one's error.
  const first = cause instanceof AggregateError ? cause.errors[0] : cause
  return messageOf(first instanceof Error && first.cause instanceof Error ? first.cause : first)
}

const UNTRUSTED = 'its certificate is not trusted here: name its authority by gateway.oidc.caFile'

/** As jose asks for keys. */
type Ask = (url: string, options: { readonly headers?: Headers; readonly signal: AbortSignal }) => Promise<Response>

/** Fails at once for a moment after a failure: requests with tokens are many, and the issuer is in trouble already. */
function calmAsk(tls: ConnectionOptions): Ask {
  let failed = { atMs: Number.NEGATIVE_INFINITY, cause: new Error() }
  return async (url, { headers, signal }) => {
    if (performance.now() - failed.atMs < CALM_MS) throw failed.cause
    try {
      const own = { method: 'GET', headers: Object.fromEntries(headers ?? []), body: null }
      const { status, text } = await send(new URL(url), { ...own, signal, tls })
      if (status !== 200) throw new Error(`${url} answered ${status}`)
      return new Response(text)
    } catch (cause) {
      failed = { atMs: performance.now(), cause: cause instanceof Error ? cause : new Error(String(cause)) }
      throw cause
    }
  }
}

/** Address of the keys, as the issuer's configuration says. */
async function discover(issuer: string, ask: Ask): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const response = await ask(url, { signal: AbortSignal.timeout(ANSWER_MS) })
  const said = (await response.json()) as { readonly issuer?: unknown; readonly jwks_uri?: unknown }
  if (said.issuer !== issuer) throw new Error(`${url} says that it is ${JSON.stringify(said.issuer)}, not ${issuer}`)
  if (typeof said.jwks_uri !== 'string') throw new Error(`${url} names no jwks_uri`)
  if (issuer.startsWith('https:') && !said.jwks_uri.startsWith('https:')) {
    throw new Error(`${url} names keys that come without encryption: ${said.jwks_uri}`)
  }
  return said.jwks_uri
}
