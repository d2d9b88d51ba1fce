/** The type of the gateway's fastify instance, and what its routes carry beside their schemas. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { Principal, Verb } from './tokens.ts'
import type { TypeBoxProvider } from './validator.ts'

export type GatewayServer = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxProvider>

/** Where all routes of a workspace live. */
export const WORKSPACE = '/v1/workspaces/:workspace'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a token must be for; routes without it are open to all. */
    verb?: Verb
    /** The route is of no single workspace: the token must be for this verb anywhere, and the route shows only its own. */
    isOfAll?: boolean
  }
  interface FastifyRequest {
    /** Who asks; throws FW_UNAUTHORIZED with the reason when it is nobody that is known. */
    readonly principal: Principal
    /** By which requests are counted: the name of the token, else the address. */
    readonly rateKey: string
    /** Whether what the request showed would still do: for answers that take long. */
    stillMay(): Promise<boolean>
  }
}
