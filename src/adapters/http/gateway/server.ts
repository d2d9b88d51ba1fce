/**
 * The gateway's HTTP server. It knows HTTP, tokens and limits; what a request does is behind GatewayOperations.
 * A request passes: who asks, how often, may it, is it well-formed; only then is anything done.
 */
import type { AddressInfo } from 'node:net'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import fastify, { type FastifyReply } from 'fastify'
import type { GatewayOperations } from '../../../ports/gateway.ts'
import type { Log, Telemetry } from '../../../ports/telemetry.ts'
import { listenFailure } from '../listen-failure.ts'
import { parseLines } from './access-events.ts'
import { answerFailure, failureBody, NotFound } from './failures.ts'
import { addGuards } from './guards.ts'
import { createHttps, type GatewayTls, type Https } from './https.ts'
import { createIdentify } from './identify.ts'
import { createTokenVerifier, type OidcOptions } from './oidc.ts'
import { addPage } from './page.ts'
import { addCache } from './routes-cache.ts'
import { addLive } from './routes-live.ts'
import { addPublishing } from './routes-publish.ts'
import { addRuns } from './routes-runs.ts'
import { addHealth, addViews } from './routes-views.ts'
import type { GatewayServer } from './server-type.ts'
import type { Token } from './tokens.ts'
import { type TypeBoxProvider, typeBoxCompiler } from './validator.ts'

export type GatewayServerOptions = {
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
  /** By name; without any everybody may do all, which is for loopback only. */
  readonly tokens: ReadonlyMap<string, Token>
  /** Null: HTTP. */
  readonly tls: GatewayTls | null
  /** Null: no tokens of an issuer. */
  readonly oidc: OidcOptions | null
  readonly bodyBytesMax: number
  readonly valueBytesMax: number
  readonly batchMax: number
  readonly requestsPerMinute: number
  readonly connectionsMax: number
  /** Time for a client to send a whole request. */
  readonly requestTimeoutMs: number
  readonly idleTimeoutMs: number
  /** Folder of the built live page; null where there is none. */
  readonly pageFolder: string | null
}

export type GatewayServerDeps = {
  readonly operations: GatewayOperations
  readonly telemetry: Telemetry
  readonly log: Log
  /** Whether the process gets on with its work. */
  readonly live: () => { readonly alive: boolean }
  /** Version of forewarm, for the description of the interface. */
  readonly version: string
}

export type RunningGateway = { readonly url: string; close(): Promise<void> }

/** Listens; resolves when requests are taken. Closing lets requests in hand end. */
export async function serveGateway(deps: GatewayServerDeps, options: GatewayServerOptions): Promise<RunningGateway> {
  const https = options.tls === null ? null : createHttps(options.tls, deps.log, options)
  const server: GatewayServer = fastify({
    ...(https === null ? {} : { serverFactory: https.serverFactory }),
    bodyLimit: options.bodyBytesMax,
    requestTimeout: options.requestTimeoutMs,
    connectionTimeout: options.idleTimeoutMs,
    keepAliveTimeout: options.idleTimeoutMs,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 768 },
    // Addresses that the router cannot read, which come to no other handler.
    frameworkErrors: (cause, _, reply) => answerFailure(cause, reply as FastifyReply, deps.log),
    http: { headersTimeout: options.requestTimeoutMs },
  }).withTypeProvider<TypeBoxProvider>()
  server.server.maxConnections = options.connectionsMax
  server.setValidatorCompiler(typeBoxCompiler)
  server.setErrorHandler((cause, _, reply) => answerFailure(cause, reply, deps.log))
  server.removeContentTypeParser('text/plain')
  guard(server, { options, https, log: deps.log })
  addSpans(server, deps.telemetry)
  await server.register(rateLimit, {
    max: options.requestsPerMinute,
    timeWindow: 60_000,
    keyGenerator: ({ rateKey }) => rateKey,
    errorResponseBuilder: (_, { after }) => ({
      statusCode: 429,
      ...failureBody('FW_OVERLOADED', `too many requests: come again in ${after}`),
    }),
  })
  // Unknown routes count as well: they cost as much as others.
  server.setNotFoundHandler({ preHandler: server.rateLimit() }, (_, reply) =>
    answerFailure(new NotFound('there is no such route'), reply, deps.log),
  )
  await describe(server, deps.version)
  await server.register(async (scope: GatewayServer) => addAllRoutes(scope, deps, options))
  await server.listen({ host: options.host, port: options.port }).catch((cause) => {
    throw listenFailure(cause, options, 'gateway')
  })
  const { port } = server.server.address() as AddressInfo
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  return { url: `${https === null ? 'http' : 'https'}://${host}:${port}`, close: () => close(server) }
}

