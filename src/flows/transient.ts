import { ForewarmError } from '../ports/errors.ts'

/** Whether an error passes by itself, so that the same work is to be tried again after a while. */
export const isTransient = (error: unknown): error is ForewarmError =>
  error instanceof ForewarmError && (error.retriable || error.code === 'FW_STORE_FULL')

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 10_000

/** How long to wait after so many failures in a row, milliseconds. */
export const pauseAfter = (failures: number): number =>
  Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 20))
