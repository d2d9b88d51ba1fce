/** The stage that predicts reads and issues warm commands, with its clock. */

import type { Settings } from '../config/schema.ts'
import { type PredictDeps, PredictHandler, type PredictOptions } from '../flows/predict/handler.ts'
import { createManualSource } from '../flows/predict/manual-source.ts'
import { createModelSource } from '../flows/predict/model-source.ts'
import { CUT_OFFS } from '../model/candidates/gate.ts'
import { ForewarmError } from '../ports/errors.ts'
import { modelReader, type Parts, sha256Hex } from './parts.ts'
import { type Stage, startConsumer } from './stage.ts'

/** Bounds of what a predictor remembers; the least recently used leaves. */
const REMEMBERED = { workspaces: 1_000, openPredictions: 100_000, sessions: 10_000, filesPerSession: 20_000 }

/** What a warm takes until outcomes have told better, milliseconds. */
const FIRST_LATENCY_MS = 200

export type PredictStage = Stage & { readonly explain: PredictHandler['explain'] }

export async function startPredict(parts: Parts): Promise<PredictStage> {
  const { settings, engines, heartbeat, telemetry } = parts
  const { clock, log, codec } = engines
  const reader = modelReader(parts)
  const { predictor, horizonMs, batchRecordsMax, tickMs } = settings.predict
  const source = predictor === 'manual' ? createManualSource(reader) : createModelSource(reader, { horizonMs })
  const shardKeys = () => reader.shardKeys()
  const deps: PredictDeps = { log, codec, telemetry, sha256Hex, source, clock, shardKeys }
  const handler = new PredictHandler(deps, predictOptions(settings))
  const store = engines.store()
  const stage = await startConsumer({
    name: 'predict',
    log,
    topics: ['access-events', 'warm-requests', 'warm-outcomes'],
    batchRecordsMax,
    handler,
    heartbeat,
    engines: new Map([['the model store', store.healthy.bind(store)]]),
  })
  const clockwork = startTicks(parts, handler, tickMs)
  return {
    ...stage,
    explain: (workspace, session) => handler.explain(workspace, session),
    failed: Promise.race([stage.failed, clockwork.failed]),
    stop: async () => {
      await clockwork.stop()
      await stage.stop()
    },
  }
}

const predictOptions = ({ predict, model }: Settings): PredictOptions => ({
  gate: {
    cutOff: CUT_OFFS[predict.aggressiveness],
    horizonMs: predict.horizonMs,
    perSecondMax: predict.filesPerSecondMax,
    burstMax: predict.filesPerSecondMax * 10,
    openMax: REMEMBERED.openPredictions,
  },
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

/** Predictions by the clock, one round after the other. */
function startTicks({ engines, heartbeat, logger }: Parts, handler: PredictHandler, everyMs: number) {
  const stopping = new AbortController()
  const goOn = (cause: unknown) => {
    if (!(cause instanceof ForewarmError && cause.retriable)) throw cause
    logger.warn({ code: cause.code }, 'no predictions by the clock this time')
  }
  const rounds = (async () => {
    for (;;) {
      await engines.clock.sleep(everyMs, stopping.signal)
      await heartbeat.work(() => handler.tick()).catch(goOn)
    }
  })()
  const failed: Promise<never> = rounds.catch((cause) => {
    if (stopping.signal.aborted) return new Promise<never>(() => {})
    throw cause
  })
  return {
    failed,
    stop: async () => {
      stopping.abort(new Error('stopping'))
      await rounds.catch(() => {})
    },
  }
}
