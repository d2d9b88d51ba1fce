/** Logs and telemetry of a process. */
import { randomUUID } from 'node:crypto'
import { createLog } from '../adapters/logging/pino-log.ts'
import { loadOptional } from '../adapters/optional-package.ts'
import { createSilentTelemetry } from '../adapters/telemetry/silent.ts'
import type { Settings } from '../config/schema.ts'
import type { Telemetry } from '../ports/telemetry.ts'
import type { Reporting } from './engines.ts'
import { packageVersion } from './version.ts'

/** `flush` sends what waits, at the end of a process. */
export type ProcessReporting = Reporting & { flush(): Promise<void> }

/** What waits to be sent is given up after this, milliseconds: well within the time that a process has to stop. */
const FLUSH_MS = 3_000

/** Takes one line at a time. */
export type LogDestination = { write(line: string): void }

export async function openReporting(
  settings: Settings,
  process: string,
  logTo?: LogDestination,
): Promise<ProcessReporting> {
  const { telemetry, instance, flush, metricsUrl } = await openTelemetry(settings.telemetry, process)
  const traceparent = () => telemetry.current()
  const logger = createLog({
    ...{ level: settings.log.level, process, traceparent },
    ...(instance && { instance }),
    ...(logTo && { to: logTo }),
  })
  if (metricsUrl !== null) logger.info({ url: metricsUrl }, 'metrics are served')
  return { telemetry, logger, flush }
}

type Opened = {
  readonly telemetry: Telemetry
  /** Null without telemetry: then there is nothing else that bears it. */
  readonly instance: string | null
  readonly metricsUrl: string | null
  flush(): Promise<void>
}

async function openTelemetry(settings: Settings['telemetry'], role: string): Promise<Opened> {
  const { enabled, endpoint, sampleRatio, metricsIntervalMs, prometheus } = settings
  if (!enabled && !prometheus.enabled) {
    return { telemetry: createSilentTelemetry(), instance: null, metricsUrl: null, flush: async () => {} }
  }
  // OpenTelemetry's SDK is loaded by those alone who want it: it takes longer than all the rest of a start.
  const load = () => import('../adapters/telemetry/otel.ts')
  const { startTelemetry } = await loadOptional('telemetry', load)
  const running = await startTelemetry({
    role,
    version: packageVersion(),
    instance: randomUUID(),
    otlp: enabled ? { endpoint, sampleRatio, metricsIntervalMs } : null,
    prometheus: prometheus.enabled ? prometheus : null,
  })
  const { instance, metricsUrl } = running
  return { telemetry: running, instance, metricsUrl, flush: () => running.shutdown(FLUSH_MS) }
}
