/** Routes that show what is known: predictions, models, status, and the process's own health. */
import type { GatewayOperations } from '../../../ports/gateway.ts'
import type { FileEvidence } from '../../../ports/model-reader.ts'
import { answers, fileAnswer, liveAnswer, predictionsAnswer, readyAnswer, statusAnswer } from './answers.ts'
import { patternsAnswer } from './answers-patterns.ts'
import { NotFound } from './failures.ts'
import { limitQuery, pathQuery, sessionQuery, workspaceParams } from './schemas.ts'
import { type GatewayServer, WORKSPACE } from './server-type.ts'

const config = { verb: 'read' } as const
const params = workspaceParams

/** What is known of a workspace, for whoever may read it. */
export function addViews(server: GatewayServer, operations: GatewayOperations): void {
  addPredictions(server, operations)
  addModels(server, operations)
  server.get(
    `${WORKSPACE}/status`,
    { config, schema: { summary: 'State of a workspace', params, response: answers({ 200: statusAnswer }) } },
    async (request) => operations.status(request.params.workspace),
  )
}

function addPredictions(server: GatewayServer, operations: GatewayOperations): void {
  server.get(
    `${WORKSPACE}/predictions`,
    {
      config,
      schema: {
        summary: 'What is predicted for a session',
        params,
        querystring: sessionQuery,
        response: answers({ 200: predictionsAnswer }),
      },
    },
    async (request) => operations.predictions(request.params.workspace, request.query.session),
  )
}

function addModels(server: GatewayServer, operations: GatewayOperations): void {
  server.get(
    `${WORKSPACE}/model/files`,
    {
      config,
      schema: {
        summary: 'What was learned of a file',
        params,
        querystring: pathQuery,
        response: answers({ 200: fileAnswer }),
      },
    },
    async (request) => {
      const file = await operations.file(request.params.workspace, request.query.path)
      if (file === null) throw new NotFound('nothing was learned of this file: publish reads of it')
      return fileBody(file)
    },
  )
  server.get(
    `${WORKSPACE}/patterns`,
    {
      config,
      schema: {
        summary: 'Correlations, sequences, hours and next accesses of all files; reads the whole model, so ask seldom',
        params,
        querystring: limitQuery,
        response: answers({ 200: patternsAnswer }),
      },
    },
    async (request) => {
      const found = await operations.patterns(request.params.workspace, Number(request.query.limit))
      if (found === null) throw new NotFound('nothing was learned of this workspace: publish reads of it')
      return found
    },
  )
}

/** Liveness is the process's own heartbeat; readiness asks the engines. Both are open and not limited. */
export function addHealth(
  server: GatewayServer,
  operations: GatewayOperations,
  live: () => { readonly alive: boolean },
): void {
  const config = { rateLimit: false } as const
  server.get(
    '/livez',
    { config, schema: { summary: 'Whether the process lives', response: { 200: liveAnswer, 503: liveAnswer } } },
    async (_, reply) => reply.status(live().alive ? 200 : 503).send(live()),
  )
  server.get(
    '/readyz',
    { config, schema: { summary: 'Whether it can serve', response: { 200: readyAnswer, 503: readyAnswer } } },
    async (_, reply) => {
      const missing = await operations.missing()
      return reply.status(missing.length === 0 ? 200 : 503).send({ ready: missing.length === 0, missing })
    },
  )
}

const binsOf = (counts: ReadonlyMap<number, number>) =>
  [...counts].sort(([left], [right]) => left - right).map(([hour, count]) => ({ hour, count }))

const fileBody = (file: FileEvidence) => ({
  ...file,
  hoursOfDay: binsOf(file.hoursOfDay),
  hoursOfWeek: binsOf(file.hoursOfWeek),
})
