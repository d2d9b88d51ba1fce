import { sha256Hex } from '../../../src/adapters/digest.ts'
import { createMemoryModelStore } from '../../../src/adapters/memory/model-store.ts'
import { SILENT_LOG } from '../../../src/adapters/memory/telemetry.ts'
import { createModelReader } from '../../../src/adapters/near-cache/model-reader.ts'
import { createSilentTelemetry } from '../../../src/adapters/telemetry/silent.ts'
import { createLearnedSource, type LearnedSource } from '../../../src/flows/predict/learned-source.ts'
import type { CandidateSource } from '../../../src/flows/predict/source.ts'
import { ReplayFold } from '../../../src/flows/replay/fold.ts'
import { replayTrace } from '../../../src/flows/replay/player.ts'
import type { AccessEvent } from '../../../src/model/access.ts'
import { PredictionGate } from '../../../src/model/candidates/gate.ts'
import { partitionOf, shardKey, shardOf } from '../../../src/model/identity.ts'
import { DEFAULT_LIMITS } from '../../../src/model/limits.ts'
import type { Verdict } from '../../../src/model/replay/judge.ts'
import type { Trace } from '../../../src/model/replay/trace.ts'
import { FLEET_PARTITIONS } from './systems.ts'

export type SimulatedFleet = {
  readonly predictors: number
  readonly shards: number
  readonly capacityFiles: number
  readonly latencyMs: number
}

/** As the processes do it. */
const WEIGHTS_MS = { alone: 10_000, oneOfMany: 500 }
const PRECEDENTS_MS = { alone: 1_000, oneOfMany: 50 }
/** The shared cache drops entries for want of room alone. */
const LIVES = { readMs: Number.POSITIVE_INFINITY, horizonMs: 600_000 }
const GATE = {
  cutOff: 'decided',
  horizonMs: LIVES.horizonMs,
  perSecondMax: 1e9,
  burstMax: 1e9,
  openMax: 100_000,
} as const

/**
 * What several predict processes make of a trace in simulated time, without the ways between them: each follows its share
 * of the partitions, and they have nothing in common but the model store, in which ingest's fold keeps closed sessions
 * and they exchange weights, precedents and what moves in the cache. What differs from one predictor is what being several costs.
 */
export async function simulateFleet(trace: Trace, fleet: SimulatedFleet): Promise<Verdict> {
  let nowMs = 0
  const now = () => nowMs
  const clock = { now, monotonicMs: now, sleep: async () => {} }
  const store = createMemoryModelStore()
  const limits = { ...DEFAULT_LIMITS, shards: fleet.shards }
  const models = createModelReader(store, { limits, sha256Hex, now, freshMs: 500, entriesMax: 100_000 })
  const sources = Array.from({ length: fleet.predictors }, (_, nth) =>
    createLearnedSource(
      { models, notes: store.notes, logger: SILENT_LOG, clock, ...(fleet.predictors > 1 && { process: `${nth}` }) },
      {
        ...{ capacityFiles: fleet.capacityFiles, latencyMs: fleet.latencyMs, lives: LIVES },
        ...{ aggressiveness: 'medium', workspacesMax: 64, sessionsMax: 128 },
      },
    ),
  )
  let marks = 0
  const nextMark = () => `simulated-${marks++}`
  const fold = new ReplayFold({ store, limits, sha256Hex, telemetry: createSilentTelemetry(), nextMark, clock }, 500)
  const ended = endedSessions(trace)
  const parts = {
    source: shared(sources, fleet.shards, ended),
    fold: Object.assign(fold, {
      access: async (event: AccessEvent) => ReplayFold.prototype.access.call(fold, ended.mark(event)),
    }),
    newGate: () => new PredictionGate(GATE, fleet.latencyMs),
    setNow: (timeMs: number) => {
      nowMs = timeMs
    },
  }
  const settings = {
    ...{ capacityFiles: fleet.capacityFiles, latencyMs: fleet.latencyMs, shards: fleet.shards },
    ...{ horizonMs: GATE.horizonMs, tickMs: 60_000 },
    sessions: { sessionsMax: 10_000, filesPerSessionMax: 20_000, filesMax: 1e9, idleMs: limits.sessionIdleMs },
  }
  return (await replayTrace(trace, parts, settings)).verdict
}

/** Marks the last event of each session: analyzers say when they end. */
function endedSessions(trace: Trace) {
  const left = new Map<string, number>()
  const keyOf = (workspace: string, session: string) => `${workspace}\u0000${session}`
  for (const session of trace.session) {
    const { workspace, id } = trace.sessions[session] ?? { workspace: '', id: '' }
    left.set(keyOf(workspace, id), (left.get(keyOf(workspace, id)) ?? 0) + 1)
  }
  let last: AccessEvent | null = null
  return {
    mark(event: AccessEvent): AccessEvent {
      const key = keyOf(event.workspace, event.session)
      const reads = (left.get(key) ?? 0) - 1
      left.set(key, reads)
      last = reads === 0 ? { ...event, sessionEnded: true } : event
      return last
    },
    /** The event that was marked last, as it was marked. */
    latest: (event: AccessEvent): AccessEvent => last ?? event,
  }
}

function shared(
  sources: readonly LearnedSource[],
  shards: number,
  ended: ReturnType<typeof endedSessions>,
): CandidateSource {
  const at = (workspace: string, shard: number): LearnedSource => {
    const source = sources[partitionOf(shardKey(workspace, shard), FLEET_PARTITIONS) % sources.length]
    if (source === undefined) throw new RangeError('a fleet needs a predictor')
    return source
  }
  const members = sources.length > 1 ? 'oneOfMany' : 'alone'
  let weightsAtMs = 0
  const precedentsMs = (source: LearnedSource) =>
    members === 'alone' ? PRECEDENTS_MS.alone : Math.max(PRECEDENTS_MS.oneOfMany, source.movementsPauseMs)
  const precedentsAtMs = new Map<LearnedSource, number>()
  const movementsAtMs = new Map<LearnedSource, number>()
  const sync = async (timeMs: number) => {
    const isDue = timeMs >= weightsAtMs
    if (isDue) weightsAtMs = timeMs + WEIGHTS_MS[members]
    for (const source of sources) {
      if (isDue) await source.syncWeights()
      if (timeMs >= (precedentsAtMs.get(source) ?? 0)) {
        await source.syncPrecedents()
        precedentsAtMs.set(source, timeMs + precedentsMs(source))
      }
      if (timeMs < (movementsAtMs.get(source) ?? 0)) continue
      await source.exchangeMovements()
      movementsAtMs.set(source, timeMs + source.movementsPauseMs)
    }
  }
  return {
    async follow(event, silent) {
      const timeMs = event.accesses[0]?.timeMs ?? 0
      await sync(timeMs)
      await at(event.workspace, shardOf(event.session, shards)).follow?.(ended.latest(event), silent)
    },
    observe: (session) => at(session.workspace, shardOf(session.session, shards)).observe(session),
    tick: (workspace, nowMs) => at(workspace, 0).tick(workspace, nowMs),
    nextTickMs: async (workspace) => (await at(workspace, 0).nextTickMs?.(workspace)) ?? Number.POSITIVE_INFINITY,
    warmed: async (outcome) => at(outcome.workspace, outcome.shard).warmed?.(outcome),
  }
}
