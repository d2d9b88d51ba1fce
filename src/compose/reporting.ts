/** Logs and telemetry of a process. */
import { createLog } from '../adapters/logging/pino-log.ts'
import { createSilentTelemetry } from '../adapters/telemetry/silent.ts'
import type { Settings } from '../config/schema.ts'
import type { Reporting } from './engines.ts'

/** `flush` sends what waits, at the end of a process. */
export type ProcessReporting = Reporting & { flush(): Promise<void> }

export function openReporting(settings: Settings, process: string): ProcessReporting {
  const telemetry = createSilentTelemetry()
  const logger = createLog({ level: settings.log.level, process, traceparent: () => telemetry.current() })
  return { telemetry, logger, flush: async () => {} }
}
