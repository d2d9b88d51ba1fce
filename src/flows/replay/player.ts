/**
 * Plays a recorded trace through what runs in production: the fold of ingest and a source of candidates, with the
 * simulated clock of the trace's own times, and a cache between them. Strictly in order: nothing sees a row before its
 * turn.
 */
import type { AccessEvent } from '../../model/access.ts'
import type { Candidate } from '../../model/candidates/candidate.ts'
import type { PredictionGate } from '../../model/candidates/gate.ts'
import { type OpenSessionLimits, OpenSessions } from '../../model/candidates/open-sessions.ts'
import { shardOf } from '../../model/identity.ts'
import type { WarmedFile, WarmOutcome } from '../../model/outcome.ts'
import { DecisionLog } from '../../model/replay/decision-log.ts'
import { FATE, Judging } from '../../model/replay/judge.ts'
import { LruCache } from '../../model/replay/lru.ts'
import { OUTCOME_CODE, type ReplayRun } from '../../model/replay/run.ts'
import type { Trace } from '../../model/replay/trace.ts'
import type { CandidateSource } from '../predict/source.ts'
import type { ReplayFold } from './fold.ts'
import { ClockRounds } from './rounds.ts'

export type ReplayParts = {
  readonly source: CandidateSource
  readonly fold: ReplayFold
  /** A gate for one workspace, without a throttle. */
  readonly newGate: () => PredictionGate
  /** Told the event time before anything happens at it. */
  readonly setNow: (timeMs: number) => void
  readonly afterRow?: AfterRow
}

export type ReplaySettings = {
  readonly capacityFiles: number
  readonly latencyMs: number
  /** How long a prediction claims a read. */
  readonly horizonMs: number
  /** Time between two rounds of predictions by the clock, where the source does not plan them itself. */
  readonly tickMs: number
  readonly sessions: OpenSessionLimits
  readonly shards: number
}

/** Called after each row, when everything that rests on it is decided. */
export type AfterRow = (row: number) => Promise<void> | void

/** The files of one decision, which arrive together. */
type Command = {
  readonly id: string
  readonly workspace: string
  readonly shard: number
  readonly issuedAtMs: number
  /** Numbers of its decisions. */
  readonly from: number
  readonly to: number
}

/** Plays a trace strictly in order: at each row nothing of the later ones is known. */
export async function replayTrace(trace: Trace, parts: ReplayParts, settings: ReplaySettings): Promise<ReplayRun> {
  const player = new Player(trace, parts, settings)
  for (let row = 0; row < trace.file.length; row++) {
    await player.play(row)
    await parts.afterRow?.(row)
  }
  await parts.fold.settle()
  return player.result()
}

class Player {
  readonly #trace: Trace
  readonly #parts: ReplayParts
  readonly #settings: ReplaySettings
  readonly #log: DecisionLog
  readonly #judging: Judging
  readonly #outcomes: Uint8Array
  readonly #sessions: OpenSessions
  readonly #rounds: ClockRounds
  readonly #gates = new Map<string, PredictionGate>()
  /** Commands on their way, the first to arrive first. */
  #commands: Command[] = []

  constructor(trace: Trace, parts: ReplayParts, settings: ReplaySettings) {
    const { capacityFiles, latencyMs } = settings
    this.#trace = trace
    this.#parts = parts
    this.#settings = settings
    this.#log = new DecisionLog(trace)
    const cache = new LruCache(capacityFiles, trace.files.length)
    this.#judging = new Judging(trace, this.#log, { cache, latencyMs })
    this.#outcomes = new Uint8Array(trace.file.length)
    this.#sessions = new OpenSessions(settings.sessions)
    this.#rounds = new ClockRounds(parts.source, settings.tickMs)
  }

