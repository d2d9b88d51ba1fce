/** The stage that predicts reads and issues warm commands, with its clock. */

import type { Settings } from '../config/schema.ts'
import { PredictHandler, type PredictOptions } from '../flows/predict/handler.ts'
import { createLearnedSource } from '../flows/predict/learned-source.ts'
import { createManualSource } from '../flows/predict/manual-source.ts'
import { createModelSource } from '../flows/predict/model-source.ts'
import type { CandidateSource } from '../flows/predict/source.ts'
import type { ModelReader } from '../ports/model-reader.ts'
import { gateOptions } from './gate-options.ts'
import { modelReader, type Parts, sha256Hex } from './parts.ts'
import { withRounds } from './rounds.ts'
import { openRuns } from './runs.ts'
import { type Stage, startConsumer } from './stage.ts'
import { openSwitches } from './switches.ts'
import { withTriggers } from './triggers.ts'

/** Bounds of what a predictor remembers; the least recently used leaves. */
const REMEMBERED = {
  workspaces: 1_000,
  sessions: 10_000,
  filesPerSession: 20_000,
  storedSessions: 128,
}

/** What a warm takes until outcomes have told better, milliseconds. */
const FIRST_LATENCY_MS = 200

export type PredictStage = Stage & { readonly explain: PredictHandler['explain'] }

export async function startPredict(parts: Parts): Promise<PredictStage> {
  const { settings, engines, heartbeat, telemetry } = parts
  const { clock, log, codec } = engines
  const reader = modelReader(parts)
  const { source, rounds, close } = await openSource(parts, reader)
  const { switches, keepFresh } = openSwitches(parts)
  await switches.load()
  const shardKeys = () => reader.shardKeys()
  const { paused } = switches
  const runs = await openRuns(parts, { models: reader, paused })
  const deps = { log, codec, telemetry, sha256Hex, source, clock, shardKeys, paused, runs: runs.coordinator }
  const handler = new PredictHandler(deps, predictOptions(settings))
  const store = engines.store()
  const stage = await startConsumer({
    name: 'predict',
    log,
    topics: ['access-events', 'warm-requests', 'warm-outcomes'],
    batchRecordsMax: settings.predict.batchRecordsMax,
    handler,
    heartbeat,
    engines: new Map([['the model store', store.healthy.bind(store)]]),
    close: async () => {
      await runs.close()
      await close()
    },
  })
  const failed = Promise.race([stage.failed, runs.coordinator.failed])
  const explain: PredictHandler['explain'] = (workspace, session) => handler.explain(workspace, session)
  return withRounds(parts, withTriggers(parts, { ...keepFresh({ ...stage, failed }), explain }, paused), {
    name: 'predictions by the clock',
    everyMs: settings.predict.tickMs,
    round: async () => {
      await handler.tick()
      await rounds()
    },
  })
}

type OpenedSource = {
  readonly source: CandidateSource
  /** Comes by once a tick. */
  rounds(): Promise<void>
  close(): Promise<void>
}

const NOTHING_TO_DO = async () => {}

async function openSource({ settings, engines, logger }: Parts, reader: ModelReader): Promise<OpenedSource> {
  const { predictor, horizonMs, aggressiveness, cacheFiles } = settings.predict
  if (predictor !== 'learned') {
    const source = predictor === 'manual' ? createManualSource(reader) : createModelSource(reader, { horizonMs })
    return { source, rounds: NOTHING_TO_DO, close: NOTHING_TO_DO }
  }
  const source = createLearnedSource(
    { models: reader, notes: engines.store().notes, logger },
    {
      capacityFiles: cacheFiles,
      latencyMs: FIRST_LATENCY_MS,
      aggressiveness,
      workspacesMax: REMEMBERED.workspaces,
      sessionsMax: REMEMBERED.storedSessions,
    },
  )
  await source.syncWeights()
  return { source, rounds: () => source.syncWeights(), close: () => source.syncWeights() }
}

const predictOptions = ({ predict, model }: Settings): PredictOptions => ({
  gate: gateOptions(predict, predict.filesPerSecondMax),
  bounds: {
    filesMax: predict.commandFilesMax,
    bytesMax: predict.commandBytesMax,
    pressureMax: predict.pressureMax,
  },
  latencyMs: FIRST_LATENCY_MS,
  workspacesMax: REMEMBERED.workspaces,
  shards: model.limits.shards,
  sessions: {
    sessionsMax: REMEMBERED.sessions,
    filesPerSessionMax: REMEMBERED.filesPerSession,
    idleMs: model.limits.sessionIdleMs,
  },
})
