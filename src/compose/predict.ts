/** The stage that predicts reads and issues warm commands, with its clock. */

import { sha256Hex } from '../adapters/digest.ts'
import type { Settings } from '../config/schema.ts'
import { PredictHandler, type PredictOptions } from '../flows/predict/handler.ts'
import { createManualSource } from '../flows/predict/manual-source.ts'
import { createModelSource } from '../flows/predict/model-source.ts'
import type { ModelReader } from '../ports/model-reader.ts'
import { gateOptions } from './gate-options.ts'
import { type OpenedSource, openLearned } from './learned.ts'
import { modelReader, type Parts } from './parts.ts'
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
  /** Of all sessions of a partition: some tens of megabytes. */
  files: 500_000,
}

/** What a warm takes until outcomes have told better, milliseconds. */
const FIRST_LATENCY_MS = 200

export type PredictStage = Stage & { readonly explain: PredictHandler['explain'] }

/** Joins the group that predicts reads, and carries out runs. */
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
  const running = withTriggers(parts, { ...keepFresh({ ...stage, failed }), explain }, paused)
  const byTheClock = { name: 'predictions by the clock', everyMs: settings.predict.tickMs, round: () => handler.tick() }
  return withRounds(parts, running, byTheClock, ...rounds)
}

/** The source of candidates that the settings name, with the weights that were learned so far. */
export async function openSource(parts: Parts, reader: ModelReader): Promise<OpenedSource> {
  const { predictor, horizonMs } = parts.settings.predict
  if (predictor === 'learned') return openLearned(parts, reader, FIRST_LATENCY_MS)
  const source = predictor === 'manual' ? createManualSource(reader) : createModelSource(reader, { horizonMs })
  const nothing = async () => {}
  return { source, rounds: [], graphed: nothing, leave: nothing, close: nothing }
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
  sessions: sessionLimits(model),
})

export const sessionLimits = ({ limits }: Settings['model']): PredictOptions['sessions'] => ({
  sessionsMax: REMEMBERED.sessions,
  filesPerSessionMax: REMEMBERED.filesPerSession,
  filesMax: REMEMBERED.files,
  idleMs: limits.sessionIdleMs,
})
