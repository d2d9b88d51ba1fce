import { sha256Hex } from '../../src/adapters/digest.ts'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import { createMemoryTelemetry, SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import { WARM_DEFAULTS, type WarmDependencies, type WarmSettings } from '../../src/flows/warm/dependencies.ts'
import { WarmHandler } from '../../src/flows/warm.ts'
import type { WarmOutcome } from '../../src/model/outcome.ts'
import type { CachePressure } from '../../src/ports/cache.ts'
import type { Codec } from '../../src/ports/codec.ts'
import type { Headers, LogBatch, LogRecord } from '../../src/ports/event-log.ts'
import { CONTENT_LAYER, layersOf } from '../../src/ports/layer.ts'
import type { Origin, OriginRead } from '../../src/ports/origin.ts'
import { valueKey } from '../../src/warming/cache-key.ts'
import type { CommandFile, WarmCommand } from '../../src/warming/command.ts'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'
import { type LogContents, messagesOn } from './log-contents.ts'

export const contentKey = (path: string, version: string) =>
  valueKey({ workspace: 'shop', layer: 'content', producerVersion: CONTENT_LAYER.version, path, version }, sha256Hex)

/** What a full cache answers that is under so much pressure. */
export const pressureOf = (pressure: number): CachePressure => ({
  ...{ bytesMax: 1, bytesUsed: 1 },
  ...{ pressure, pressureMin: pressure, takesPredictions: false },
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

/** Files of a command as a run asks for them: by their paths alone. */
export const filesAt = (...paths: readonly string[]): readonly CommandFile[] => paths.map((path) => aFile({ path }))

/** What an origin may hold, the text of each file its name. */
export const threeFiles: ReadonlyMap<string, string> = new Map([
  ['src/a.ts', 'a'],
  ['src/b.ts', 'b'],
  ['src/c.ts', 'c'],
])

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
  const batch = (commands: readonly WarmCommand[], headers: Headers = new Map()) =>
    batchOf(commands, { codec: deps.codec, headers })
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

type Encoded = { readonly codec: Codec; readonly headers: Headers }

async function batchOf(commands: readonly WarmCommand[], { codec, headers }: Encoded): Promise<LogBatch> {
  const place = { topic: 'warm-commands', partition: 0 } as const
  const recordOf = async (command: WarmCommand, offset: number): Promise<LogRecord> => ({
    ...{ ...place, offset, key: command.id, headers, timestampMs: command.issuedAtMs },
    value: await codec.encode('warm-commands', command),
  })
  return { ...place, endOffset: commands.length, records: await Promise.all(commands.map(recordOf)) }
}

/** All outcomes on the log. */
export const readOutcomes = (contents: LogContents): Promise<WarmOutcome[]> => messagesOn(contents, 'warm-outcomes')