type Guarded = { readonly options: GatewayServerOptions; readonly https: Https | null; readonly log: Log }

function guard(server: GatewayServer, { options: { tokens, oidc }, https, log }: Guarded): void {
  const verifier = oidc === null ? null : createTokenVerifier(oidc, log)
  addGuards(server, {
    identify: createIdentify(tokens, verifier),
    isOpen: tokens.size === 0,
    certificateOf: (request) => https?.certificateOf(request) ?? null,
  })
  server.addHook('onClose', async () => {
    verifier?.stop()
    https?.stop()
  })
}

/** How long requests in hand may take after the closing began: less than a process has to stop. */
const CLOSE_MS = 5_000
const SWEEP_MS = 50

/** A connection that was at work when the closing began would stay open for its client's next request. */
async function close(server: GatewayServer): Promise<void> {
  const sweep = setInterval(() => server.server.closeIdleConnections(), SWEEP_MS)
  const end = setTimeout(() => server.server.closeAllConnections(), CLOSE_MS)
  try {
    await server.close()
  } finally {
    clearInterval(sweep)
    clearTimeout(end)
  }
}

/** Share of the connections that the streams of one caller may hold. */
const STREAMS_SHARE = 1 / 4

/** Each group of routes takes only the content types whose bodies it checks. */
async function addAllRoutes(
  server: GatewayServer,
  { operations, live }: GatewayServerDeps,
  options: GatewayServerOptions,
): Promise<void> {
  await server.register(async (scope: GatewayServer) => {
    const parse = async (_: unknown, text: string) => parseLines(text, options.batchMax)
    scope.addContentTypeParser('application/x-ndjson', { parseAs: 'string' }, parse)
    addPublishing(scope, operations, options.batchMax)
  })
  await server.register(async (scope: GatewayServer) => {
    const keep = async (_: unknown, body: Buffer) => body
    scope.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, keep)
    addCache(scope, operations, options.valueBytesMax)
  })
  addRuns(server, operations, options.batchMax)
  addViews(server, operations)
  addLive(server, operations, Math.max(1, Math.floor(options.connectionsMax * STREAMS_SHARE)))
  addHealth(server, operations, live)
  await addPage(server, options.pageFolder)
  server.get('/openapi.json', { config: { rateLimit: false }, schema: { hide: true } }, async () => server.swagger())
}

/** One server span a request, continuing the client's trace, so that its records carry that trace along the log. */
function addSpans(server: GatewayServer, telemetry: Telemetry): void {
  server.addHook('onRoute', (route) => {
    if (route.config?.verb === undefined) return
    const { handler, method, url } = route
    route.handler = function traced(request, reply) {
      const parent = request.headers['traceparent']
      const attributes = { 'http.request.method': String(method), 'http.route': url }
      const options = { kind: 'server', attributes, parent: typeof parent === 'string' ? parent : null } as const
      return telemetry.span(`${method} ${url}`, options, async () => handler.call(this, request, reply))
    }
  })
  server.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    telemetry.measure('forewarm.gateway.requests', 1, { route, method: request.method, status: reply.statusCode })
  })
}

async function describe(server: GatewayServer, version: string): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'forewarm gateway', version, description: 'Accesses in, cached values and predictions out.' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
  })
}
