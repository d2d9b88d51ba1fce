import { ForewarmError } from '../../ports/errors.ts'

/** The origin is away for the moment: the same call may succeed later. */
export const unavailable = (message: string, cause?: unknown): ForewarmError =>
  new ForewarmError('FW_ORIGIN_UNAVAILABLE', message, { cause, retriable: true })

/** The origin does not know the revision, or has none. */
export const noHistory = (message: string, cause?: unknown): ForewarmError =>
  new ForewarmError('FW_ORIGIN_NO_HISTORY', message, { cause })

/** The origin has no listing of its files, or gives none. */
export const unlistable = (message: string): ForewarmError => new ForewarmError('FW_ORIGIN_UNLISTABLE', message)
