/** Requests over HTTP to servers of the settings: registries, issuers of tokens. */
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { ConnectionOptions } from 'node:tls'

export type BoundedRequest = {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  readonly signal: AbortSignal
  /** For an address with https; its members are read anew for each request. */
  readonly tls: ConnectionOptions
}

/** A schema that is longer is none of ours; keys of an issuer are far shorter. */
const ANSWER_LENGTH_MAX = 1_048_576

/**
 * One request and its whole answer. It follows no redirect and uses no proxy. Rejects when there is no answer, or one
 * that is too long.
 */
export async function send(
  url: URL,
  { body, tls, ...options }: BoundedRequest,
): Promise<{ readonly status: number; readonly text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<AsyncIterable<Uint8Array> & { statusCode?: number }>()
  const request = url.protocol === 'https:' ? requestHttps(url, { ...options, ...tls }) : requestHttp(url, options)
  request.once('response', resolve)
  request.once('error', reject)
  request.end(body ?? undefined)
  const response = await promise
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response) {
    length += chunk.length
    if (length > ANSWER_LENGTH_MAX) throw new Error(`an answer of more than ${ANSWER_LENGTH_MAX} bytes`)
    chunks.push(chunk)
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }
}
