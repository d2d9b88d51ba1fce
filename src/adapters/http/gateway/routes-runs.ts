/** Routes of runs: asking for them, showing and ending them, and the kill switch. */
import { ForewarmError } from '../../../ports/errors.ts'
import type { GatewayOperations } from '../../../ports/gateway.ts'
import type { FileSelector } from '../../../warming/strategy/run-spec.ts'
import { readSelector } from '../../../warming/strategy/selector.ts'
import type { StrategyFields } from '../../../warming/strategy/strategy.ts'
import { answers, requestedAnswer } from './answers.ts'
import { NotFound } from './failures.ts'
import { workspaceParams } from './schemas.ts'
import {
  byBody,
  doneAnswer,
  eventAnswer,
  eventBody,
  pageQuery,
  runAnswer,
  runFilesAnswer,
  runParams,
  runsAnswer,
  type WarmRequestBody,
  warmRequestBody,
} from './schemas-runs.ts'
import { type GatewayServer, WORKSPACE } from './server-type.ts'
import { whoAsks } from './tokens.ts'

/** Files of one page. */
const PAGE_MAX = 1_000

/** Stands for all workspaces in the path of a pause; only a token for all of them is for it. */
const ALL = '*'

/** Routes that ask for runs, show and end them, and pause warming; an event names `batchMax` changes at most. */
export function addRuns(server: GatewayServer, operations: GatewayOperations, batchMax: number): void {
  addAsking(server, operations, batchMax)
  addShowing(server, operations)
  addEnding(server, operations)
  addSwitches(server, operations)
}

function addAsking(server: GatewayServer, operations: GatewayOperations, batchMax: number): void {
  server.post(
    `${WORKSPACE}/warm-requests`,
    {
      config: { verb: 'warm' },
      schema: {
        summary: 'Ask for files to be warmed',
        params: workspaceParams,
        body: warmRequestBody,
        response: answers({ 202: requestedAnswer }),
      },
    },
    async ({ params, body, principal }, reply) => {
      const { id, strategy, revision, paths, check } = body
      const wish = { id, strategy, revision, paths, check, stated: statedOf(body) }
      const requestedBy = whoAsks(principal, body.requestedBy)
      return reply.status(202).send(await operations.requestWarm({ ...params, ...wish, requestedBy }))
    },
  )
  server.post(
    `${WORKSPACE}/events`,
    {
      config: { verb: 'publish' },
      schema: {
        summary: 'Tell of a push or a checkout',
        description:
          "Publishes the changes, and asks for the run of the strategy that the workspace's settings name (onPush, onCheckout).",
        params: workspaceParams,
        body: eventBody(batchMax),
        response: answers({ 202: eventAnswer }),
      },
    },
    async ({ params, body, principal }, reply) => {
      const requestedBy = whoAsks(principal, body.requestedBy)
      const event = { ...body, ...params, changes: body.changes ?? [], requestedBy }
      return reply.status(202).send(await operations.happened(event))
    },
  )
}

function addShowing(server: GatewayServer, operations: GatewayOperations): void {
  const config = { verb: 'read' } as const
  server.get(
    `${WORKSPACE}/runs`,
    { config, schema: { summary: 'Runs', params: workspaceParams, response: answers({ 200: runsAnswer }) } },
    async ({ params }) => ({ runs: await operations.runs(params.workspace) }),
  )
  server.get(
    `${WORKSPACE}/runs/:run`,
    { config, schema: { summary: 'One run', params: runParams, response: answers({ 200: runAnswer }) } },
    async ({ params: { workspace, run } }) => {
      const found = await operations.run(workspace, run)
      if (found === null) throw new NotFound('the workspace has no run of this id, or it is no longer kept')
      return found
    },
  )
  server.get(
    `${WORKSPACE}/runs/:run/files`,
    {
      config,
      schema: {
        summary: 'Files of a run',
        params: runParams,
        querystring: pageQuery,
        response: answers({ 200: runFilesAnswer }),
      },
    },
    async ({ params: { workspace, run }, query: { from, max } }) =>
      operations.runFiles(workspace, run, { from: Number(from), max: Math.min(PAGE_MAX, Number(max)) }),
  )
}

function addEnding(server: GatewayServer, operations: GatewayOperations): void {
  const config = { verb: 'warm' } as const
  server.post(
    `${WORKSPACE}/runs/:run/cancel`,
    {
      config,
      schema: { summary: 'End a run', params: runParams, body: byBody, response: answers({ 202: requestedAnswer }) },
    },
    async ({ params: { workspace, run }, body, principal }, reply) => {
      await operations.cancelRun(workspace, run, whoAsks(principal, body.requestedBy))
      return reply.status(202).send({ id: run })
    },
  )
  server.post(
    `${WORKSPACE}/runs/:run/retry`,
    {
      config,
      schema: {
        summary: 'Try again what failed in a run',
        params: runParams,
        body: byBody,
        response: answers({ 202: requestedAnswer }),
      },
    },
    async ({ params: { workspace, run }, body, principal }, reply) =>
      reply.status(202).send(await operations.retryRun(workspace, run, whoAsks(principal, body.requestedBy))),
  )
}

function addSwitches(server: GatewayServer, operations: GatewayOperations): void {
  const config = { verb: 'admin' } as const
  const schema = {
    description: 'The workspace `*` stands for all of them.',
    params: workspaceParams,
    response: answers({ 200: doneAnswer }),
  }
  const named = (workspace: string) => (workspace === ALL ? null : workspace)
  server.post(
    `${WORKSPACE}/pause`,
    { config, schema: { ...schema, summary: 'Pause warming', body: byBody } },
    async ({ params, body, principal }) => {
      await operations.pause(named(params.workspace), whoAsks(principal, body.requestedBy) || 'gateway')
      return { done: true }
    },
  )
  server.post(
    `${WORKSPACE}/resume`,
    { config, schema: { ...schema, summary: 'Let warming go on', body: byBody } },
    async ({ params }) => {
      await operations.resume(named(params.workspace))
      return { done: true }
    },
  )
}

function statedOf(body: WarmRequestBody): StrategyFields {
  const { id: _, strategy, revision, paths, check, requestedBy, withinMs, priorityFiles, ...fields } = body
  return {
    ...fields,
    timeLimitMs: withinMs,
    priorityFiles: priorityFiles === null ? null : priorityFiles.map(selectorOf),
  }
}

function selectorOf(text: string): FileSelector {
  const read = readSelector(text)
  if (!('problem' in read)) return read
  throw new ForewarmError('FW_STRATEGY_INVALID', `priorityFiles: ${JSON.stringify(text)} ${read.problem}`)
}
