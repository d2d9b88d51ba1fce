/** Parts for commands that do one thing and end. */
import { createKafkaTopicAdmin } from '../adapters/kafka/topics.ts'
import { applySubjects, planSubjects } from '../adapters/registry/subjects.ts'
import type { Settings } from '../config/schema.ts'
import { desiredTopics } from '../flows/topics.ts'
import { Heartbeat } from '../heartbeat.ts'
import { ForewarmError } from '../ports/errors.ts'
import { kafkaConnection, registryClient, subjectOf } from './distributed.ts'
import { openEngines } from './engines.ts'
import { openLayers } from './layers.ts'
import { openOrigins } from './origins.ts'
import type { Parts } from './parts.ts'
import { openReporting } from './reporting.ts'

/** Runs `work` on the engines that the settings name, and closes them. Logs nothing less than `level`. */
export async function withParts<Result>(
  settings: Settings,
  work: (parts: Parts) => Promise<Result>,
  level: 'warn' | 'error' = 'warn',
): Promise<Result> {
  const { parts, close } = await openParts(settings, level)
  try {
    return await work(parts)
  } finally {
    await close()
  }
}

/** The log of the deployment, for commands that publish. */
export async function connectLog(settings: Settings) {
  const { parts, close } = await openParts(settings)
  const { log, codec, clock } = parts.engines
  const { telemetry, logger } = parts
  return { log, codec, clock, telemetry, logger, shards: settings.model.limits.shards, close }
}

/** Metrics of a command that ends at once are nothing to fetch, and its port would be a process's. */
export async function openParts(
  settings: Settings,
  level: 'warn' | 'error' = 'warn',
): Promise<{ readonly parts: Parts; close(): Promise<void> }> {
  const { telemetry } = settings
  const prometheus = { ...telemetry.prometheus, enabled: false }
  const quiet: Settings = { ...settings, log: { level }, telemetry: { ...telemetry, prometheus } }
  const reporting = await openReporting(quiet, 'cli')
  const engines = openEngines(settings, reporting)
  const heartbeat = new Heartbeat(settings.health.stallMs, () => engines.clock.monotonicMs())
  const { origins, close: closeOrigins } = openOrigins(settings, { ...reporting, notes: () => engines.store().notes })
  const { clock, store } = engines
  const { graphs, layers, close: closeLayers } = openLayers({ settings, clock, origins, notes: () => store().notes })
  const close = async () => {
    await closeLayers()
    await closeOrigins()
    await engines.close()
    await reporting.flush()
  }
  return { parts: { ...reporting, settings, engines, origins, graphs, layers, heartbeat }, close }
}

/** What `forewarm topics` works with. */
export function openTopics(settings: Settings) {
  if (settings.mode === 'embedded') {
    throw new ForewarmError(
      'FW_CONFIG_INVALID',
      'an embedded deployment makes its topics by itself: set mode to distributed',
    )
  }
  const client = registryClient(settings)
  const subject = subjectOf(settings)
  return {
    admin: createKafkaTopicAdmin(kafkaConnection(settings.kafka)),
    desired: desiredTopics({ ...settings.kafka, memoryMs: settings.model.limits.memoryMs }),
    subjects: { plan: () => planSubjects(client, subject), apply: () => applySubjects(client, subject) },
  }
}
