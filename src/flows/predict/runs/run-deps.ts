/** What a run needs of the world, and what every part of it does with errors that pass. */
import type { Clock } from '../../../ports/clock.ts'
import type { ForewarmError } from '../../../ports/errors.ts'
import type { FoldedRuns } from '../../../ports/model-reader.ts'
import type { IsPaused } from '../../../ports/switches.ts'
import type { Log, Telemetry } from '../../../ports/telemetry.ts'
import type { WarmCommand } from '../../../warming/command.ts'
import type { StepTimes } from '../../../warming/run/step.ts'
import type { RunSpec } from '../../../warming/strategy/run-spec.ts'
import { isTransient, pauseAfter } from '../../transient.ts'
import type { Planner } from './planner.ts'
import type { RunNotes } from './run-notes.ts'

export type RunDeps = {
  readonly notes: RunNotes
  readonly folded: FoldedRuns
  readonly planner: Pick<Planner, 'plan'>
  /** What a strategy of this name means for these paths, or without any for its own; null when there is none. */
  readonly specOf: (strategy: string, paths: readonly string[]) => RunSpec | null
  /** Puts commands on the log. */
  readonly append: (commands: readonly WarmCommand[]) => Promise<void>
  readonly paused: IsPaused
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly logger: Log
  /** A name that nothing else has. */
  readonly newId: () => string
}

/** `closingMs` at most: a short run takes a tenth of its time. */
export type RunTimes = StepTimes & {
  /** Time between two looks at the folded run. */
  readonly pollMs: number
}

export type Patience = Pick<RunDeps, 'clock' | 'logger'> & {
  /** Told why it waits, each time; its own failures are its own. */
  readonly onWait?: (cause: ForewarmError) => Promise<void>
}

/** Tries again for as long as an engine is away; rejects with the reason of `signal` once that is aborted. */
export async function patiently<Result>(
  { clock, logger, onWait }: Patience,
  work: () => Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  for (let failures = 1; ; failures += 1) {
    signal.throwIfAborted()
    try {
      return await work()
    } catch (cause) {
      if (!isTransient(cause)) throw cause
      logger.warn({ code: cause.code }, `${cause.message}: the run waits and tries again`)
      await onWait?.(cause)
      await clock.sleep(pauseAfter(failures), signal)
    }
  }
}
