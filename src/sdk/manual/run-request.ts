/** Asks for a run and waits for its end, telling how far it is. */
import { followRun } from '../../flows/follow-run.ts'
import { appendRequest, cancelOf, type RequestLog } from '../../flows/run-requests.ts'
import type { Clock } from '../../ports/clock.ts'
import type { RunReader, RunSummary } from '../../ports/runs.ts'
import type { WarmRequest } from '../../warming/command.ts'

export type RunRequestDependencies = RequestLog & {
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  readonly runs: Pick<RunReader, 'show'>
  /** Sees to it that somebody carries runs out; called at each look. */
  readonly ensure: () => Promise<void>
}

/** How often a run that is followed is looked at, milliseconds. */
const LOOK_MS = 100

/** A run that nobody has begun after so long has nobody to begin it. */
const BEGUN_WITHIN_MS = 30_000

export type Following = {
  readonly onProgress?: (run: RunSummary) => void
  /** Aborted to cancel the run; it then ends in order, as cancelled. */
  readonly signal?: AbortSignal
}

/** Resolves with the ended run. Rejects when log or model store cannot be reached, FW_RUN_UNKNOWN when nobody begins it. */
export async function runToEnd(
  deps: RunRequestDependencies,
  request: WarmRequest,
  { onProgress, signal }: Following = {},
): Promise<RunSummary> {
  const { workspace, id, requestedBy } = request
  await deps.ensure()
  await appendRequest(deps, request)
  const cancel = () => appendRequest(deps, cancelOf(request, { by: requestedBy, atMs: deps.clock.now() }))
  let latest: RunSummary | null = null
  let cancelled = false
  const begunByMs = deps.clock.now() + BEGUN_WITHIN_MS
  const never = new AbortController().signal
  for await (const run of followRun(deps, { workspace, id, everyMs: LOOK_MS, begunByMs, signal: never })) {
    await deps.ensure()
    if (signal?.aborted === true && !cancelled) await cancel()
    cancelled = signal?.aborted === true
    latest = run
    if (run !== null) onProgress?.(run)
  }
  if (latest === null) throw new Error('a run that was followed to its end has none')
  return latest
}
