import { createHash } from 'node:crypto'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import { createMemoryTelemetry, SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import { WARM_DEFAULTS, type WarmDependencies, type WarmSettings } from '../../src/flows/warm/dependencies.ts'
import { WarmHandler } from '../../src/flows/warm.ts'
import type { WarmOutcome } from '../../src/model/outcome.ts'
import type { CachePressure } from '../../src/ports/cache.ts'
import type { Headers, LogBatch, LogRecord } from '../../src/ports/event-log.ts'
import { CONTENT_LAYER, layersOf } from '../../src/ports/layer.ts'
import type { Origin, OriginRead } from '../../src/ports/origin.ts'
import { valueKey } from '../../src/warming/cache-key.ts'
import type { CommandFile, WarmCommand } from '../../src/warming/command.ts'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'

export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex')

export const contentKey = (path: string, version: string) =>
  valueKey({ workspace: 'shop', layer: 'content', producerVersion: CONTENT_LAYER.version, path, version }, sha256Hex)

/** What a full cache answers that is under so much pressure. */
export const pressureOf = (pressure: number): CachePressure => ({
  ...{ bytesMax: 1, bytesUsed: 1 },
  ...{ pressure, pressureMin: pressure },
})

export const aFile = (fields: Partial<CommandFile> = {}): CommandFile => ({
  path: 'src/a.ts',
  layer: 'content',
  version: null,
  reason: 'profile',
  probability: 0.5,
  expectedAtMs: 0,
  horizonAtMs: Date.now() + 600_000,
  control: false,
  ...fields,
})

export const aCommand = (fields: Partial<WarmCommand> = {}): WarmCommand => ({
  id: 'command-1',
  workspace: 'shop',
  shard: 0,
  runId: null,
  session: 'shop:1:eslint',
  revision: null,
  issuedAtMs: Date.now(),
  deadlineMs: Date.now() + 60_000,
  mode: 'warm',
  firstFile: 0,
  parallelMax: 0,
  bytesPerSecondMax: 0,
  bytesMax: 1_000_000,
  pressureMax: 0.85,
  files: [aFile()],
  ...fields,
})

/** An origin in memory that counts its reads; tests give it files and faults. */
export function createCountingOrigin(files: ReadonlyMap<string, string>, answer?: CountingOrigin['answer']) {
  const origin: CountingOrigin = {
    reads: [],
    finished: new Set(),
    inFlight: 0,
    inFlightMax: 0,
    ...(answer === undefined ? {} : { answer }),
    version: async () => null,
    async *list() {
      for (const path of files.keys()) yield { path, version: null, signature: null, bytes: null }
    },
    changedSince: async () => [],
    revision: async () => null,
    at: () => origin,
    close: async () => {},
    async read(path, limits) {
      origin.reads.push(path)
      origin.inFlight += 1
      origin.inFlightMax = Math.max(origin.inFlightMax, origin.inFlight)
      try {
        return (await origin.answer?.(path, limits.signal)) ?? readFrom(files, path, limits.bytesMax)
      } finally {
        origin.inFlight -= 1
        origin.finished.add(path)
      }
    },
  }
  return origin
}

export type CountingOrigin = Origin & {
  readonly reads: string[]
  /** Paths whose reads have ended. */
  readonly finished: Set<string>
  inFlight: number
  inFlightMax: number
  /** Comes first; null or undefined for the file itself. */
  answer?: (path: string, signal: AbortSignal) => Promise<OriginRead | null>
}

function readFrom(files: ReadonlyMap<string, string>, path: string, bytesMax: number): OriginRead {
  const text = files.get(path)
  if (text === undefined) return { outcome: 'missing' }
  const bytes = new TextEncoder().encode(text)
  if (bytes.length > bytesMax) return { outcome: 'tooLarge', bytes: bytes.length }
  return { outcome: 'read', file: { bytes, version: `v-${text}` } }
}

export type WorkerOptions = { readonly origin: Origin } & Partial<WarmDependencies> & {
    readonly settings?: Partial<WarmSettings>
  }

/** A warm worker on memory adapters, and the doors that a test goes through. */
export function createWorker({ origin, settings, ...given }: WorkerOptions) {
  const clock = given.clock ?? createSystemClock()
  const telemetry = createMemoryTelemetry()
  const deps: WarmDependencies = {
    log: createMemoryEventLog({ partitions: 1 }),
    codec: createEmbeddedCodec(),
    cache: createMemoryCache({ clock }),
    origins: (workspace) => (workspace === 'shop' ? origin : null),
    clock,
    telemetry,
    logger: SILENT_LOG,
    sha256Hex,
    random: () => 0,
    layers: layersOf([CONTENT_LAYER]),
    paused: () => false,
    memory: { share: async () => 0 },
    beat: () => {},
    ...given,
  }
  const handler = new WarmHandler(deps, { ...WARM_DEFAULTS, worker: 'worker-1', pressureSampleMs: 0, ...settings })
  const running = new AbortController()
  const batch = async (commands: readonly WarmCommand[], headers: Headers = new Map()): Promise<LogBatch> => ({
    topic: 'warm-commands',
    partition: 0,
    endOffset: commands.length,
    records: await Promise.all(
      commands.map(
        async (command, offset): Promise<LogRecord> => ({
          topic: 'warm-commands',
          partition: 0,
          offset,
          key: command.id,
          value: await deps.codec.encode('warm-commands', command),
          headers,
          timestampMs: command.issuedAtMs,
        }),
      ),
    ),
  })
  const outcomes = () => readOutcomes(deps)
  /** Each on a hold of its own on the partition, until nothing is in hand any more; what is committed by then. */
  const carryOut = async (records: LogBatch) => {
    const { next, commit, inHand } = await handler.batch(records, AbortSignal.any([running.signal]))
    return { next, commit: inHand === undefined ? commit : await inHand }
  }
  return {
    ...deps,
    telemetry,
    handler,
    batch,
    outcomes,
    /** Aborting it is what losing the partition or stopping does. */
    stop: (reason = new Error('stopped')) => running.abort(reason),
    handle: async (commands: readonly WarmCommand[], headers?: Headers) => carryOut(await batch(commands, headers)),
    /** Carries out one command of these files and returns what became of each: outcome and detail. */
    warm: async (files: readonly CommandFile[], fields: Partial<WarmCommand> = {}) => {
      await carryOut(await batch([aCommand({ ...fields, files })]))
      const last = (await outcomes()).at(-1)
      return last?.files.map(({ outcome, detail }) => (detail === '' ? outcome : `${outcome} ${detail}`))
    },
  }
}

/** All outcomes on the log, of all partitions, in their order. */
export async function readOutcomes({ log, codec }: Pick<WarmDependencies, 'log' | 'codec'>): Promise<WarmOutcome[]> {
  const outcomes: WarmOutcome[] = []
  for (let partition = 0; partition < (await log.partitions('warm-outcomes')); partition += 1) {
    for await (const record of log.read({ topic: 'warm-outcomes', partition }, 0)) {
      const decoded = await codec.decode('warm-outcomes', record.value)
      if (!decoded.ok) throw new Error(decoded.reason)
      outcomes.push(decoded.value)
    }
  }
  return outcomes
}
