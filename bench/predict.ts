/**
 * Accesses a second that one predict process follows on Kafka with the learned predictor, in records of two accesses as a
 * fleet sends them that wants its files warmed in time, until the commands are on the log. Beside it: reading and decoding
 * the same records alone.
 */
import { SILENT_LOG } from '../src/adapters/memory/telemetry.ts'
import { createSilentTelemetry } from '../src/adapters/telemetry/silent.ts'
import { openEngines } from '../src/compose/engines.ts'
import { openLayers } from '../src/compose/layers.ts'
import { openOrigins } from '../src/compose/origins.ts'
import type { Parts } from '../src/compose/parts.ts'
import { startPredict } from '../src/compose/predict.ts'
import { Heartbeat } from '../src/heartbeat.ts'
import type { AccessEvent } from '../src/model/access.ts'
import type { EventLog } from '../src/ports/event-log.ts'
import { appendEvents, readRaw } from './ingest.ts'
import type { Bench } from './report.ts'
import { openSite, type Site } from './servers.ts'
import { accessEvents } from './workload.ts'

/** What one round holds for each second that it may take, about. */
const ACCESSES_PER_SECOND = 4_000
const ACCESSES_PER_RECORD = 2
const WORKSPACES = 4
const FILES_PER_WORKSPACE = 2_000
const CACHE_FILES = 1_000

export const measurePredict: Bench = async ({ servers, seconds, rounds, progress }) => {
  const site = await openSite(servers)
  try {
    const published = await publish(site, Math.ceil(seconds * ACCESSES_PER_SECOND))
    progress(`${published.accesses} accesses are on the log`)
    const measured = []
    for (let round = 1; round <= rounds; round += 1) {
      const raw = await readRaw(site, published.accesses)
      const predicted = await predict(site, published)
      measured.push({ raw, predicted })
      progress(`round ${round}: ${Math.round(predicted.bySeconds)} accesses/s, ${predicted.files} files in commands`)
    }
    const reference = 'raw kafkajs consume + Avro decode'
    return [
      {
        ...{ measure: 'Kafka to warm commands, two accesses a record', unit: 'accesses/s', reference },
        rounds: measured.map(({ predicted, raw }) => ({ value: predicted.bySeconds, reference: raw })),
      },
      {
        ...{ measure: 'the same by processor time', unit: 'accesses/CPU s', reference },
        rounds: measured.map(({ predicted, raw }) => ({ value: predicted.byProcessor, reference: raw })),
      },
    ]
  } finally {
    await site.remove()
  }
}

type Published = { readonly accesses: number; readonly records: number }

async function publish(site: Site, accessesWanted: number): Promise<Published> {
  const workload = { accesses: accessesWanted, workspaces: WORKSPACES, filesPerWorkspace: FILES_PER_WORKSPACE }
  const events = accessEvents({ ...workload, recordMs: 600 }).flatMap(inRecords)
  await appendEvents(site, events)
  return { accesses: events.reduce((sum, event) => sum + event.accesses.length, 0), records: events.length }
}

function inRecords(event: AccessEvent): AccessEvent[] {
  const records: AccessEvent[] = []
  for (let at = 0; at < event.accesses.length; at += ACCESSES_PER_RECORD) {
    const accesses = event.accesses.slice(at, at + ACCESSES_PER_RECORD)
    records.push({ ...event, accesses, sequence: event.sequence + at })
  }
  return records
}

type Predicted = { readonly bySeconds: number; readonly byProcessor: number; readonly files: number }

/** Follows the log from its start, as if all of it were new. */
async function predict(site: Site, { accesses, records }: Published): Promise<Predicted> {
  const telemetry = createSilentTelemetry()
  const settings = site.settings({ predict: { cacheFiles: CACHE_FILES } })
  const opened = openEngines(settings, { logger: SILENT_LOG, telemetry })
  const counted = countingLog(opened, records)
  const engines = { ...opened, log: counted.log }
  const { origins } = openOrigins(settings, { telemetry, notes: () => engines.store().notes })
  const heartbeat = new Heartbeat(settings.health.stallMs, () => engines.clock.monotonicMs())
  const { clock, store } = engines
  const { graphs, layers } = openLayers({ settings, clock, origins, notes: () => store().notes })
  const parts: Parts = { settings, engines, telemetry, logger: SILENT_LOG, heartbeat, origins, graphs, layers }
  const stage = await startPredict(parts)
  const { seconds, processorSeconds } = await Promise.race([counted.done, stage.failed])
  await stage.stop()
  await opened.close()
  return { bySeconds: accesses / seconds, byProcessor: accesses / processorSeconds, files: counted.files() }
}

const processorSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000_000
}

/** Tells when so many records are handled. What lies on the log at the start counts as new, so that it is predicted for. */
function countingLog(
  { log, codec }: { readonly log: EventLog; readonly codec: Parts['engines']['codec'] },
  recordsWanted: number,
) {
  const done = Promise.withResolvers<{ seconds: number; processorSeconds: number }>()
  let [startMs, startProcessor, handled, files] = [0, 0, 0, 0]
  const consume: EventLog['consume'] = (options, handler) =>
    log.consume(options, {
      ...{
        assigned: (partitions) => handler.assigned(partitions),
        revoked: (partitions) => handler.revoked(partitions),
      },
      batch: async (batch, signal) => {
        if (startMs === 0) [startMs, startProcessor] = [performance.now(), processorSeconds()]
        const verdict = await handler.batch(batch, signal)
        handled += batch.topic === 'access-events' ? batch.records.length : 0
        if (handled >= recordsWanted)
          done.resolve({
            seconds: (performance.now() - startMs) / 1_000,
            processorSeconds: processorSeconds() - startProcessor,
          })
        return verdict
      },
    })
  const append: EventLog['append'] = async (topic, records) => {
    for (const { value } of topic === 'warm-commands' ? records : []) {
      const decoded = await codec.decode('warm-commands', value)
      if (decoded.ok) files += decoded.value.files.length
    }
    return log.append(topic, records)
  }
  const bounds: EventLog['bounds'] = async (partition) => ({ ...(await log.bounds(partition)), end: 0 })
  return { log: { ...log, consume, append, bounds }, done: done.promise, files: () => files }
}
