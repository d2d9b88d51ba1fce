import type { WarmRequest } from '../../../warming/command.ts'
import type { RunHeader } from '../../../warming/run/plan.ts'
import type { RunSpec } from '../../../warming/strategy/run-spec.ts'

/** What a request does with its paths when nobody has said more: the manual's defaults, and no other files. */
const PATHS_ALONE: RunSpec = {
  selectors: [],
  dependencyDepth: 0,
  parallelWorkers: 4,
  batchSize: 50,
  predictivePrefetch: false,
  accessPatternLearning: false,
  pressureMax: 0.8,
  filesMax: 0,
  bytesMax: 0,
  bytesPerSecondMax: 0,
  aggressiveness: 'medium',
  check: false,
  retryOf: null,
}

/** The header that a run begins with; `named` is what the strategy of that name means here, if there is one. */
export function headerOf(request: WarmRequest, named: RunSpec | null): RunHeader {
  const { id, workspace, strategy, requestedBy, requestedAtMs, deadlineMs, revision } = request
  const spec = request.spec ?? named ?? PATHS_ALONE
  return {
    ...{ id, workspace, strategy, requestedBy, requestedAtMs, deadlineMs, revision, spec },
    layers: request.layers.length === 0 ? ['content'] : [...new Set(request.layers)],
    ...{ state: 'planning', why: '', planned: null, rest: null, batchSize: spec.batchSize },
    ...{ endedAtMs: null, tally: null },
  }
}
