import type { ConnectionOptions } from 'node:tls'
import type { TlsFault } from '../../ports/diagnosis.ts'
import { type ErrorCode, ForewarmError } from '../../ports/errors.ts'
import { send } from '../bounded-request.ts'
import { type Secret, secretNow } from '../secret.ts'
import { codeOf, tlsFaultOf } from '../tls-fault.ts'

/** What the codec and the plan of subjects need of a schema registry's Confluent API. */
export interface RegistryClient {
  /** The text of a schema, or null when the registry has no such id. */
  schemaById(id: number): Promise<RegisteredSchema | null>
  /** Id of exactly this schema in a subject, or null when it is not registered there. */
  find(subject: string, schema: string): Promise<number | null>
  /** Registers a schema; the same one again gives the same id. Rejects with FW_SCHEMA_INCOMPATIBLE. */
  register(subject: string, schema: string): Promise<number>
  /** Texts of all versions of a subject, the oldest first; empty when there is no such subject. */
  versions(subject: string): Promise<readonly string[]>
  /** Compatibility level set on the subject itself, or null. */
  compatibility(subject: string): Promise<string | null>
  /** Sets the level; false when the registry cannot, for want of the subject. */
  setCompatibility(subject: string, level: string): Promise<boolean>
}

export type RegisteredSchema = {
  readonly schema: string
  /** `AVRO`, `JSON` or `PROTOBUF`. */
  readonly schemaType: string
  /** Whether the schema leans on other subjects. */
  readonly hasReferences: boolean
}

export type RegistryClientOptions = {
  /** Address with the path of the Confluent API where there is one. */
  readonly url: string
  readonly username?: string | undefined
  readonly password?: Secret | undefined
  /** For an address with https; its members are read anew for each request. */
  readonly tls?: ConnectionOptions
  /** An answer that takes longer counts as none, milliseconds. */
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 5_000
const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'

type Answer = { readonly status: number; readonly body: unknown }
type Ask = (method: 'GET' | 'POST' | 'PUT', path: string, body?: object) => Promise<Answer>

/** A client over HTTP. Rejects with FW_SCHEMA_UNAVAILABLE (retriable) when the registry cannot be reached. */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const ask = createAsk(options)
  const subjectPath = (subject: string): string => `/subjects/${encodeURIComponent(subject)}`
  const configPath = (subject: string): string => `/config/${encodeURIComponent(subject)}`
  const idOf = (answer: Answer): number => numberField(answer.body, 'id')
  return {
    async schemaById(id) {
      const answer = await ask('GET', `/schemas/ids/${id}`)
      return answer.status === 404 ? null : registeredSchema(answer.body)
    },
    async find(subject, schema) {
      const answer = await ask('POST', subjectPath(subject), { schema })
      return answer.status === 404 ? null : idOf(answer)
    },
    async register(subject, schema) {
      return idOf(await ask('POST', `${subjectPath(subject)}/versions`, { schema }))
    },
    async versions(subject) {
      const { status, body } = await ask('GET', `${subjectPath(subject)}/versions`)
      if (status === 404 || !Array.isArray(body)) return []
      const answers = body.map((version) => ask('GET', `${subjectPath(subject)}/versions/${Number(version)}`))
      return (await Promise.all(answers)).map((answer) => registeredSchema(answer.body).schema)
    },
    async compatibility(subject) {
      const { status, body } = await ask('GET', configPath(subject))
      return status === 404 ? null : (textField(body, 'compatibilityLevel') ?? null)
    },
    async setCompatibility(subject, level) {
      const put = () => ask('PUT', configPath(subject), { compatibility: level })
      // Two processes that set a subject up at once: some registries refuse the second, and take it when asked again.
      const answer = await put().catch((error: unknown) => (isConflict(error) ? put() : Promise.reject(error)))
      return answer.status !== 404
    },
  }
}

