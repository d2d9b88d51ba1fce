/** Who asks is found before the rate is counted, and judged after it, so that guessing tokens is limited too. */
import type { FastifyRequest } from 'fastify'
import { ForewarmError } from '../../../ports/errors.ts'
import { Forbidden } from './failures.ts'
import type { Identify, Shown } from './identify.ts'
import type { GatewayServer } from './server-type.ts'
import { authorize, authorizeAnywhere, type Principal, unknownCaller } from './tokens.ts'

export type Guard = {
  readonly identify: Identify
  /** Whether everybody may do all. */
  readonly isOpen: boolean
  readonly certificateOf: (request: FastifyRequest) => Shown['certificate']
}

/** Every route below /v1 names its verb; one that does not ends the start. */
export function addGuards(server: GatewayServer, { identify, isOpen, certificateOf }: Guard): void {
  server.addHook('onRoute', ({ url, config }) => {
    if (url.startsWith('/v1/') && config?.verb === undefined) throw new Error(`the route ${url} names no verb`)
  })
  const shownIn = (request: FastifyRequest): Shown => ({
    authorization: request.headers.authorization,
    certificate: certificateOf(request),
  })
  const identified = new WeakMap<FastifyRequest, Principal | Error>()
  server.decorateRequest('principal', {
    getter(this: FastifyRequest) {
      const found = identified.get(this) ?? unknownCaller('the request was not looked at')
      if (found instanceof Error) throw found
      return found
    },
  })
  server.decorateRequest('rateKey', {
    getter(this: FastifyRequest) {
      const found = identified.get(this)
      return found === undefined || found instanceof Error || found.rights === null ? this.ip : found.name
    },
  })
  server.decorateRequest('stillMay', async function stillMay(this: FastifyRequest) {
    try {
      judge(this, await identify(shownIn(this)))
      return true
    } catch (cause) {
      if (cause instanceof ForewarmError) return false
      throw cause
    }
  })
  server.addHook('onRequest', async (request) => {
    identified.set(request, await identify(shownIn(request)).catch((cause: Error) => cause))
  })
  server.addHook('preParsing', async (request) => {
    if (request.routeOptions.config.verb === undefined) return
    if (isOpen && !namesLoopback(request.hostname)) {
      throw new Forbidden('without tokens only this machine is served: the Host header must name it')
    }
    judge(request, request.principal)
  })
}

/** Throws unless the principal may do what the route of the request is for. */
function judge({ routeOptions, params }: FastifyRequest, principal: Principal): void {
  const { verb, isOfAll } = routeOptions.config
  if (verb === undefined) return
  if (isOfAll === true) {
    authorizeAnywhere(principal, verb)
    return
  }
  const { workspace } = params as { readonly workspace?: unknown }
  if (typeof workspace !== 'string') throw new ForewarmError('FW_REQUEST_INVALID', 'the workspace is missing')
  authorize(principal, verb, workspace)
}

/** A page of the web that was made to resolve to this machine sends its own name as Host. */
const namesLoopback = (hostname: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/.test(hostname)
