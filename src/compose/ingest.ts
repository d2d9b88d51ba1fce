/** The stage that folds accesses and outcomes into the models. */

import { randomUUID } from 'node:crypto'
import { sha256Hex } from '../adapters/digest.ts'
import type { Settings } from '../config/schema.ts'
import { INGEST_TOPICS } from '../flows/ingest/fence.ts'
import { DEFAULT_INGEST_OPTIONS, IngestHandler } from '../flows/ingest/handler.ts'
import { ProofWatch } from '../flows/ingest/proof-watch.ts'
import { ACCURACY_TARGET } from '../model/accuracy-alarm.ts'
import type { ModelStore } from '../ports/model-store.ts'
import type { Telemetry } from '../ports/telemetry.ts'
import { modelReader, type Parts } from './parts.ts'
import { withRounds } from './rounds.ts'
import { type Stage, startConsumer } from './stage.ts'

/** How long a store that came back without its last writes is not noticed where nothing is read, at the most. */
const LOOK_MS = 5_000

/** How often it is told how good warming is, milliseconds. */
const PROOF_MS = 10_000

/** How often the model store is asked for its memory, milliseconds. */
const ROOM_MS = 5_000

/** Joins the group that folds accesses and outcomes into models. */
export async function startIngest(parts: Parts): Promise<Stage> {
  const { settings, engines, heartbeat, telemetry, logger } = parts
  const { clock, log, codec } = engines
  const store = engines.store()
  const { batchRecordsMax, filesInMemoryMax, acceptTruncated } = settings.ingest
  const handler = await IngestHandler.create(
    { log, store, codec, clock, telemetry, logger, sha256Hex, limits: settings.model.limits, nextMark: randomUUID },
    { ...DEFAULT_INGEST_OPTIONS, batchRecordsMax, filesInMemoryMax, acceptTruncated },
  )
  const stage = await startConsumer({
    name: 'ingest',
    log,
    topics: INGEST_TOPICS,
    batchRecordsMax,
    handler,
    heartbeat,
    engines: new Map([['the model store', store.healthy.bind(store)]]),
    close: () => handler.close(),
  })
  const accuracyTarget = accuracyTargetOf(settings)
  const isOurs = (workspace: string): boolean => handler.folds(workspace)
  const watch = new ProofWatch({ models: modelReader(parts), telemetry, logger, accuracyTarget, isOurs })
  return withRounds(
    parts,
    stage,
    { name: 'a look at the fences', everyMs: LOOK_MS, round: () => handler.look() },
    {
      name: 'a look at the memory of the model store',
      everyMs: ROOM_MS,
      round: () => measureRoom(store, telemetry),
    },
    { name: 'a look at the accuracy', everyMs: PROOF_MS, round: () => watch.look(handler.workspaces()) },
  )
}

async function measureRoom(store: Pick<ModelStore, 'room'>, telemetry: Telemetry): Promise<void> {
  const room = await store.room()
  if (room === null) return
  telemetry.measure('forewarm.model.evicted', room.evicted)
  telemetry.measure('forewarm.model.memory', room.memoryShare)
}

/** The accuracy that a workspace wants; one without settings wants the usual. */
export const accuracyTargetOf =
  ({ workspaces }: Pick<Settings, 'workspaces'>) =>
  (workspace: string): number =>
    workspaces.get(workspace)?.accuracyTarget ?? ACCURACY_TARGET
