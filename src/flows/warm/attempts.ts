import type { Clock } from '../../ports/clock.ts'
import { type ErrorCode, ForewarmError } from '../../ports/errors.ts'
import { type RetrySchedule, retryDelayMs } from '../../warming/retry.ts'

export type AttemptOptions = {
  readonly clock: Clock
  readonly random: () => number
  readonly schedule: RetrySchedule
  readonly attemptMs: number
  /** Code of the error that an attempt without an answer ends in. */
  readonly lateAs: ErrorCode
  /** Awaited before each try, outside of its time. */
  readonly before?: () => Promise<void>
  /** Aborted when the work is to be given up altogether: rejects with its reason at once. */
  readonly signal: AbortSignal
}

/**
 * Runs `work` until it succeeds or the schedule ends; then rejects with the last error. Only errors that the project
 * knows as retriable are tried again, an attempt without an answer among them. `work` may go on after its signal is
 * aborted; nobody waits for it then.
 */
export async function attempt<Result>(
  options: AttemptOptions,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    options.signal.throwIfAborted()
    await options.before?.()
    try {
      return await withinTime(options, work)
    } catch (error) {
      options.signal.throwIfAborted()
      if (!(error instanceof ForewarmError && error.retriable)) throw error
      const delayMs = retryDelayMs(options.schedule, tries, options.random())
      if (delayMs === null) throw error
      await options.clock.sleep(delayMs, options.signal)
    }
  }
}

async function withinTime<Result>(
  { clock, attemptMs, lateAs, signal }: AttemptOptions,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  const late = clock.sleep(attemptMs, either).then((): never => {
    throw new ForewarmError(lateAs, `no answer within ${attemptMs} ms`, { retriable: true })
  })
  try {
    return await Promise.race([late, work(either)])
  } finally {
    over.abort()
  }
}
