import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { LRUCache } from 'lru-cache'
import type { Origin, OriginEntry, OriginRead } from '../../../ports/origin.ts'
import { pathDenial } from '../../../warming/path.ts'
import { blobId } from '../blob-id.ts'
import { noHistory, unavailable, unlistable } from '../unavailable.ts'
import { networksOf } from './address.ts'
import { Client, faultOf, RefusedRequest, type Resolve } from './client.ts'

export type HttpOriginOptions = {
  /** Address that the paths of files are put behind, `http:` or `https:`. */
  readonly url: string
  /** Further hosts (`name` or `name:port`) that redirects may lead to. */
  readonly hosts: readonly string[]
  /** Address of a text with one path a line; null where there is none, and so no listing. */
  readonly list: string | null
  /** Networks that the hosts may be in although they are not of the internet, as `10.0.0.0/8`. */
  readonly privateNetworks: readonly string[]
  /** How names become addresses; the system's way without. */
  readonly resolve?: Resolve
}

/** Files whose versions are remembered; about 200 bytes each. */
const KNOWN_VERSIONS_MAX = 50_000

/** Longest list of files, bytes. */
const LIST_BYTES_MAX = 64 * 1_048_576

/** A time of change counts as told for sure when it is so much older than the answer (RFC 9110, 8.8.2.2). */
const SETTLED_MS = 60_000

type Known = { readonly validator: string; readonly version: string }

/** Files below an address. Their versions are the ids that git would give their bytes. */
export function createHttpOrigin(options: HttpOriginOptions): Origin {
  const base = new URL(options.url)
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  const list = options.list === null ? null : new URL(options.list)
  const hosts = new Set([base.host, ...(list === null ? [] : [list.host]), ...options.hosts])
  const privateNetworks = networksOf(options.privateNetworks)
  const { resolve } = options
  const client = new Client({ hosts, privateNetworks, ...(resolve === undefined ? {} : { resolve }) })
  const known = new LRUCache<string, Known>({ max: KNOWN_VERSIONS_MAX })
  const origin: Origin = {
    read: async (path, limits) => {
      limits.signal.throwIfAborted()
      const denial = pathDenial(path)
      if (denial !== null) return { outcome: 'denied', detail: denial }
      if (!path.isWellFormed()) return { outcome: 'missing' }
      return refusable(() => readFile(client, addressOf(base, path), { path, limits, known }))
    },
    version: async (path, signal) => {
      signal.throwIfAborted()
      const last = known.get(path)
      if (last === undefined) return null
      const validator = await refusable(() => validatorNow(client, addressOf(base, path), signal))
      return validator === last.validator ? last.version : null
    },
    list: (signal) => listFiles(client, list, signal),
    changedSince: async () => {
      throw noHistory(`${base.host} is read over HTTP, where nothing tells what changed`)
    },
    revision: async () => null,
    at: () => origin,
    close: async () => client.close(),
  }
  return origin
}

/** Segments are quoted whole, so none of them can be a query, a `..` or another host. */
const addressOf = (base: URL, path: string): URL =>
  new URL(base.pathname + path.split('/').map(encodeURIComponent).join('/'), base)

/** What must not be asked is denied. */
async function refusable<Result>(work: () => Promise<Result>): Promise<Result | Denied> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof RefusedRequest) return { outcome: 'denied', detail: error.detail }
    throw error
  }
}

type Denied = Extract<OriginRead, { outcome: 'denied' }>

type Reading = {
  readonly path: string
  readonly limits: Parameters<Origin['read']>[1]
  readonly known: LRUCache<string, Known>
}

async function readFile(client: Client, url: URL, { path, limits, known }: Reading): Promise<OriginRead> {
  const answer = await client.ask(url, { method: 'GET', signal: limits.signal })
  const refused = refusalOf(answer, url)
  if (refused !== null) {
    answer.destroy()
    return refused
  }
  const bytes = await bodyOf(answer, url, limits)
  if (typeof bytes === 'number') return { outcome: 'tooLarge', bytes }
  const version = blobId(bytes)
  const validator = validatorOf(answer.headers)
  if (validator !== null) known.set(path, { validator, version })
  return { outcome: 'read', file: { bytes, version } }
}

