import { randomUUID } from 'node:crypto'
import { inject } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { applySubjects } from '../../src/adapters/registry/subjects.ts'
import { createSilentTelemetry } from '../../src/adapters/telemetry/silent.ts'
import { registryClient, subjectOf } from '../../src/compose/distributed.ts'
import { type Engines, openEngines } from '../../src/compose/engines.ts'
import { settingsFrom } from '../../src/config/load.ts'
import type { Settings } from '../../src/config/schema.ts'
import type { ModelAdminDeps } from '../../src/flows/model-admin.ts'
import type { ModelLimits } from '../../src/model/limits.ts'
import type { OutgoingRecord } from '../../src/ports/event-log.ts'
import { createTopics } from './kafka-topics.ts'
import { PATIENT } from './patient.ts'
import { type ForewarmProcess, spawnForewarm } from './process.ts'
import { tail } from './services/command.ts'
import type { TrafficRecord } from './traffic.ts'
import { type Compared, compareWithOracle, drained, missingRecords, reachedRecords, readLog } from './whole-model.ts'

export type Role = 'ingest' | 'predict' | 'warm' | 'gateway'

export type DeploymentOptions = {
  /** Bootstrap servers; those of the run unless told. */
  readonly kafka?: readonly string[]
  readonly registryUrl?: string
  /** The Redis of the models, or the nodes of a cluster; the run's unless told. */
  readonly modelRedisUrls?: readonly string[]
  readonly cacheRedisUrl?: string
  readonly partitions?: number
  /** Directories by workspace. */
  readonly workspaces?: ReadonlyMap<string, string>
  /** Bounds of models, as variables; small ones unless told. */
  readonly limits?: Readonly<Record<string, string>>
  /** Further variables of every process. */
  readonly env?: Readonly<Record<string, string>>
}

/** Topics, keys and groups of its own on real servers, the processes on them, and this process's own way to them. */
export type Deployment = {
  readonly prefix: string
  /** What its processes are given. */
  readonly environment: Readonly<Record<string, string>>
  readonly settings: Settings
  readonly engines: Engines
  readonly model: ModelAdminDeps
  /** Starts a process; resolves once it says that it runs. */
  start(role: Role, env?: Readonly<Record<string, string>>): Promise<ForewarmProcess>
  /** Appends records, each topic's in their order. Resolves when they are durable. */
  append(records: readonly TrafficRecord[]): Promise<void>
  /** How far all fences together are, in records; grows with every write of an ingest. */
  reached(): Promise<number>
  /** How many records of the log the model does not contain now. */
  lag(): Promise<number>
  /** Waits until the model contains the whole log; rejects when a process has ended with an error. */
  drain(withinMs?: number): Promise<void>
  compareWithOracle(): Promise<Compared>
  /** Rejects when a process has ended with an error. */
  readonly failed: Promise<never>
  /** Kills what still runs and removes the topics. */
  close(): Promise<void>
}

/** Small enough that a few thousand accesses reach every bound; times as in `createTraffic`. */
const LIMITS: Readonly<Partial<ModelLimits>> = {
  sessionIdleMs: 5 * 60_000,
  coAccessWindow: 6,
  coAccessMax: 6,
  successorsMax: 3,
  openSessionsMax: 6,
  closedSessionsMax: 20,
  sequenceMax: 60,
  sequenceChunk: 16,
  profileFilesMax: 40,
  runsMax: 4,
  runDetailsMax: 2,
  runChunk: 8,
  runChunksMax: 12,
  minutesMax: 16,
  halfLifeMs: 20 * 60_000,
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()

/** The limits as variables of a process. */
export const LIMIT_VARIABLES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(LIMITS).map(([name, value]) => [`FOREWARM_MODEL__LIMITS__${snake(name)}`, `${value}`]),
)

/** For `start`: a process whose log also tells what it does. */
export const TALKATIVE = { FOREWARM_LOG__LEVEL: 'debug' } as const

/** For this process's own engines: how soon a command is given up is for processes to show. */
const PATIENT_VARIABLES = Object.fromEntries(
  ['MODEL', 'CACHE'].map((role) => [`FOREWARM_${role}__REDIS__COMMAND_TIMEOUT_MS`, `${PATIENT.commandTimeoutMs}`]),
)

const START_MS_MAX = 120_000
const DRAIN_MS_MAX = 120_000

