import type { WarmRequest } from '../warming/command.ts'
import { filePathProblem, listProblem, nameProblem, optionalNameProblem, type Problem, timeProblem } from './checks.ts'
import {
  ACTOR_LENGTH_MAX,
  ID_LENGTH_MAX,
  REQUEST_LAYERS_MAX,
  REQUEST_PATHS_MAX,
  REVISION_LENGTH_MAX,
  WORD_LENGTH_MAX,
  WORKSPACE_LENGTH_MAX,
} from './limits.ts'
import { defineForm } from './record-form.ts'

type WarmRequestWire = Omit<WarmRequest, 'requestedAtMs' | 'deadlineMs'> & {
  readonly requestedAt: number
  readonly deadline: number
}

export const warmRequestForm = defineForm<WarmRequest, WarmRequestWire>({
  topic: 'warm-requests',
  file: 'warm-request.v1.avsc',
  revision: 1,
  toWire: ({ requestedAtMs, deadlineMs, ...rest }) => ({ ...rest, requestedAt: requestedAtMs, deadline: deadlineMs }),
  fromWire: (wire) => ({
    id: wire.id,
    workspace: wire.workspace,
    strategy: wire.strategy,
    revision: wire.revision,
    paths: wire.paths,
    layers: wire.layers,
    requestedAtMs: wire.requestedAt,
    requestedBy: wire.requestedBy,
    deadlineMs: wire.deadline,
  }),
  problem: warmRequestProblem,
})

/** What keeps a request from the log, or null. */
export function warmRequestProblem(request: WarmRequest): Problem {
  return (
    nameProblem('id', request.id, { lengthMax: ID_LENGTH_MAX }) ??
    nameProblem('workspace', request.workspace, { lengthMax: WORKSPACE_LENGTH_MAX }) ??
    nameProblem('strategy', request.strategy, { lengthMax: WORD_LENGTH_MAX }) ??
    optionalNameProblem('revision', request.revision, { lengthMax: REVISION_LENGTH_MAX }) ??
    timeProblem('requestedAt', request.requestedAtMs) ??
    nameProblem('requestedBy', request.requestedBy, { lengthMax: ACTOR_LENGTH_MAX, emptyAllowed: true }) ??
    timeProblem('deadline', request.deadlineMs) ??
    listProblem({ field: 'paths', items: request.paths, itemsMax: REQUEST_PATHS_MAX }, (path) =>
      filePathProblem('path', path),
    ) ??
    listProblem({ field: 'layers', items: request.layers, itemsMax: REQUEST_LAYERS_MAX }, (layer) =>
      nameProblem('layer', layer, { lengthMax: WORD_LENGTH_MAX }),
    )
  )
}