/** Asks the registry; answers of 2xx and 404 come back, all others are errors. */
function createAsk(options: RegistryClientOptions): Ask {
  const base = options.url.replace(/\/+$/, '')
  const headers = {
    accept: `${CONTENT_TYPE}, application/json`,
    'content-type': CONTENT_TYPE,
  }
  let wasLetIn = false
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  return async (method, path, body) => {
    const { status, text } = await send(new URL(`${base}${path}`), {
      method,
      headers: { ...headers, ...authorization(options) },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
      tls: options.tls ?? {},
    }).catch((cause: unknown) => {
      const reason = isTimeout(cause)
        ? `has not answered within ${timeoutMs} ms; is it busy, or still starting?`
        : reasonOf(cause)
      throw unavailable(`the schema registry at ${base} ${reason}`, { cause })
    })
    const answered = parseBody(text)
    if ((status >= 200 && status < 300) || (status === 404 && field(answered, 'error_code') !== undefined)) {
      wasLetIn = true
      return { status, body: answered }
    }
    // A registry says of what it does not have which thing that is; another server only that there is no such page.
    if (status === 404) {
      const mend = "is registry.url right, with the path of the API that is Confluent's?"
      throw new ForewarmError(
        'FW_SCHEMA_UNAVAILABLE',
        `there is no schema registry at ${base} (404 to ${method} ${path}); ${mend}`,
      )
    }
    const said = `the schema registry answered ${status} to ${method} ${path}: ${messageOf(text)}`
    // The password has been changed there and not yet here.
    if (status === 401 && wasLetIn) throw unavailable(`${said}; check registry.username and its password`, {})
    throw refusal(said, status)
  }
}

function authorization({ username, password }: RegistryClientOptions): Record<string, string> {
  if (username === undefined) return {}
  return {
    authorization: `Basic ${Buffer.from(`${username}:${password === undefined ? '' : secretNow(password)}`).toString('base64')}`,
  }
}

const TLS_FAULTS: Readonly<Record<TlsFault, string>> = {
  'client-certificate': 'wants a certificate of the client that it trusts; set registry.tls.certFile and keyFile',
  'no-tls': 'does not speak TLS there; is the port of registry.url right?',
  names: 'has a certificate for other names; set registry.url to one of these',
  ended: 'has a certificate that has expired; renew it',
  untrusted: 'has a certificate that is not trusted; name its authority by registry.tls.caFile',
}

/** Of requests that the deadline has ended. */
const isTimeout = (cause: unknown): boolean =>
  cause instanceof Error && /^(?:AbortError|TimeoutError)$/.test(cause.name)

function reasonOf(cause: unknown): string {
  const code = codeOf(cause)
  const fault = tlsFaultOf(code)
  return fault === null ? 'does not answer; is it running, is registry.url right?' : `${TLS_FAULTS[fault]} (${code})`
}

/** Busy and broken registries may do better later; a refusal stays one. */
function refusal(message: string, status: number): ForewarmError {
  if (status >= 500 || status === 429 || status === 408) return unavailable(message, {})
  const codes = new Map<number, ErrorCode>([
    [409, 'FW_SCHEMA_INCOMPATIBLE'],
    [422, 'FW_SCHEMA_INCOMPATIBLE'],
    [401, 'FW_UNAUTHORIZED'],
    [403, 'FW_UNAUTHORIZED'],
  ])
  return new ForewarmError(codes.get(status) ?? 'FW_SCHEMA_UNAVAILABLE', message)
}

/** What a registry says of a rule that somebody else has just made. */
const isConflict = (error: unknown): boolean =>
  error instanceof ForewarmError && error.code === 'FW_SCHEMA_INCOMPATIBLE' && /already exists/.test(error.message)

const unavailable = (message: string, { cause }: { cause?: unknown }): ForewarmError =>
  new ForewarmError('FW_SCHEMA_UNAVAILABLE', message, { retriable: true, cause })

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const messageOf = (text: string): string => (textField(parseBody(text), 'message') ?? text).slice(0, 500)

function registeredSchema(body: unknown): RegisteredSchema {
  const schema = textField(body, 'schema')
  if (schema === undefined) throw unavailable('the schema registry answered without a schema', {})
  const references = field(body, 'references')
  return {
    schema,
    schemaType: textField(body, 'schemaType') ?? 'AVRO',
    hasReferences: Array.isArray(references) && references.length > 0,
  }
}

function numberField(body: unknown, name: string): number {
  const value = field(body, name)
  if (typeof value === 'number') return value
  throw unavailable(`the schema registry answered without '${name}'`, {})
}

function textField(body: unknown, name: string): string | undefined {
  const value = field(body, name)
  return typeof value === 'string' ? value : undefined
}

function field(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? Object.entries(body).find(([key]) => key === name)?.[1] : undefined
}
