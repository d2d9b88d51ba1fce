/** Routes that put accesses and changes on the log. */
import type { GatewayOperations } from '../../../ports/gateway.ts'
import { eventOfBody, eventsOfLines } from './access-events.ts'
import { acceptedAnswer, answers } from './answers.ts'
import {
  type AccessesBody,
  type AccessLine,
  accessesBody,
  accessLines,
  changesBody,
  workspaceParams,
} from './schemas.ts'
import { type GatewayServer, WORKSPACE } from './server-type.ts'

/** Routes that take accesses and changes, `batchMax` of them at once. */
export function addPublishing(server: GatewayServer, operations: GatewayOperations, batchMax: number): void {
  addAccesses(server, operations, batchMax)
  server.post(
    `${WORKSPACE}/changes`,
    {
      config: { verb: 'publish' },
      schema: {
        summary: 'Publish changes of files',
        params: workspaceParams,
        body: changesBody(batchMax),
        response: answers({ 202: acceptedAnswer }),
      },
    },
    async ({ params, body }, reply) => reply.status(202).send(await operations.changed(params.workspace, body.changes)),
  )
}

function addAccesses(server: GatewayServer, operations: GatewayOperations, batchMax: number): void {
  server.post(
    `${WORKSPACE}/accesses`,
    {
      config: { verb: 'publish' },
      schema: {
        summary: 'Publish reads',
        description:
          '202 only after the log has all of it. Sent again with the same publisher and sequence, it counts once.',
        params: workspaceParams,
        body: {
          content: {
            'application/json': { schema: accessesBody(batchMax) },
            'application/x-ndjson': { schema: accessLines(batchMax) },
          },
        },
        response: answers({ 202: acceptedAnswer }),
      },
    },
    async ({ params, body }, reply) => {
      // Either of the two schemas above has checked it, by its content type.
      const checked = body as AccessesBody | readonly AccessLine[]
      const events = isLines(checked)
        ? eventsOfLines(params.workspace, checked)
        : [eventOfBody(params.workspace, checked)]
      return reply.status(202).send(await operations.publish(events))
    },
  )
}

const isLines = (body: AccessesBody | readonly AccessLine[]): body is readonly AccessLine[] => Array.isArray(body)