export async function deploy(options: DeploymentOptions = {}): Promise<Deployment> {
  const prefix = `t-${randomUUID().slice(0, 8)}.`
  const environment = environmentOf(prefix, options)
  const settings = settingsFrom({ environment: new Map(Object.entries({ ...environment, ...PATIENT_VARIABLES })) })
  const { brokers, partitions } = settings.kafka
  const removeTopics = await createTopics(brokers, { prefix, partitions })
  await applySubjects(registryClient(settings), subjectOf(settings))
  const engines = openEngines(settings, { logger: SILENT_LOG, telemetry: createSilentTelemetry() })
  const { log, codec } = engines
  const model = { log, codec, store: engines.store(), sha256Hex, limits: settings.model.limits }
  const processes: ForewarmProcess[] = []
  const failure = Promise.withResolvers<never>()
  failure.promise.catch(() => {})
  return {
    ...{ prefix, environment, settings, engines, model, failed: failure.promise },
    async start(role, env = {}) {
      const process = spawnForewarm([role === 'warm' ? 'worker' : role], { env: { ...environment, ...env } })
      processes.push(process)
      process.exit().then(({ code }) => {
        if (code) failure.reject(new Error(`forewarm ${role} ended with ${code}:\n${tail(process.stderr())}`))
      })
      await process.line(/"msg":"running"/, START_MS_MAX)
      return process
    },
    append: (records) => appendTraffic(engines, records),
    reached: () => reachedRecords(model),
    lag: async () => (await missingRecords(model, await readLog(model))).length,
    drain: (withinMs = DRAIN_MS_MAX) => Promise.race([drained(model, withinMs), failure.promise]),
    compareWithOracle: () => compareWithOracle(model),
    async close() {
      await Promise.all(processes.map((process) => process.kill()))
      await engines.close()
      await removeTopics().catch(() => {})
    },
  }
}

function environmentOf(prefix: string, options: DeploymentOptions): Record<string, string> {
  const partitions = String(options.partitions ?? 4)
  const modelUrls = options.modelRedisUrls ?? [inject('services').modelRedisUrl]
  const workspaces = [...(options.workspaces ?? [])].map(([name, directory]) => [name, { origin: { directory } }])
  return {
    FOREWARM_MODE: 'distributed',
    FOREWARM_KAFKA__BROKERS: (options.kafka ?? inject('services').kafka).join(),
    FOREWARM_KAFKA__TOPIC_PREFIX: prefix,
    FOREWARM_KAFKA__GROUP_PREFIX: prefix,
    FOREWARM_KAFKA__PARTITIONS: partitions,
    FOREWARM_KAFKA__COMMAND_PARTITIONS: partitions,
    FOREWARM_KAFKA__REQUEST_PARTITIONS: partitions,
    FOREWARM_KAFKA__REPLICATION_FACTOR: '1',
    FOREWARM_KAFKA__MIN_INSYNC_REPLICAS: '1',
    FOREWARM_KAFKA__SESSION_TIMEOUT_MS: '6000',
    FOREWARM_REGISTRY__URL: options.registryUrl ?? inject('services').registryUrl,
    FOREWARM_MODEL__REDIS__URLS: modelUrls.join(),
    FOREWARM_MODEL__REDIS__CLUSTER: String(modelUrls.length > 1),
    FOREWARM_MODEL__REDIS__KEY_PREFIX: prefix,
    FOREWARM_CACHE__REDIS__URLS: options.cacheRedisUrl ?? inject('services').cacheRedisUrl,
    FOREWARM_CACHE__REDIS__KEY_PREFIX: prefix,
    FOREWARM_GATEWAY__PORT: '0',
    FOREWARM_WORKSPACES: JSON.stringify(Object.fromEntries(workspaces)),
    ...(options.limits ?? LIMIT_VARIABLES),
    ...options.env,
  }
}

/** Lines of a process's log in which a bucket's fence was not the one it had written last, by how it lay. */
export function fencesMoved(process: ForewarmProcess): { readonly ahead: number; readonly behind: number } {
  const count = (result: string) => process.stderr().split(`"result":"${result}","msg":"the fence of`).length - 1
  return { ahead: count('ahead'), behind: count('behind') }
}

/** Appends records, each topic's in their order. */
export async function appendTraffic({ log, codec }: Engines, records: readonly TrafficRecord[]): Promise<void> {
  const outgoing = { 'access-events': [] as OutgoingRecord[], 'warm-outcomes': [] as OutgoingRecord[] }
  for (const record of records) {
    const value = await codec.encode(record.topic, record.value)
    outgoing[record.topic].push({ key: record.key, value, headers: new Map() })
  }
  for (const topic of ['access-events', 'warm-outcomes'] as const) {
    if (outgoing[topic].length > 0) await log.append(topic, outgoing[topic])
  }
}
