/** Requests over HTTPS with certificates of one's own. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { type RequestOptions, request } from 'node:https'

export type Ask = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'method' | 'headers' | 'agent'>

/** Status and body of an answer on a connection of its own; rejects when there is no connection. */
export async function askHttps(url: string, options: Ask) {
  const asked = request(url, { agent: false, ...options }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return { status: response.statusCode, text }
}
