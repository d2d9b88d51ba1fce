import { type ErrorCode, ForewarmError } from '../ports/errors.ts'

/** What passes although trying again at once is of no use: a full store, an origin that is left alone. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['FW_STORE_FULL', 'FW_ORIGIN_UNAVAILABLE'])

/** Whether an error passes by itself, so that the same work is to be tried again after a while. */
export const isTransient = (error: unknown): error is ForewarmError =>
  error instanceof ForewarmError && (error.retriable || PASSING.has(error.code))

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 10_000

/** How long to wait after so many failures in a row, milliseconds. */
export const pauseAfter = (failures: number): number =>
  Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 20))
