import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { SILENT_LOG } from '../../../src/adapters/memory/telemetry.ts'
import { createSilentTelemetry } from '../../../src/adapters/telemetry/silent.ts'
import { shardKey } from '../../../src/model/identity.ts'
import type { WarmOutcome } from '../../../src/model/outcome.ts'
import type { Trace } from '../../../src/model/replay/trace.ts'
import { type AccessPublisher, createAccessPublisher } from '../../../src/sdk/access-publisher.ts'
import { type CommandEngines, followCommands, type ReceivedCommand } from './commands.ts'
import { FleetCache } from './fleet-cache.ts'

export type PlayOptions = {
  readonly capacityFiles: number
  /** A warm is readable so long after the access that it rests on, milliseconds; later where the way takes longer. */
  readonly latencyMs: number
  /** How long the publishers wait for more accesses, milliseconds. */
  readonly lingerMs: number
  readonly shards: number
  /** Called before each row is read. */
  readonly beforeRow?: (row: number) => void
}

/** What a play of a trace brought. */
export type Played = {
  readonly commands: readonly ReceivedCommand[]
  /** Event time less the trace's own time, milliseconds. */
  readonly shiftMs: number
  /** Reads that found their file. */
  readonly hits: number
  /** By row, how much later than its event time it was published, milliseconds. */
  readonly behindMs: Float64Array
  readonly seconds: number
}

const LEAD_MS = 500
/** The accesses of a burst are handed over in parts, so that commands come in between. */
const ROWS_PER_TURN = 256
/** No command for so long: all are there. */
const QUIET_MS = 3_000
const FLUSH_MS = 60_000

/**
 * Plays a trace at its own pace through the publishers that analyzers use, one a workspace, with the fleet's cache and
 * workers in this process: what a read finds is what the commands made of that cache so far.
 */
export async function playTrace(engines: CommandEngines, trace: Trace, options: PlayOptions): Promise<Played> {
  const player = new TracePlayer(engines, trace, options)
  const consumer = await followCommands(engines, (received) => player.take(received))
  try {
    return await Promise.race([player.play(), consumer.failed])
  } finally {
    await consumer.stop()
  }
}

class TracePlayer {
  readonly #engines: CommandEngines
  readonly #trace: Trace
  readonly #options: PlayOptions
  readonly #cache: FleetCache
  readonly #publishers: ReadonlyMap<string, AccessPublisher>
  readonly #lastRows: ReadonlySet<number>
  readonly #commands: ReceivedCommand[] = []
  readonly #behindMs: Float64Array
  #told: WarmOutcome[] = []
  #telling: Promise<void> | null = null
  #shiftMs = 0
  #hits = 0
  #heardAtMs = 0

  constructor(engines: CommandEngines, trace: Trace, options: PlayOptions) {
    this.#engines = engines
    this.#trace = trace
    this.#options = options
    this.#cache = new FleetCache(trace, options)
    this.#publishers = publishersOf(engines, trace, options)
    this.#lastRows = lastRowsOf(trace)
    this.#behindMs = new Float64Array(trace.file.length)
  }

  take(received: ReceivedCommand): void {
    this.#heardAtMs = received.receivedAtMs
    this.#commands.push(received)
    this.#cache.take(received)
  }

