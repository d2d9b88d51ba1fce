import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKafkaClient } from '../../../src/adapters/kafka/connection.ts'
import { startIngest } from '../../../src/compose/ingest.ts'
import { startPredict } from '../../../src/compose/predict.ts'
import { anyFailed, type Stage } from '../../../src/compose/stage.ts'
import { openParts } from '../../../src/compose/tools.ts'
import { settingsFrom } from '../../../src/config/load.ts'
import { partitionOf } from '../../../src/model/identity.ts'
import type { JournalEntry } from '../../../src/ports/decision-journal.ts'
import { type Deployment, type DeploymentOptions, deploy } from '../deployment.ts'
import { eventually } from '../eventually.ts'
import type { ForewarmProcess } from '../process.ts'
import type { CommandEngines } from './commands.ts'
import { readJournals } from './journals.ts'

/** A deployment without workers, whose place the player takes. */
export type FleetSystem = {
  readonly engines: CommandEngines
  /** Rejects when a part of it cannot go on. */
  readonly failed: Promise<never>
  /** Processor seconds so far of what predicts, and of all the rest here but engines. */
  cpuSeconds(): { readonly predict: number; readonly rest: number }
  /** Ends what predicts and tells all it decided, in the order of the reads that it rests on. */
  decided(): Promise<readonly JournalEntry[]>
  close(): Promise<void>
}

export type FleetOptions = {
  readonly capacityFiles: number
  readonly shards: number
  /** What predictors reckon with, milliseconds; what they measure unless told. */
  readonly reckonedMs?: number
}

/** Enough that each of three processes predicts for some workspace, of which there are few. */
export const FLEET_PARTITIONS = 64

const environmentOf = (
  { capacityFiles, shards, reckonedMs }: FleetOptions,
  folder: string,
): Record<string, string> => ({
  FOREWARM_PREDICT__DECISIONS_FOLDER: join(folder, 'decisions'),
  FOREWARM_PREDICT__PREDICTOR: 'learned',
  FOREWARM_PREDICT__CACHE_FILES: String(capacityFiles),
  FOREWARM_MODEL__LIMITS__SHARDS: String(shards),
  ...(reckonedMs !== undefined && { FOREWARM_PREDICT__LATENCY_MS: String(reckonedMs) }),
})

/** The stages of `forewarm up` that learn and predict, on one SQLite file in this process. */
export async function startEmbeddedFleet(options: FleetOptions): Promise<FleetSystem> {
  const folder = await mkdtemp(join(tmpdir(), 'forewarm-fleet-'))
  const environment = { ...environmentOf(options, folder), FOREWARM_EMBEDDED__FILE: join(folder, 'forewarm.db') }
  const { parts, close } = await openParts(settingsFrom({ environment: new Map(Object.entries(environment)) }))
  const stages: Stage[] = [await startIngest(parts), await startPredict(parts)]
  const stop = async () => {
    await Promise.all(stages.splice(0).map((stage) => stage.stop()))
  }
  return {
    engines: parts.engines,
    failed: anyFailed(stages),
    cpuSeconds: () => ({ predict: cpuSecondsOf(process.pid), rest: 0 }),
    decided: async () => {
      await stop()
      return readJournals(join(folder, 'decisions'))
    },
    close: async () => {
      await stop()
      await close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export type DistributedFleet = FleetSystem & {
  readonly deployment: Deployment
  readonly predictors: readonly ForewarmProcess[]
}

/** One ingest and some predict processes on Kafka, Redis and a registry. */
export async function startDistributedFleet(
  options: FleetOptions & { readonly predictors: number; readonly servers?: Partial<DeploymentOptions> },
): Promise<DistributedFleet> {
  const folder = await mkdtemp(join(tmpdir(), 'forewarm-fleet-'))
  const env = environmentOf(options, folder)
  const deployment = await deploy({ partitions: FLEET_PARTITIONS, limits: {}, ...options.servers, env })
  const start = async (role: 'ingest' | 'predict') => deployment.start(role)
  const [ingest, ...predictors] = await Promise.all([
    start('ingest'),
    ...Array.from({ length: options.predictors }, () => start('predict')),
  ])
  await allPredict(deployment, options.predictors)
  return {
    deployment,
    predictors,
    engines: deployment.engines,
    failed: deployment.failed,
    cpuSeconds: () => ({
      predict: predictors.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0),
      rest: cpuSecondsOf(ingest.pid) + cpuSecondsOf(process.pid),
    }),
    decided: async () => {
      await Promise.all(predictors.map((predictor) => predictor.kill('SIGTERM')))
      return readJournals(join(folder, 'decisions'))
    },
    close: async () => {
      await deployment.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/**
 * Waits until every process has its share of the partitions and listens on all of them: what comes before that is only
 * caught up with, in silence. A record that nobody can read is passed over, and leaves nothing in what predictors know.
 */
async function allPredict({ settings, engines: { log } }: Deployment, processes: number): Promise<void> {
  const { brokers, groupPrefix, topicPrefix } = settings.kafka
  const groupId = `${groupPrefix}predict`
  const admin = createKafkaClient({ brokers, clientId: 'test' }).admin()
  await admin.connect()
  try {
    await eventually(
      () => admin.describeGroups([groupId]),
      ({ groups: [group] }) => group?.state === 'Stable' && group.members.length === processes,
      { what: `a stable group of ${processes} predictors`, withinMs: START_MS, everyMs: 250 },
    )
    const unreadable = { value: Uint8Array.of(0xff), headers: new Map<string, string>() }
    await log.append(
      'access-events',
      oneKeyAPartition().map((key) => ({ key, ...unreadable })),
    )
    await eventually(
      () => admin.fetchOffsets({ groupId, topics: [`${topicPrefix}access-events`] }),
      ([topic]) => topic?.partitions.filter(({ offset }) => Number(offset) > 0).length === FLEET_PARTITIONS,
      { what: 'predictors that listen on every partition', withinMs: START_MS, everyMs: 250 },
    )
  } finally {
    await admin.disconnect()
  }
}

const START_MS = 90_000

function oneKeyAPartition(): string[] {
  const keys = new Map<number, string>()
  for (let nth = 0; keys.size < FLEET_PARTITIONS; nth += 1)
    keys.set(partitionOf(`probe-${nth}`, FLEET_PARTITIONS), `probe-${nth}`)
  return [...keys.values()]
}

/** Processor seconds of a process so far, from Linux's /proc; 0 once it is gone. */
function cpuSecondsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  } catch {
    return 0
  }
}

const TICKS_PER_SECOND = 100
