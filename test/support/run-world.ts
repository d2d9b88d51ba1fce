import { randomUUID } from 'node:crypto'
import { afterEach } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import { createMemoryModelStore } from '../../src/adapters/memory/model-store.ts'
import { createMemoryTelemetry, SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { createModelReader } from '../../src/adapters/near-cache/model-reader.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import { createFoldedRuns } from '../../src/flows/folded-runs.ts'
import { DEFAULT_INGEST_OPTIONS } from '../../src/flows/ingest/handler.ts'
import { appendCommands } from '../../src/flows/predict/issuer.ts'
import { type CoordinatorOptions, RunCoordinator } from '../../src/flows/predict/runs/coordinator.ts'
import { type FindDependencies, Planner, type PlannerDeps } from '../../src/flows/predict/runs/planner.ts'
import type { RunDeps } from '../../src/flows/predict/runs/run-deps.ts'
import { RunNotes } from '../../src/flows/predict/runs/run-notes.ts'
import { WARM_DEFAULTS, type WarmDependencies } from '../../src/flows/warm/dependencies.ts'
import { WarmHandler } from '../../src/flows/warm.ts'
import { DEFAULT_LIMITS } from '../../src/model/limits.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { EventLog, LogConsumer } from '../../src/ports/event-log.ts'
import { CONTENT_LAYER, layersOf } from '../../src/ports/layer.ts'
import type { FoldedRuns } from '../../src/ports/model-reader.ts'
import type { ModelStore } from '../../src/ports/model-store.ts'
import type { NoteStore } from '../../src/ports/notes.ts'
import type { Origin } from '../../src/ports/origin.ts'
import type { WarmCommand, WarmRequest } from '../../src/warming/command.ts'
import { fileEnd } from '../../src/warming/run/file-end.ts'
import type { RunHeader } from '../../src/warming/run/plan.ts'
import type { RunSpec } from '../../src/warming/strategy/run-spec.ts'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'
import { wirePathProblem } from '../../src/wire/path.ts'
import { eventually } from './eventually.ts'
import { messagesOn } from './log-contents.ts'
import { startIngest } from './run-ingest.ts'
import { contentKey, createCountingOrigin, pressureOf } from './warm-worker.ts'

export const aSpec = (fields: Partial<RunSpec> = {}): RunSpec => ({
  selectors: [],
  dependencyDepth: 0,
  parallelWorkers: 3,
  batchSize: 4,
  predictivePrefetch: false,
  accessPatternLearning: false,
  pressureMax: 0.8,
  filesMax: 0,
  bytesMax: 0,
  bytesPerSecondMax: 0,
  aggressiveness: 'medium',
  check: false,
  retryOf: null,
  ...fields,
})

export const aRequest = (fields: Partial<WarmRequest> = {}): WarmRequest => ({
  id: 'run-1',
  workspace: 'shop',
  action: 'run',
  strategy: 'mine',
  revision: null,
  paths: [],
  layers: ['content'],
  requestedAtMs: Date.now(),
  requestedBy: 'a test',
  deadlineMs: Date.now() + 60_000,
  spec: aSpec({ selectors: [{ kind: 'glob', value: '**', count: 0 }] }),
  ...fields,
})

const withoutImports: FindDependencies = async ({ paths }) => ({
  depths: new Map(paths.map((path) => [path, 0])),
  asked: 0,
  known: 0,
})

/** Times by which a test need not wait. */
const HASTY: CoordinatorOptions = {
  times: { pollMs: 2, reissueMs: 200, unsureMs: 100, graceMs: 100, closingMs: 50 },
  runsAtOnce: 4,
  runsMax: 16,
}

export type WorkerFaults = {
  /** Stands between the worker and the log. */
  readonly outcomes?: EventLog['append']
  readonly pressure?: () => number
}

export type CoordinatorFaults = {
  readonly notes?: NoteStore
  readonly folded?: FoldedRuns
  readonly append?: (commands: readonly WarmCommand[], append: RunDeps['append']) => Promise<void>
  readonly paused?: () => boolean
  readonly dependencies?: FindDependencies
  readonly models?: PlannerDeps['models']
  readonly specOf?: RunDeps['specOf']
  readonly options?: Partial<CoordinatorOptions>
}

/** A log, ingest, one worker and as many coordinators as a test wants, on memory engines; the machine's clock unless told. */
export async function createRunWorld(files: ReadonlyMap<string, string>, clock: Clock = createSystemClock()) {
  const log = createMemoryEventLog({ partitions: 2 })
  const store = createMemoryModelStore()
  const codec = createEmbeddedCodec()
  const cache = createMemoryCache({ clock })
  const telemetry = createMemoryTelemetry()
  const folded = createFoldedRuns({ store, sha256Hex, limits: DEFAULT_LIMITS })
  const origin = createCountingOrigin(files)
  const origins = (workspace: string): Origin | null => (workspace === 'shop' ? origin : null)
  const reader = createModelReader(store, {
    ...{ limits: DEFAULT_LIMITS, sha256Hex, now: () => clock.now(), freshMs: 0, entriesMax: 1_000 },
  })
  const common = { codec, clock, telemetry, logger: SILENT_LOG }
  const ingest = await startIngest(
    { ...common, log, store, sha256Hex, limits: DEFAULT_LIMITS, nextMark: randomUUID },
    { ...DEFAULT_INGEST_OPTIONS, group: 'ingest' },
  )
  const closers: (() => Promise<unknown>)[] = [ingest.stop]

  return {
    ...{ log, store, cache, origin, folded, telemetry, clock, codec, reader },
    startWorker: async (faults: WorkerFaults = {}) => {
      const consumer = await startWorker({ ...common, log, cache, origins }, faults)
      closers.push(() => consumer.stop())
      return consumer
    },
    coordinator: (faults: CoordinatorFaults = {}): RunCoordinator => {
      const coordinator = createCoordinator({ ...common, log, store, folded, reader, origins }, faults)
      closers.unshift(() => coordinator.stop())
      return coordinator
    },
    ended: (id: string): Promise<RunHeader> => endOf(store.notes, id),
    files: (header: RunHeader): Promise<readonly string[]> => filesOf({ notes: store.notes, folded }, header),
    /** Whether the value that the origin has is in the cache. */
    isCached: async (path: string): Promise<boolean> =>
      (await cache.get(contentKey(path, `v-${files.get(path)}`))) !== null,
    commands: () => messagesOn({ log, codec }, 'warm-commands'),
    async close() {
      for (const close of closers) await close()
      await log.close()
    },
  }
}

type WorkerEngines = Pick<WarmDependencies, 'log' | 'codec' | 'cache' | 'origins' | 'clock' | 'telemetry' | 'logger'>

type PredictEngines = Omit<WorkerEngines, 'cache'> & {
  readonly store: ModelStore
  readonly folded: FoldedRuns
  readonly reader: PlannerDeps['models']
}

async function startWorker(engines: WorkerEngines, { outcomes, pressure }: WorkerFaults): Promise<LogConsumer> {
  const { log, cache } = engines
  const pressed = pressure === undefined ? cache : { ...cache, pressure: async () => pressureOf(pressure()) }
  const handler = new WarmHandler(
    {
      ...{ ...engines, log: { ...log, append: outcomes ?? log.append }, cache: pressed, sha256Hex, random: () => 0 },
      ...{ layers: layersOf([CONTENT_LAYER]), paused: () => false, memory: { share: async () => 0 }, beat: () => {} },
    },
    { ...WARM_DEFAULTS, worker: randomUUID(), pressureSampleMs: 0 },
  )
  return log.consume({ group: 'warm', topics: ['warm-commands'], batchRecordsMax: 16 }, handler)
}

function createCoordinator(engines: PredictEngines, faults: CoordinatorFaults): RunCoordinator {
  const { log, codec, telemetry, clock, logger, store, folded, reader, origins } = engines
  const notes = new RunNotes(faults.notes ?? store.notes)
  const dependencies = faults.dependencies ?? withoutImports
  const planner = new Planner({
    ...{ origins, models: faults.models ?? reader, folded, notes, dependencies, clock },
    isName: (path) => wirePathProblem(path) === null,
    hasValue: () => true,
    entriesMax: 10_000,
  })
  const append = (commands: readonly WarmCommand[]) => appendCommands({ log, codec, telemetry }, commands)
  return new RunCoordinator(
    {
      ...{ codec, clock, telemetry, logger, notes, folded: faults.folded ?? folded, planner, newId: randomUUID },
      paused: faults.paused ?? (() => false),
      specOf: faults.specOf ?? (() => null),
      append: (commands) => (faults.append === undefined ? append(commands) : faults.append(commands, append)),
    },
    { ...HASTY, ...faults.options },
  )
}

/** Waits for the end of a run. */
const endOf = (notes: NoteStore, id: string): Promise<RunHeader> =>
  eventually(
    async () => {
      const header = await new RunNotes(notes).header({ workspace: 'shop', id })
      if (header === null) throw new Error('there is no such run')
      return header
    },
    (header) => header.endedAtMs !== null,
    { what: `the end of ${id}`, everyMs: 5 },
  )

type Told = { readonly notes: NoteStore; readonly folded: FoldedRuns }

/** Each file of a run with how it ended, as `path outcome detail`. */
async function filesOf({ notes, folded }: Told, header: RunHeader): Promise<readonly string[]> {
  const { planned } = header
  if (planned === null) return []
  const entries = await new RunNotes(notes).entries(header, planned, { from: 0, count: planned.files })
  const answers = await folded.runFiles(header, 0, planned.files)
  return entries.map(({ path }, place) => {
    const { outcome, detail, verified } = fileEnd(header, place, answers[place] ?? null)
    return [path, outcome, detail, verified ? 'verified' : ''].filter((word) => word !== '').join(' ')
  })
}

export type RunWorld = Awaited<ReturnType<typeof createRunWorld>>

/** Makes the worlds that the tests of a file ask for, each with the files given, and closes them after each test. */
export function useRunWorld(): (files?: ReadonlyMap<string, string>, clock?: Clock) => Promise<RunWorld> {
  const made: RunWorld[] = []
  afterEach(async () => {
    await Promise.all(made.splice(0).map((world) => world.close()))
  })
  return async (files = someFiles(30), clock) => {
    const world = await createRunWorld(files, clock)
    made.push(world)
    return world
  }
}

/** `count` files named in order of `src/000.ts`. */
export const someFiles = (count: number): Map<string, string> =>
  new Map(Array.from({ length: count }, (_, at) => [`src/${String(at).padStart(3, '0')}.ts`, `text ${at}`] as const))
