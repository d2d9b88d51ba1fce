/** The stages of a worker: carrying out warm commands, and moving the pointers of files that changed. */

import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { sha256Hex } from '../adapters/digest.ts'
import { createProcessMemory } from '../adapters/system/memory.ts'
import type { Settings } from '../config/schema.ts'
import { PointerHandler } from '../flows/pointers.ts'
import { WARM_DEFAULTS, type WarmSettings } from '../flows/warm/dependencies.ts'
import { WarmHandler } from '../flows/warm.ts'
import type { Parts } from './parts.ts'
import { withRounds } from './rounds.ts'
import { type Stage, startConsumer } from './stage.ts'
import { openSwitches } from './switches.ts'

/** While an engine is away a partition is tried again every so many milliseconds. */
const PAUSE_MS = 1_000

/** What an origin's guard has to say the last word, milliseconds. */
const GUARD_MS = 1_000

/** How often the cache's reserve is topped up, so that what readers fill in does not put out unread warms. */
const RESERVE_MS = 1_000

/** How often it is told how full the cache is, milliseconds. */
const PRESSURE_MS = 5_000

/** Joins the group that carries out warm commands. */
export async function startWarm(parts: Parts): Promise<Stage> {
  const { settings, engines, heartbeat, telemetry, logger } = parts
  const { clock, log, codec } = engines
  const cache = engines.cache()
  // A batch may take as long as limits and origins make it: each of its files that goes forward is a beat.
  const work = heartbeat.group()
  const { switches, keepFresh } = openSwitches(parts)
  await switches.load()
  const handler = new WarmHandler(
    {
      ...{ log, codec, cache, clock, telemetry, logger, sha256Hex },
      origins: parts.origins,
      random: Math.random,
      layers: await parts.layers(),
      paused: switches.paused,
      memory: createProcessMemory(),
      beat: work.beat,
    },
    warmSettings(settings),
  )
  const stage = await startConsumer({
    name: 'warm',
    log,
    topics: ['warm-commands'],
    batchRecordsMax: settings.warm.batchRecordsMax,
    handler,
    heartbeat: work,
    engines: new Map([['the cache', cache.healthy.bind(cache)]]),
  })
  return withRounds(
    parts,
    keepFresh(stage),
    { name: 'a look at the pressure', everyMs: PRESSURE_MS, round: () => handler.lookAtPressure() },
    { name: 'reserve', everyMs: RESERVE_MS, round: () => cache.makeRoom(0) },
  )
}

function warmSettings(settings: Settings): WarmSettings {
  const { concurrency, leaseMs, limits, governor, produceMs, attemptsMax } = settings.warm
  return {
    ...WARM_DEFAULTS,
    ...{ leaseMs, limits, governor, produceMs },
    worker: `${hostname()}-${randomBytes(4).toString('hex')}`,
    filesInFlightMax: concurrency,
    originFilesInFlightMax: new Map(
      [...settings.workspaces].map(([name, { origin }]) => [name, origin.limits.concurrency]),
    ),
    attemptMs: attemptMs(settings),
    fileBytesMax: settings.cache.valueBytesMax,
    retry: { ...WARM_DEFAULTS.retry, attemptsMax },
    pauseMs: PAUSE_MS,
  }
}

/** A worker waits for an origin as long as that is given, and for the guard's own answer after that. */
const attemptMs = ({ workspaces }: Settings): number =>
  Math.max(WARM_DEFAULTS.attemptMs, ...[...workspaces].map(([, { origin }]) => origin.limits.timeoutMs + GUARD_MS))

/** Follows the change records in a group of its own, beside the commands. */
export function startPointers({ settings, engines, heartbeat, logger }: Parts): Promise<Stage> {
  const { log, codec } = engines
  const cache = engines.cache()
  return startConsumer({
    name: 'pointers',
    log,
    topics: ['access-events'],
    batchRecordsMax: settings.warm.batchRecordsMax,
    handler: new PointerHandler({ codec, cache, logger, sha256Hex }, PAUSE_MS),
    heartbeat,
    engines: new Map([['the cache', cache.healthy.bind(cache)]]),
  })
}
