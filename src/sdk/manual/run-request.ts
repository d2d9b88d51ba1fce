/** Asks for a run and waits for its end, telling how far it is. */
import { type AskDependencies, askForRun } from '../../flows/follow-run.ts'
import { appendRequest, type RequestLog } from '../../flows/run-requests.ts'
import type { RunSummary } from '../../ports/runs.ts'
import type { WarmRequest } from '../../warming/command.ts'

export type RunRequestDependencies = RequestLog & Omit<AskDependencies, 'append'>

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
  let latest: RunSummary | null = null
  const asked = { ...deps, append: (record: WarmRequest) => appendRequest(deps, record) }
  for await (const run of askForRun(asked, request, { cancelling: signal })) {
    latest = run
    if (run !== null) onProgress?.(run)
  }
  if (latest === null) throw new Error('a run that was followed to its end has none')
  return latest
}
