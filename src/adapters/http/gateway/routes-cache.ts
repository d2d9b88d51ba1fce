/** Routes to the cache: look a value up, fill one in. */
import { ForewarmError } from '../../../ports/errors.ts'
import type { GatewayOperations } from '../../../ports/gateway.ts'
import { answers, filledAnswer } from './answers.ts'
import { NotFound } from './failures.ts'
import { fillQuery, lookupQuery, workspaceParams } from './schemas.ts'
import { type GatewayServer, WORKSPACE } from './server-type.ts'

/** Routes that read and fill the cache; `valueBytesMax` is the longest value that is taken, bytes. */
export function addCache(server: GatewayServer, operations: GatewayOperations, valueBytesMax: number): void {
  addLookup(server, operations)
  server.put(
    `${WORKSPACE}/cache`,
    {
      config: { verb: 'fill' },
      bodyLimit: valueBytesMax,
      schema: {
        summary: 'Fill a value in',
        description: 'The body is the value (application/octet-stream). A value that is there already stays.',
        params: workspaceParams,
        querystring: fillQuery,
        response: answers({ 200: filledAnswer, 201: filledAnswer }),
      },
    },
    async ({ params, query, body }, reply) => {
      if (!Buffer.isBuffer(body)) {
        throw new ForewarmError('FW_REQUEST_INVALID', 'the value must be sent as application/octet-stream')
      }
      const result = await operations.fill({ ...params, producer: null, ...query }, body)
      if (result === 'full') throw new ForewarmError('FW_CACHE_FULL', 'the cache has no room for the value')
      return reply.status(result === 'stored' ? 201 : 200).send({ result })
    },
  )
}

function addLookup(server: GatewayServer, operations: GatewayOperations): void {
  server.get(
    `${WORKSPACE}/cache`,
    {
      config: { verb: 'read' },
      schema: {
        summary: 'Look a value up',
        description:
          'The body is the value. x-forewarm-outcome says hit, warmHit, miss or stale; x-forewarm-version its version; x-forewarm-warmed-by the command of a warmHit. A hit renews its life.',
        params: workspaceParams,
        querystring: lookupQuery,
        response: answers({}),
      },
    },
    async ({ params, query }, reply) => {
      const found = await operations.lookup({ ...params, version: null, producer: null, ...query })
      reply.header('x-forewarm-outcome', found.outcome).header('cache-control', 'no-store')
      if (!('value' in found)) {
        throw new NotFound(`the cache has no such value (${found.outcome}): read the origin and fill it in`)
      }
      reply.header('x-forewarm-version', found.version)
      if (found.warmedBy !== null) reply.header('x-forewarm-warmed-by', found.warmedBy)
      return reply.type('application/octet-stream').send(Buffer.from(found.value))
    },
  )
}
