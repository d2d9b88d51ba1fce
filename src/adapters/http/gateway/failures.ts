/** Errors as answers: {code, message, mend} and the HTTP status that fits. */
import type { FastifyError, FastifyReply } from 'fastify'
import { ERROR_MENDS } from '../../../ports/error-mends.ts'
import { type ErrorCode, ForewarmError } from '../../../ports/errors.ts'
import type { Log } from '../../../ports/telemetry.ts'

const STATUS: Partial<Record<ErrorCode, number>> = {
  FW_UNAUTHORIZED: 401,
  FW_REQUEST_INVALID: 400,
  FW_RECORD_INVALID: 400,
  FW_PATH_DENIED: 400,
  FW_STRATEGY_INVALID: 400,
  FW_RUN_UNKNOWN: 404,
  FW_NOT_KNOWN: 404,
  FW_PAUSED: 409,
  FW_FILE_TOO_LARGE: 413,
  FW_CACHE_FULL: 507,
  FW_OVERLOADED: 503,
}

/** Such a message may repeat what was sent. */
const MESSAGE_LENGTH_MAX = 400

/** Seconds after which a client that was told to come again may do so. */
const RETRY_AFTER_SECONDS = 1

function statusOf(cause: ForewarmError): number {
  if (cause instanceof Forbidden) return 403
  if (cause instanceof NotFound) return 404
  return STATUS[cause.code] ?? (cause.retriable ? 503 : 500)
}

/** The body of an error answer. */
export const failureBody = (code: ErrorCode, message: string) => ({ code, message, mend: ERROR_MENDS[code] })

/** A request that was understood and refused: the token is not for it. */
export class Forbidden extends ForewarmError {
  constructor(message: string) {
    super('FW_UNAUTHORIZED', message)
  }
}

/** There is no such thing. */
export class NotFound extends ForewarmError {
  constructor(message: string) {
    super('FW_REQUEST_INVALID', message)
  }
}

/** Answers with an error. What nobody foresaw is logged and tells the client nothing of the inside. */
export function answerFailure(cause: unknown, reply: FastifyReply, log: Log): void {
  if (cause instanceof ForewarmError) {
    const status = statusOf(cause)
    if (status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS)
    if (status === 401) reply.header('www-authenticate', 'Bearer')
    reply.status(status).send(failureBody(cause.code, cause.message))
    return
  }
  const { statusCode } = cause as FastifyError
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    const code = statusCode === 413 ? 'FW_FILE_TOO_LARGE' : statusCode === 429 ? 'FW_OVERLOADED' : 'FW_REQUEST_INVALID'
    reply.status(statusCode).send(failureBody(code, (cause as Error).message.slice(0, MESSAGE_LENGTH_MAX)))
    return
  }
  log.error({}, 'unknown error in a request', cause)
  reply.status(500).send(failureBody('FW_UNKNOWN', 'the request failed for a reason that only the log tells'))
}
