import type { WarmRequest } from '../warming/command.ts'
import { AGGRESSIVENESS, type FileSelector, type RunSpec, SELECTOR_KINDS } from '../warming/strategy/run-spec.ts'
import {
  countProblem,
  filePathProblem,
  listProblem,
  nameProblem,
  optionalNameProblem,
  type Problem,
  rangeProblem,
  shareProblem,
  timeProblem,
} from './checks.ts'
import {
  ACTOR_LENGTH_MAX,
  DEPENDENCY_DEPTH_MAX,
  FILES_MAX,
  ID_LENGTH_MAX,
  PARALLEL_WORKERS_MAX,
  REQUEST_LAYERS_MAX,
  REQUEST_PATHS_MAX,
  REVISION_LENGTH_MAX,
  RUN_FILES_MAX,
  SELECTOR_LENGTH_MAX,
  SELECTORS_MAX,
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
  file: 'warm-request.v2.avsc',
  former: ['warm-request.v1.avsc'],
  revision: 2,
  toWire: ({ requestedAtMs, deadlineMs, ...rest }) => ({ ...rest, requestedAt: requestedAtMs, deadline: deadlineMs }),
  fromWire: (wire) => ({
    id: wire.id,
    workspace: wire.workspace,
    action: wire.action,
    strategy: wire.strategy,
    revision: wire.revision,
    paths: wire.paths,
    layers: wire.layers,
    requestedAtMs: wire.requestedAt,
    requestedBy: wire.requestedBy,
    deadlineMs: wire.deadline,
    spec: wire.spec === null ? null : specFromWire(wire.spec),
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
    ) ??
    (request.spec === null ? null : specProblem(request.spec))
  )
}

const specFromWire = (wire: RunSpec): RunSpec => ({
  selectors: wire.selectors.map(({ kind, value, count }) => ({ kind, value, count })),
  dependencyDepth: wire.dependencyDepth,
  parallelWorkers: wire.parallelWorkers,
  batchSize: wire.batchSize,
  predictivePrefetch: wire.predictivePrefetch,
  accessPatternLearning: wire.accessPatternLearning,
  pressureMax: wire.pressureMax,
  filesMax: wire.filesMax,
  bytesMax: wire.bytesMax,
  bytesPerSecondMax: wire.bytesPerSecondMax,
  aggressiveness: wire.aggressiveness,
  check: wire.check,
  retryOf: wire.retryOf,
})

const specProblem = (spec: RunSpec): Problem =>
  listProblem({ field: 'selectors', items: spec.selectors, itemsMax: SELECTORS_MAX }, selectorProblem) ??
  countProblem('dependencyDepth', spec.dependencyDepth, DEPENDENCY_DEPTH_MAX) ??
  rangeProblem('parallelWorkers', spec.parallelWorkers, PARALLEL_WORKERS_MAX) ??
  rangeProblem('batchSize', spec.batchSize, FILES_MAX) ??
  shareProblem('pressureMax', spec.pressureMax) ??
  countProblem('filesMax', spec.filesMax, RUN_FILES_MAX) ??
  countProblem('bytesMax', spec.bytesMax) ??
  countProblem('bytesPerSecondMax', spec.bytesPerSecondMax) ??
  (AGGRESSIVENESS.includes(spec.aggressiveness) ? null : 'aggressiveness is not low, medium or high') ??
  optionalNameProblem('retryOf', spec.retryOf, { lengthMax: ID_LENGTH_MAX })

const selectorProblem = ({ kind, value, count }: FileSelector): Problem =>
  (SELECTOR_KINDS.includes(kind) ? null : 'kind is none that this build knows') ??
  nameProblem('value', value, { lengthMax: SELECTOR_LENGTH_MAX, emptyAllowed: true }) ??
  countProblem('count', count, RUN_FILES_MAX)
