/** The ingest stage of a deployment, which also tells when so many accesses are stored. */
import { startIngest } from '../src/compose/ingest.ts'
import type { Parts } from '../src/compose/parts.ts'
import type { EventLog } from '../src/ports/event-log.ts'
import type { Telemetry } from '../src/ports/telemetry.ts'

export type IngestStage = {
  /** Resolves when so many accesses are stored; rejects when the stage cannot go on. */
  stored(accesses: number): Promise<void>
  /** When the partitions were assigned: joining a group takes its time anywhere and is no part of a measure. */
  assignedAtMs(): number
  stop(): Promise<void>
}

export async function startIngestStage(parts: Parts): Promise<IngestStage> {
  const counter = createCounter(parts.telemetry)
  let assignedAtMs = 0
  const { log } = parts.engines
  const consume: EventLog['consume'] = (options, handler) =>
    log.consume(options, {
      assigned: (partitions) => {
        assignedAtMs = performance.now()
        return handler.assigned(partitions)
      },
      revoked: (partitions) => handler.revoked(partitions),
      batch: (batch, signal) => handler.batch(batch, signal),
    })
  const engines = { ...parts.engines, log: { ...log, consume } }
  const stage = await startIngest({ ...parts, engines, telemetry: counter.telemetry })
  return {
    stored: (accesses) => Promise.race([counter.reached(accesses), stage.failed]),
    assignedAtMs: () => assignedAtMs,
    stop: () => stage.stop(),
  }
}

/** Counts accesses by the metric that ingest reports once they are stored. */
function createCounter(inner: Telemetry): { telemetry: Telemetry; reached(accesses: number): Promise<void> } {
  let stored = 0
  let waiting = { accesses: Number.POSITIVE_INFINITY, resolve: () => {} }
  const measure: Telemetry['measure'] = (metric, value, attributes) => {
    inner.measure(metric, value, attributes)
    if (metric !== 'forewarm.ingest.accesses') return
    stored += value
    if (stored >= waiting.accesses) waiting.resolve()
  }
  const reached = (accesses: number): Promise<void> =>
    new Promise((resolve) => {
      waiting = { accesses, resolve }
      if (stored >= accesses) resolve()
    })
  return { telemetry: { ...inner, measure }, reached }
}
