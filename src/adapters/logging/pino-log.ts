/** Structured log lines by pino: JSON, one a line, to standard error, so that a command's own output stays its own. */
import { type DestinationStream, destination, pino } from 'pino'
import type { Attributes, Log } from '../../ports/telemetry.ts'

export type LogOptions = {
  readonly level: string
  /** The process: ingest, predict, warm, gateway or up. */
  readonly process: string
  /** Joined to every line written inside a span. */
  readonly traceparent?: () => string | null
  /** Where the lines go; standard error when not given. */
  readonly to?: DestinationStream
}

/** Fields whose names say that they hold a secret are never written, wherever they come from. */
const SECRETS = ['password', 'token', 'authorization', 'secret', 'sha256'].flatMap((name) => [name, `*.${name}`])

/** Credentials in running text, as messages of client libraries repeat them: in addresses and bearer tokens. */
const CREDENTIALS = /(?<=\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"\\]+(?=@)|(?<=\bBearer )[^\s"\\]+/gi

const withoutCredentials = (line: string): string => line.replace(CREDENTIALS, '***')

export function createLog({ level, process, traceparent, to }: LogOptions): Log {
  const logger = pino(
    {
      level,
      base: { process },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: SECRETS, censor: '***' },
      hooks: { streamWrite: withoutCredentials },
      formatters: { level: (label) => ({ level: label }) },
      ...(traceparent === undefined ? {} : { mixin: () => traceFields(traceparent()) }),
    },
    to ?? destination({ dest: 2, sync: true }),
  )
  return {
    debug: (fields: Attributes, message: string) => logger.debug(fields, message),
    info: (fields: Attributes, message: string) => logger.info(fields, message),
    warn: (fields: Attributes, message: string) => logger.warn(fields, message),
    error: (fields, message, cause) => logger.error(cause === undefined ? fields : { ...fields, err: cause }, message),
  }
}

/** Trace and span id of a W3C traceparent (`00-<trace>-<span>-<flags>`), as log backends look for them. */
function traceFields(traceparent: string | null): object {
  const [, trace_id, span_id] = traceparent?.split('-') ?? []
  return trace_id === undefined ? {} : { trace_id, span_id }
}
