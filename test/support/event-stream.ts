/** A stream of server-sent events as a client sees it. */
import { request as requestPlain } from 'node:http'
import { type RequestOptions, request as requestSecure } from 'node:https'
import { eventually } from './eventually.ts'

/** Opens a stream; rejects unless the answer is 200. */
export async function openStream(
  url: string,
  headers: Readonly<Record<string, string>>,
  tls: Pick<RequestOptions, 'ca' | 'cert' | 'key'> = {},
) {
  const send = url.startsWith('https:') ? requestSecure : requestPlain
  const request = send(url, { headers, agent: false, ...tls })
  let text = ''
  let isOpen = true
  await new Promise<void>((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}`))
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      response.on('error', () => {})
      response.on('close', () => {
        isOpen = false
      })
      resolve()
    })
    request.end()
  })
  const seen = <Value>(look: () => Value, isIt: (value: Value) => boolean, what: string) =>
    eventually(async () => look(), isIt, { what, withinMs: 60_000 })
  return {
    text: () => text,
    isOpen: () => isOpen,
    said: (wanted: string) =>
      seen(
        () => text,
        (all) => all.includes(wanted),
        `${wanted} in the stream`,
      ),
    ended: () =>
      seen(
        () => isOpen,
        (open) => !open,
        'the end of the stream',
      ),
    close: () => request.destroy(),
  }
}
