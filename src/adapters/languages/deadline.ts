import { createContext, Script } from 'node:vm'

/** Of its time: work that had the processor for a smaller part of it was not slow, the machine was busy. */
export const SERVED_MIN = 0.4
/** Times its time that work on a busy machine takes at the most. */
const PATIENCE_MAX = 16

/**
 * Runs work that may hang, for at most so many milliseconds: parsers written in JavaScript go back and forth for ever
 * over some sources of a hundred bytes, and V8 stops code only at the word of a watchdog. Costs 0.2 ms a call. Where a
 * busy machine left it without the processor, the work is begun again with twice the time: it must be able to.
 * `timeMsMax` null: no bound, for work that already stands under one.
 */
export function withDeadline<Result>(timeMsMax: number | null, work: () => Result): Result | 'late' {
  if (timeMsMax === null) return work()
  for (let boundMs = timeMsMax; ; boundMs *= 2) {
    const used = processorClock()
    const result = within(boundMs, work)
    const wasServed = used() >= timeMsMax * SERVED_MIN
    if (result !== 'late' || wasServed || boundMs >= timeMsMax * PATIENCE_MAX) return result
  }
}

/** Tells for how many milliseconds this thread has had the processor since. */
export function processorClock(): () => number {
  const before = process.threadCpuUsage()
  return () => {
    const { user, system } = process.threadCpuUsage(before)
    return (user + system) / 1_000
  }
}

function within<Result>(timeMs: number, work: () => Result): Result | 'late' {
  let result: Result | 'late' = 'late'
  waiting = () => {
    result = work()
  }
  try {
    callWaiting.runInContext(context, { timeout: timeMs })
  } catch (cause) {
    if (!isTimeout(cause)) throw cause
  }
  return result
}

let waiting = (): void => {}

/** One for all calls: making a context takes longer than parsing a file. */
const context = createContext({ run: () => waiting() })
const callWaiting = new Script('run()')

/** The error comes from the context, so it is no instance of this one's Error. */
const isTimeout = (cause: unknown): boolean =>
  typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