  async play(): Promise<Played> {
    const { clock } = this.#engines
    const startedMs = clock.now()
    this.#shiftMs = startedMs + LEAD_MS - (this.#trace.timeMs[0] ?? 0)
    for (let row = 0; row < this.#trace.file.length; ) {
      row = this.#readDue(row)
      const waitMs = (this.#trace.timeMs[row] ?? 0) + this.#shiftMs - clock.now()
      await (waitMs > 0 ? clock.sleep(waitMs) : nextTurn())
    }
    const seconds = (clock.now() - startedMs - LEAD_MS) / 1_000
    await this.#end()
    const { commands, shiftMs, hits, behindMs } = {
      ...{ commands: this.#commands, shiftMs: this.#shiftMs },
      ...{ hits: this.#hits, behindMs: this.#behindMs },
    }
    return { commands, shiftMs, hits, behindMs, seconds }
  }

  /** Reads the rows that are due now, some of them at the most; answers with the next one. */
  #readDue(from: number): number {
    const nowMs = this.#engines.clock.now()
    let row = from
    for (; row < this.#trace.file.length && row < from + ROWS_PER_TURN; row += 1) {
      const timeMs = (this.#trace.timeMs[row] ?? 0) + this.#shiftMs
      if (timeMs > nowMs) break
      this.#options.beforeRow?.(row)
      this.#tell(this.#cache.settle(timeMs))
      this.#behindMs[row] = nowMs - timeMs
      this.#read(row, timeMs)
    }
    if (row === from || row < from + ROWS_PER_TURN) this.#tell(this.#cache.settle(nowMs))
    return row
  }

  #read(row: number, timeMs: number): void {
    const file = this.#trace.file[row] ?? 0
    const session = this.#trace.sessions[this.#trace.session[row] ?? 0]
    const path = this.#trace.files[file]?.path
    if (session === undefined || path === undefined) throw new RangeError(`row ${row} names no session or file`)
    const found = this.#cache.read(file)
    if (found.outcome !== 'miss') this.#hits += 1
    const publisher = this.#publishers.get(session.workspace)
    publisher?.record({ session: session.id, analyzer: session.analyzer, revision: null }, { path, timeMs, ...found })
    if (this.#lastRows.has(row)) publisher?.endSession(session.id)
  }

  /** Puts outcomes on the log, those that come meanwhile together. */
  #tell(outcomes: readonly WarmOutcome[]): void {
    this.#told.push(...outcomes)
    if (this.#told.length > 0) this.#telling ??= this.#publishOutcomes()
  }

  async #publishOutcomes(): Promise<void> {
    const { log, codec } = this.#engines
    while (this.#told.length > 0) {
      const outcomes = this.#told
      this.#told = []
      const records = outcomes.map(async (outcome) => ({
        key: shardKey(outcome.workspace, outcome.shard),
        value: await codec.encode('warm-outcomes', outcome),
        headers: new Map<string, string>(),
      }))
      await log.append('warm-outcomes', await Promise.all(records))
    }
    this.#telling = null
  }

  async #end(): Promise<void> {
    const { clock } = this.#engines
    for (const [workspace, publisher] of this.#publishers) {
      await publisher.close(FLUSH_MS)
      const { recorded, published } = publisher.stats()
      if (published !== recorded) throw new Error(`${workspace}: ${recorded - published} accesses were not published`)
    }
    this.#heardAtMs = Math.max(this.#heardAtMs, clock.now())
    while (clock.now() - this.#heardAtMs < QUIET_MS) {
      await clock.sleep(QUIET_MS / 10)
      this.#tell(this.#cache.settle(clock.now()))
    }
    await this.#telling
  }
}

function publishersOf(
  { log, codec, clock }: CommandEngines,
  trace: Trace,
  { shards, lingerMs }: PlayOptions,
): ReadonlyMap<string, AccessPublisher> {
  const reporting = { telemetry: createSilentTelemetry(), logger: SILENT_LOG }
  const deps = { log, codec, clock, ...reporting, newId: randomUUID, random: Math.random }
  const workspaces = new Set(trace.sessions.map(({ workspace }) => workspace))
  return new Map(
    [...workspaces].map((workspace) => [workspace, createAccessPublisher(deps, { workspace, shards, lingerMs })]),
  )
}

/** The last row of each session. */
function lastRowsOf(trace: Trace): ReadonlySet<number> {
  const last = new Map<number, number>()
  trace.session.forEach((session, row) => {
    last.set(session, row)
  })
  return new Set(last.values())
}
