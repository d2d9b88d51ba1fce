import { randomUUID } from 'node:crypto'
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
import { WARM_DEFAULTS } from '../../src/flows/warm/dependencies.ts'
import { WarmHandler } from '../../src/flows/warm.ts'
import { DEFAULT_LIMITS } from '../../src/model/limits.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { CONTENT_LAYER, layersOf } from '../../src/ports/layer.ts'
import type { FoldedRuns } from '../../src/ports/model-reader.ts'
import type { NoteStore } from '../../src/ports/notes.ts'
import type { Origin } from '../../src/ports/origin.ts'
import type { WarmCommand, WarmRequest } from '../../src/warming/command.ts'
import { fileEnd } from '../../src/warming/run/file-end.ts'
import type { RunHeader } from '../../src/warming/run/plan.ts'
import type { RunSpec } from '../../src/warming/strategy/run-spec.ts'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'
import { wirePathProblem } from '../../src/wire/path.ts'
import { eventually } from './eventually.ts'
import { startIngest } from './run-ingest.ts'
import { contentKey, createCountingOrigin, pressureOf, sha256Hex } from './warm-worker.ts'

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

/** A log, ingest, one worker and as many coordinators as a test wants, on memory engines. */
export async function createRunWorld(files: ReadonlyMap<string, string>) {
  const clock = createSystemClock()
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
    /** Starts a worker; `outcomes` stands between it and the log. */
    async startWorker({ outcomes, pressure }: { outcomes?: EventLog['append']; pressure?: () => number } = {}) {
      const slow = { ...log, append: outcomes ?? log.append }
      const pressed = pressure === undefined ? cache : { ...cache, pressure: async () => pressureOf(pressure()) }
      const handler = new WarmHandler(
        {
          ...{ ...common, log: slow, cache: pressed, origins, sha256Hex, random: () => 0 },
          ...{
            layers: layersOf([CONTENT_LAYER]),
            paused: () => false,
            memory: { share: async () => 0 },
            beat: () => {},
          },
        },
        { ...WARM_DEFAULTS, worker: randomUUID(), pressureSampleMs: 0 },
      )
      const consumer = await log.consume({ group: 'warm', topics: ['warm-commands'], batchRecordsMax: 16 }, handler)
      closers.push(() => consumer.stop())
      return consumer
    },
    coordinator(faults: CoordinatorFaults = {}): RunCoordinator {
      const notes = new RunNotes(faults.notes ?? store.notes)
      const dependencies = faults.dependencies ?? withoutImports
      const planner = new Planner({
        ...{ origins, models: faults.models ?? reader, folded, notes, dependencies, clock },
        isName: (path) => wirePathProblem(path) === null,
        hasValue: () => true,
        entriesMax: 10_000,
      })
      const append = (commands: readonly WarmCommand[]) => appendCommands({ log, codec, telemetry }, commands)
      const coordinator = new RunCoordinator(
        {
          ...{ ...common, notes, folded: faults.folded ?? folded, planner, newId: randomUUID },
          paused: faults.paused ?? (() => false),
          specOf: faults.specOf ?? (() => null),
          append: (commands) => (faults.append === undefined ? append(commands) : faults.append(commands, append)),
        },
        { ...HASTY, ...faults.options },
      )
      closers.unshift(() => coordinator.stop())
      return coordinator
    },
    /** Waits for the end of a run. */
    ended: (id: string): Promise<RunHeader> =>
      eventually(
        async () => {
          const header = await new RunNotes(store.notes).header({ workspace: 'shop', id })
          if (header === null) throw new Error('there is no such run')
          return header
        },
        (header) => header.endedAtMs !== null,
        { what: `the end of ${id}`, everyMs: 5 },
      ),
    /** Each file of a run with how it ended, as `path outcome detail`. */
    async files(header: RunHeader): Promise<readonly string[]> {
      const { planned } = header
      if (planned === null) return []
      const entries = await new RunNotes(store.notes).entries(header, planned, { from: 0, count: planned.files })
      const answers = await folded.runFiles(header, 0, planned.files)
      return entries.map(({ path }, place) => {
        const { outcome, detail, verified } = fileEnd(header, place, answers[place] ?? null)
        return [path, outcome, detail, verified ? 'verified' : ''].filter((word) => word !== '').join(' ')
      })
    },
    /** Whether the value that the origin has is in the cache. */
    isCached: async (path: string): Promise<boolean> =>
      (await cache.get(contentKey(path, `v-${files.get(path)}`))) !== null,
    /** All commands on the log. */
    async commands(): Promise<readonly WarmCommand[]> {
      const found: WarmCommand[] = []
      for (let partition = 0; partition < 2; partition += 1)
        for await (const { value } of log.read({ topic: 'warm-commands', partition }, 0)) {
          const decoded = await codec.decode('warm-commands', value)
          if (decoded.ok) found.push(decoded.value)
        }
      return found
    },
    async close() {
      for (const close of closers) await close()
      await log.close()
    },
  }
}

export type RunWorld = Awaited<ReturnType<typeof createRunWorld>>

/** `count` files named in order of `src/000.ts`. */
export const someFiles = (count: number): Map<string, string> =>
  new Map(Array.from({ length: count }, (_, at) => [`src/${String(at).padStart(3, '0')}.ts`, `text ${at}`] as const))
