/** A run as it goes on, for whoever waits for it. */
import type { Clock } from '../ports/clock.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { RunReader, RunSummary } from '../ports/runs.ts'
import { hasEnded } from '../warming/run/state.ts'

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
export async function* followRun(
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
