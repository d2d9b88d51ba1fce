import { type ErrorCode, ForewarmError } from '../../src/ports/errors.ts'

/** What an engine that is away for the moment throws. */
export const awayError = (code: ErrorCode): ForewarmError => new ForewarmError(code, 'away', { retriable: true })
