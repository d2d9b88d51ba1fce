/** Structured log lines by pino: JSON, one a line, to standard error, so that a command's own output stays its own. */
import { type DestinationStream, destination, pino } from 'pino'
import type { Attributes, Log } from '../../ports/telemetry.ts'
import { LineBudget, type LineNote } from './line-budget.ts'

export type LogOptions = {
  readonly level: string
  /** The process: ingest, predict, warm, gateway or up. */
  readonly process: string
  /** `service.instance.id` of the process' spans and metrics, joined to every line. */
  readonly instance?: string
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

export function createLog({ level, process, instance, traceparent, to }: LogOptions): Log {
  const logger = pino(
    {
      level,
      base: { process, ...(instance === undefined ? {} : { 'service.instance.id': instance }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: SECRETS, censor: '***' },
      hooks: { streamWrite: withoutCredentials },
      formatters: { level: (label) => ({ level: label }) },
      ...(traceparent === undefined ? {} : { mixin: () => traceFields(traceparent()) }),
    },
    to ?? destination({ dest: 2, sync: true }),
  )
  const budget = new LineBudget()
  const bounded = (write: (note: LineNote) => void, message: string): void => {
    // Who asks for all that happens gets it.
    const note = logger.isLevelEnabled('debug') ? {} : budget.take(message, performance.now())
    if (note !== null) write(note)
  }
  return {
    debug: (fields: Attributes, message: string) => logger.debug(fields, message),
    info: (fields: Attributes, message: string) =>
      bounded((note) => logger.info({ ...fields, ...note }, message), message),
    warn: (fields: Attributes, message: string) =>
      bounded((note) => logger.warn({ ...fields, ...note }, message), message),
    error: (fields, message, cause) =>
      bounded(
        (note) => logger.error({ ...fields, ...note, ...(cause !== undefined && { err: cause }) }, message),
        message,
      ),
  }
}

/** Trace and span id of a W3C traceparent (`00-<trace>-<span>-<flags>`), as log backends look for them. */
function traceFields(traceparent: string | null): object {
  const [, trace_id, span_id] = traceparent?.split('-') ?? []
  return trace_id === undefined ? {} : { trace_id, span_id }
}