/** What another answer than the file stands for; null for the file. */
function refusalOf(answer: IncomingMessage, url: URL): OriginRead | null {
  const { statusCode = 0, headers } = answer
  if (statusCode === 404 || statusCode === 410) return { outcome: 'missing' }
  const passes = statusCode === 408 || statusCode === 425 || statusCode === 429 || statusCode < 400
  if (statusCode >= 400 && statusCode < 500 && !passes) return { outcome: 'denied', detail: `status-${statusCode}` }
  if (statusCode !== 200) {
    // Left unread, it would hold its connection for as long as the server likes.
    answer.destroy()
    throw unavailable(`${url.host} answers with status ${statusCode}`)
  }
  // Unpacking is not asked for, and what unpacks to a thousand times its size is nothing to be sent.
  const coding = headers['content-encoding'] ?? 'identity'
  return coding === 'identity' ? null : { outcome: 'denied', detail: 'encoding' }
}

/** The body, or its size (that of the part that came, where nothing told it before) when it is too large. */
async function bodyOf(
  answer: IncomingMessage,
  url: URL,
  { bytesMax, signal }: Reading['limits'],
): Promise<Uint8Array | number> {
  const announced = Number(answer.headers['content-length'] ?? 0)
  if (announced > bytesMax) {
    answer.destroy()
    return announced
  }
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > bytesMax) return size
      chunks.push(chunk)
    }
  } catch (cause) {
    throw faultOf(cause, url, signal)
  }
  signal.throwIfAborted()
  return new Uint8Array(Buffer.concat(chunks, size))
}

async function validatorNow(client: Client, url: URL, signal: AbortSignal): Promise<string | null> {
  const answer = await client.ask(url, { method: 'HEAD', signal })
  answer.resume()
  return refusalOf(answer, url) === null ? validatorOf(answer.headers) : null
}

/** What changes whenever the file does: a strong ETag, else a time of change that has settled; else null. */
function validatorOf(headers: IncomingHttpHeaders): string | null {
  const { etag, date, 'last-modified': changed, 'content-length': size } = headers
  if (etag?.startsWith('"')) return etag
  const restedMs = Date.parse(date ?? '') - Date.parse(changed ?? '')
  return restedMs >= SETTLED_MS ? `${changed} ${size}` : null
}

async function* listFiles(client: Client, list: URL | null, signal: AbortSignal): AsyncIterable<OriginEntry> {
  signal.throwIfAborted()
  if (list === null) {
    throw unlistable('an origin over HTTP has no listing: set origin.http.list to the address of one')
  }
  const text = await refusable(() => textOf(client, list, signal))
  if (typeof text !== 'string') throw unlistable(`the list of files at ${list.host} is denied (${text.detail})`)
  const seen = new Set<string>()
  for (const path of text.split(/\r?\n/)) {
    if (pathDenial(path) !== null || seen.has(path)) continue
    seen.add(path)
    yield { path, version: null, signature: null, bytes: null }
  }
}

async function textOf(client: Client, list: URL, signal: AbortSignal): Promise<string> {
  const answer = await client.ask(list, { method: 'GET', signal })
  const refused = refusalOf(answer, list)
  if (refused !== null) {
    answer.destroy()
    throw unlistable(`the list of files cannot be read at ${list.host} (status ${answer.statusCode})`)
  }
  const bytes = await bodyOf(answer, list, { bytesMax: LIST_BYTES_MAX, signal })
  if (typeof bytes === 'number') throw unavailable(`the list of files at ${list.host} is over ${LIST_BYTES_MAX} bytes`)
  return new TextDecoder().decode(bytes)
}
