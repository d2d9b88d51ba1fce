/** A run as it goes on, for whoever waits for it. */
import type { Clock } from '../ports/clock.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { RunReader, RunSummary } from '../ports/runs.ts'
import type { WarmRequest } from '../warming/command.ts'
import { hasEnded } from '../warming/run/state.ts'
import { cancelOf } from './run-requests.ts'

/** Pause between two looks at a run, milliseconds. */
const LOOK_MS = 100

/** A run that nobody has begun after so long has nobody to begin it. */
const BEGUN_WITHIN_MS = 30_000

export type AskDependencies = {
  readonly runs: Pick<RunReader, 'show'>
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  append(request: WarmRequest): Promise<void>
  /** Sees to it that somebody carries runs out; called at each look. */
  ensure(): Promise<void>
}

export type Asking = {
  /** Aborted to cancel the run; it then ends in order, as cancelled. */
  readonly cancelling?: AbortSignal | undefined
  /** A run that nobody has begun by then is given up earlier than after BEGUN_WITHIN_MS. */
  readonly begunByMs?: number
}

/** Asks for a run and yields what is known of it at each look, as `followRun` does. */
export async function* askForRun(
  { append, ensure, ...deps }: AskDependencies,
  request: WarmRequest,
  { cancelling, begunByMs = Number.POSITIVE_INFINITY }: Asking = {},
): AsyncIterable<RunSummary | null> {
  await ensure()
  await append(request)
  const { workspace, id, requestedBy: by } = request
  const until = { begunByMs: Math.min(deps.clock.now() + BEGUN_WITHIN_MS, begunByMs), signal: NEVER }
  let isCancelled = false
  for await (const summary of followRun(deps, { workspace, id, everyMs: LOOK_MS, ...until })) {
    await ensure()
    if (cancelling?.aborted === true && !isCancelled) {
      isCancelled = true
      await append(cancelOf(request, { by, atMs: deps.clock.now() }))
    }
    yield summary
  }
}

const NEVER = new AbortController().signal

export type FollowOptions = {
  readonly workspace: string
  readonly id: string
  /** Pause between two looks, ms. */
  readonly everyMs: number
  /** A run that nobody has begun by then is given up, in the clock's time. */
  readonly begunByMs: number
  readonly signal: AbortSignal
}

/**
 * Yields what is known of a run at each look until it has ended; null before somebody has begun it. Throws
 * FW_RUN_UNKNOWN when nobody begins it, and the signal's reason when that is aborted.
 */
async function* followRun(
  { runs, clock }: { readonly runs: Pick<RunReader, 'show'>; readonly clock: Pick<Clock, 'now' | 'sleep'> },
  { workspace, id, everyMs, begunByMs, signal }: FollowOptions,
): AsyncIterable<RunSummary | null> {
  for (;;) {
    signal.throwIfAborted()
    const summary = await runs.show(workspace, id)
    yield summary
    if (summary !== null && hasEnded(summary.state)) return
    if (summary === null && clock.now() > begunByMs) {
      throw new ForewarmError('FW_RUN_UNKNOWN', `nobody has begun the run ${id}: is \`forewarm predict\` running?`)
    }
    await clock.sleep(everyMs, signal)
  }
}
