import { createContext, Script } from 'node:vm'

/**
 * Runs work that may hang, for at most so many milliseconds: parsers written in JavaScript go back and forth for ever
 * over some sources of a hundred bytes, and V8 stops code only at the word of a watchdog. Costs 0.2 ms a call.
 * `timeMsMax` null: no bound, for work that already stands under one.
 */
export function withDeadline<Result>(timeMsMax: number | null, work: () => Result): Result | 'late' {
  if (timeMsMax === null) return work()
  let result: Result | 'late' = 'late'
  waiting = () => {
    result = work()
  }
  try {
    callWaiting.runInContext(context, { timeout: timeMsMax })
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
