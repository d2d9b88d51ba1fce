/** What a replay needs: the product's own parts on memory adapters, with a clock that the trace moves. */
import { sha256Hex } from '../adapters/digest.ts'
import { createMemoryModelStore } from '../adapters/memory/model-store.ts'
import { SILENT_LOG } from '../adapters/memory/telemetry.ts'
import { createModelReader } from '../adapters/near-cache/model-reader.ts'
import { createSilentTelemetry } from '../adapters/telemetry/silent.ts'
import { settingsFrom } from '../config/load.ts'
import { createLearnedSource } from '../flows/predict/learned-source.ts'
import { createManualSource } from '../flows/predict/manual-source.ts'
import { createModelSource } from '../flows/predict/model-source.ts'
import type { CandidateSource } from '../flows/predict/source.ts'
import { ReplayFold } from '../flows/replay/fold.ts'
import type { ReplayParts, ReplaySettings } from '../flows/replay/player.ts'
import { PredictionGate } from '../model/candidates/gate.ts'
import type { Evidence } from '../model/prediction/candidates.ts'
import type { Aggressiveness, PredictorGraph } from '../model/prediction/predictor.ts'
import type { ProductPolicy } from '../model/replay/product-cache.ts'
import type { ModelReader } from '../ports/model-reader.ts'
import type { ModelStore } from '../ports/model-store.ts'
import { gateOptions } from './gate-options.ts'

export const REPLAY_PREDICTORS = ['learned', 'manual', 'models', 'none'] as const
export type ReplayPredictor = (typeof REPLAY_PREDICTORS)[number]

export type ReplayWish = {
  readonly predictor: ReplayPredictor
  readonly capacityFiles: number
  readonly latencyMs: number
  readonly aggressiveness: Aggressiveness
  /** Evidence that `learned` does without. */
  readonly without?: readonly Evidence[]
  /** What is known of workspaces before anybody reads them. */
  readonly graphs: ReadonlyMap<string, PredictorGraph>
}

export type OpenedReplay = {
  readonly parts: ReplayParts
  readonly settings: ReplaySettings
  /** The models that were folded. */
  readonly reader: ModelReader
}

/** A replay knows no deployment: every setting that it was not told is the default. */
const { predict, model, cache, ingest } = settingsFrom({})

/** How the product keeps its cache, by default. */
export const PRODUCT_POLICY: ProductPolicy = {
  readMs: cache.readTtlMs,
  liveMs: cache.liveMs,
  pressureMax: predict.pressureMax,
}

/** Sources that decide by rows see those as they are; one that follows the log itself waits for none. */
const FRESH_MS = 1
const ROWS_IN_READER_MAX = 100_000
const WORKSPACES_MAX = 1_000

/** No throttle: a trace is played faster than it was. */
const NO_THROTTLE = Number.MAX_SAFE_INTEGER

export function openReplay(wish: ReplayWish): OpenedReplay {
  let nowMs = 0
  const now = () => nowMs
  const store = createMemoryModelStore()
  const { limits } = model
  const reader = createModelReader(store, { limits, sha256Hex, now, freshMs: FRESH_MS, entriesMax: ROWS_IN_READER_MAX })
  const source = sourceOf(wish, reader, store)
  const readsRows = wish.predictor === 'manual' || wish.predictor === 'models'
  let marks = 0
  const fold = new ReplayFold(
    {
      ...{ store, limits, sha256Hex, telemetry: createSilentTelemetry(), nextMark: () => `replay-${marks++}` },
      clock: { now, monotonicMs: now, sleep: async () => {} },
    },
    readsRows ? 1 : ingest.batchRecordsMax,
  )
  const setNow = (timeMs: number): void => {
    nowMs = timeMs
  }
  const { capacityFiles, latencyMs } = wish
  const gate = gateOptions({ ...predict, ...wish }, NO_THROTTLE)
  const newGate = () => new PredictionGate(gate, latencyMs)
  const sessions = { ...OPEN_SESSIONS, idleMs: limits.sessionIdleMs }
  const { horizonMs, tickMs } = predict
  const settings = { capacityFiles, latencyMs, horizonMs, tickMs, sessions, shards: limits.shards }
  return { parts: { source, fold, newGate, setNow }, settings, reader }
}

function sourceOf(wish: ReplayWish, reader: ModelReader, store: ModelStore): CandidateSource {
  if (wish.predictor === 'manual') return createManualSource(reader)
  if (wish.predictor === 'models') return createModelSource(reader, { horizonMs: predict.horizonMs })
  if (wish.predictor === 'none') return NO_SOURCE
  const { capacityFiles, latencyMs, aggressiveness, graphs, without = [] } = wish
  return createLearnedSource(
    { models: reader, notes: store.notes, logger: SILENT_LOG },
    {
      ...{ capacityFiles, latencyMs, aggressiveness, without, workspacesMax: WORKSPACES_MAX },
      sessionsMax: model.limits.closedSessionsMax,
      graphOf: async (workspace) => graphs.get(workspace),
    },
  )
}

/** Of one partition. A trace has no analyzers that never end. */
const OPEN_SESSIONS = { sessionsMax: 10_000, filesPerSessionMax: 20_000, filesMax: Number.POSITIVE_INFINITY }

/** Nobody predicts anything: plain LRU. */
const NO_SOURCE: CandidateSource = { observe: async () => [], tick: async () => [] }
