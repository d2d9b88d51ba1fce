import type { Sha256Hex } from '../../model/identity.ts'
import type { Cache } from '../../ports/cache.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Codec } from '../../ports/codec.ts'
import type { EventLog } from '../../ports/event-log.ts'
import type { Layers } from '../../ports/layer.ts'
import type { Origins } from '../../ports/origin.ts'
import type { ProcessMemory } from '../../ports/process-memory.ts'
import type { IsPaused } from '../../ports/switches.ts'
import type { Log, Telemetry } from '../../ports/telemetry.ts'
import type { RetrySchedule } from '../../warming/retry.ts'

/** What a warm worker needs of the world. */
export type WarmDependencies = {
  readonly log: EventLog
  readonly codec: Codec
  readonly cache: Cache
  readonly origins: Origins
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly logger: Log
  readonly sha256Hex: Sha256Hex
  /** From [0, 1); spreads retries. */
  readonly random: () => number
  readonly layers: Layers
  readonly paused: IsPaused
  readonly memory: ProcessMemory
  /** Called whenever work in hand goes forward: a file has ended, or waits in order for a limit. */
  readonly beat: () => void
}

/** What all workers together may do a second; 0 for no bound. */
export type WarmLimits = {
  readonly bytesPerSecondMax: number
  readonly filesPerSecondMax: number
  readonly originRequestsPerSecondMax: number
}

export type WarmSettings = {
  /** Name of this worker in outcomes and leases; no two workers share one. */
  readonly worker: string
  /** Files that this worker has in flight at the most; times `fileBytesMax` it bounds the memory of reads. */
  readonly filesInFlightMax: number
  /** Of these, files of one workspace at the most; as many as there are for a workspace that is not named. */
  readonly originFilesInFlightMax: ReadonlyMap<string, number>
  /** Largest file that is warmed, bytes. */
  readonly fileBytesMax: number
  /**
   * How long a worker alone may load a file; others wait for it as long, in a slot of theirs. Not above the log's
   * session time-out: then the leases of a worker that died have ended when its commands come to another one.
   */
  readonly leaseMs: number
  /** How often a worker that waits for another one's file looks for it. */
  readonly leasePollMs: number
  /** A call to the origin or the cache that has no answer for so long has failed. */
  readonly attemptMs: number
  /** A producer that has made no value of a file after so long has failed for it; below `leaseMs`. */
  readonly produceMs: number
  readonly retry: RetrySchedule
  /** How long a sample of the worker's own memory is believed. */
  readonly pressureSampleMs: number
  /** What cannot be decoded or answered now (registry or log away) is tried again after this. */
  readonly pauseMs: number
  /**
   * Commands of one partition that are in hand at once, and records that they may lie apart: beyond, the partition
   * waits.
   */
  readonly commandsInHandMax: number
  readonly recordsAheadMax: number
  /** When the partition is lost or the worker stops, commands that later ones have overtaken may go on for so long. */
  readonly drainMs: number
  readonly limits: WarmLimits
  readonly governor: WarmGovernor
}

/** When warming spares what others use too; see GovernorOptions. */
export type WarmGovernor = {
  readonly growthMax: number
  readonly cacheSlackMs: number
  readonly originSlackMs: number
}

/** Settings of a worker that is given none but its name. */
export const WARM_DEFAULTS: Omit<WarmSettings, 'worker'> = {
  filesInFlightMax: 16,
  originFilesInFlightMax: new Map(),
  fileBytesMax: 8 * 1_048_576,
  leaseMs: 10_000,
  leasePollMs: 50,
  attemptMs: 5_000,
  produceMs: 5_000,
  retry: { attemptsMax: 3, baseMs: 100, capMs: 2_000 },
  pressureSampleMs: 500,
  pauseMs: 1_000,
  commandsInHandMax: 128,
  recordsAheadMax: 1_024,
  drainMs: 3_000,
  limits: { bytesPerSecondMax: 0, filesPerSecondMax: 0, originRequestsPerSecondMax: 0 },
  governor: { growthMax: 0.5, cacheSlackMs: 5, originSlackMs: 20 },
}
