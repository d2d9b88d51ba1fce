/**
 * HTTP requests that go nowhere but where they may: hosts from the settings, addresses of the internet. An address is
 * judged when it is resolved, and the connection goes to that very address, so a name that means something else at the
 * next look gains nothing. Redirects are followed by hand under the same rules. No proxy is used, whatever the
 * environment says.
 */

import { type LookupAddress, lookup } from 'node:dns'
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { type BlockList, isIP, type LookupFunction } from 'node:net'
import { messageOf } from '../../../ports/errors.ts'
import { unavailable } from '../unavailable.ts'
import { isAllowedAddress } from './address.ts'

export type Resolve = (host: string) => Promise<readonly LookupAddress[]>

export type ClientOptions = {
  /** `name` or `name:port` as in an address; redirects go nowhere else. */
  readonly hosts: ReadonlySet<string>
  readonly privateNetworks: BlockList
  readonly resolve?: Resolve
}

export type Ask = { readonly method: 'GET' | 'HEAD'; readonly signal: AbortSignal }

/** The request must not be made, or led where none may go. */
export class RefusedRequest extends Error {
  readonly detail: 'address' | 'host' | 'redirects' | 'scheme'

  constructor(detail: RefusedRequest['detail'], message: string) {
    super(message)
    this.name = 'RefusedRequest'
    this.detail = detail
  }
}

const REDIRECTS_MAX = 3
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

const systemResolve: Resolve = (host) =>
  new Promise((resolve, reject) => {
    lookup(host, { all: true, order: 'verbatim' }, (error, addresses) => {
      if (error === null) resolve(addresses)
      else reject(error)
    })
  })

export class Client {
  readonly #options: ClientOptions
  readonly #agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) }

  constructor(options: ClientOptions) {
    this.#options = options
  }

  /**
   * The answer to a request, its body still to be read. Rejects with RefusedRequest, with the signal's reason, and with
   * FW_ORIGIN_UNAVAILABLE when nobody answers.
   */
  async ask(url: URL, ask: Ask): Promise<IncomingMessage> {
    let at = url
    for (let hops = 0; hops <= REDIRECTS_MAX; hops += 1) {
      this.#judge(at, url)
      const answer = await this.#once(at, ask)
      const { location } = answer.headers
      if (!REDIRECTS.has(answer.statusCode ?? 0) || location === undefined) return answer
      answer.destroy()
      if (!URL.canParse(location, at.href)) throw unavailable(`${at.host} redirects to what is no address`)
      at = new URL(location, at)
    }
    throw new RefusedRequest('redirects', `${url.host} redirects more than ${REDIRECTS_MAX} times`)
  }

  close(): void {
    this.#agents.http.destroy()
    this.#agents.https.destroy()
  }

  #judge(url: URL, first: URL): void {
    const secure = url.protocol === 'https:'
    if (!secure && (url.protocol !== 'http:' || first.protocol === 'https:')) {
      throw new RefusedRequest('scheme', `${first.host} redirects to ${url.protocol}`)
    }
    if (!this.#options.hosts.has(url.host)) throw new RefusedRequest('host', `${url.host} is not among the hosts`)
    // Names are judged when they are resolved; an address is resolved by nobody.
    const literal = url.hostname.replace(/^\[(.*)\]$/, '$1')
    if (isIP(literal) !== 0) this.#judgeAddress(literal, url.hostname)
  }

  #judgeAddress(address: string, host: string): void {
    if (isAllowedAddress(address, this.#options.privateNetworks)) return
    throw new RefusedRequest('address', `${host} is at ${address}, which is in none of the networks that are allowed`)
  }

  #once(url: URL, { method, signal }: Ask): Promise<IncomingMessage> {
    const headers = { 'accept-encoding': 'identity', 'user-agent': 'forewarm' }
    const options = { method, headers, signal, lookup: this.#lookup }
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const request =
        url.protocol === 'https:'
          ? requestHttps(url, { ...options, agent: this.#agents.https })
          : requestHttp(url, { ...options, agent: this.#agents.http })
      request.once('response', resolve)
      request.on('error', (cause) => reject(faultOf(cause, url, signal)))
      request.end()
    })
  }

  readonly #lookup: LookupFunction = (host, { all }, done) => {
    const resolve = this.#options.resolve ?? systemResolve
    resolve(host).then(
      (addresses) => {
        try {
          for (const { address } of addresses) this.#judgeAddress(address, host)
          const [first] = addresses
          if (first === undefined) throw new Error(`${host} has no address`)
          if (all === true) done(null, [...addresses])
          else done(null, first.address, first.family)
        } catch (error) {
          done(error as Error, '')
        }
      },
      (error) => done(error, ''),
    )
  }
}

/** What an error on the way of an answer stands for. */
export function faultOf(cause: unknown, url: URL, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (cause instanceof RefusedRequest) return cause
  return unavailable(`${url.host} does not answer (${messageOf(cause)})`, cause)
}