  async play(row: number): Promise<void> {
    const timeMs = this.#trace.timeMs[row] ?? 0
    while (this.#rounds.nextMs <= timeMs) await this.#round(row, this.#rounds.nextMs)
    await this.#deliver(row, timeMs)
    this.#parts.setNow(timeMs)
    const event = this.#read(row)
    await this.#parts.fold.access(event)
    await this.#follow(event, row)
    await this.#rounds.wasRead(event.workspace, timeMs)
  }

  result(): ReplayRun {
    const verdict = this.#judging.verdict()
    return { decisions: this.#log, verdict, fates: this.#judging.fates, outcomes: this.#outcomes }
  }

  /**
   * Predictions that the clock calls for before `row` is read. A plan may lie before the row that made it: it is due at
   * once.
   */
  async #round(row: number, atMs: number): Promise<void> {
    const nowMs = Math.max(atMs, this.#trace.timeMs[row - 1] ?? atMs)
    await this.#deliver(row, nowMs)
    this.#parts.setNow(nowMs)
    for (const workspace of this.#rounds.due(atMs)) {
      const candidates = await this.#parts.source.tick(workspace, atMs)
      this.#issue(candidates, { workspace, shard: 0, afterRow: row - 1, atMs: nowMs })
      await this.#rounds.held(workspace, atMs)
    }
  }

  /** The read of a row, as the analyzer would publish it. */
  #read(row: number): AccessEvent {
    const outcome = this.#judging.step(row)
    this.#outcomes[row] = OUTCOME_CODE[outcome]
    const session = this.#trace.sessions[this.#trace.session[row] ?? 0]
    const id = this.#trace.file[row] ?? 0
    const file = this.#trace.files[id]
    if (session === undefined || file === undefined) throw new RangeError(`row ${row} names no session or file`)
    const timeMs = this.#trace.timeMs[row] ?? 0
    const warmedBy = outcome === 'warmHit' ? String(this.#judging.broughtBy(id) ?? '') : null
    const access = { path: file.path, timeMs, layer: 'content', version: null, outcome, warmedBy }
    return {
      ...EVENT,
      ...{ workspace: session.workspace, session: session.id, analyzer: session.analyzer },
      accesses: [access],
    }
  }

  async #follow(event: AccessEvent, row: number): Promise<void> {
    const { source } = this.#parts
    const { workspace, accesses } = event
    const gate = this.#gateOf(workspace)
    for (const { path } of accesses) gate.wasRead(path)
    await source.follow?.(event, false)
    const session = this.#sessions.observe(event, row)
    if (session === null) return
    const candidates = await source.observe(session)
    if (candidates.length === 0) return
    const shard = shardOf(event.session, this.#settings.shards)
    this.#issue(candidates, { workspace, shard, afterRow: row, atMs: this.#trace.timeMs[row] ?? 0 })
  }

  #issue(
    candidates: readonly Candidate[],
    at: { workspace: string; shard: number; afterRow: number; atMs: number },
  ): void {
    const from = this.#log.size
    for (const candidate of this.#gateOf(at.workspace).decide(candidates, at.atMs).issued) this.#log.add(candidate, at)
    const to = this.#log.size
    if (to === from) return
    const { workspace, shard } = at
    this.#commands.push({ id: String(from), workspace, shard, issuedAtMs: this.#log.atMs[from] ?? at.atMs, from, to })
  }

  /** Lets the warms arrive that are due by `nowMs`, and tells what became of them, as workers would. */
  async #deliver(row: number, nowMs: number): Promise<void> {
    const first = this.#commands[0]
    if (first === undefined || first.issuedAtMs + this.#settings.latencyMs > nowMs) return
    const arrived = this.#judging.arrive(row, nowMs)
    const done = this.#commands.filter(({ to }) => to <= arrived)
    this.#commands = this.#commands.slice(done.length)
    for (const command of done) {
      const outcome = this.#outcomeOf(command)
      this.#parts.setNow(command.issuedAtMs + this.#settings.latencyMs)
      await this.#parts.fold.outcome(outcome)
      await this.#parts.source.warmed?.(outcome)
    }
  }

  #outcomeOf(command: Command): WarmOutcome {
    const files = Array.from({ length: command.to - command.from }, (_, nth) => this.#fileOf(command, nth))
    const { id: commandId, workspace, shard, issuedAtMs } = command
    return { ...OUTCOME, commandId, workspace, shard, issuedAtMs, files }
  }

  #fileOf({ from, issuedAtMs }: Command, nth: number): WarmedFile {
    const decision = from + nth
    const outcome = this.#judging.fates[decision] === FATE.touched ? 'present' : 'warmed'
    return {
      path: this.#log.fileOf(decision).path,
      ...{ layer: 'content', version: null, outcome, detail: '', bytes: 0 },
      finishedAtMs: issuedAtMs + this.#settings.latencyMs,
      reason: this.#log.reasons[decision] ?? '',
      probability: this.#log.probabilities[decision] ?? 0,
      horizonAtMs: issuedAtMs + this.#settings.horizonMs,
    }
  }

  #gateOf(workspace: string): PredictionGate {
    const gate = this.#gates.get(workspace) ?? this.#parts.newGate()
    this.#gates.set(workspace, gate)
    return gate
  }
}

/** What every event of a trace has alike: a trace tells of reads only. */
const EVENT = {
  revision: null,
  publisher: '',
  sequence: 0,
  sessionEnded: false,
  forget: false,
  changes: [],
} as const

const OUTCOME = { runId: null, worker: 'replay', mode: 'warm', firstFile: 0, pressure: 0 } as const
