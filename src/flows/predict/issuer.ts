import type { Candidate } from '../../model/candidates/candidate.ts'
import { type GateOptions, PredictionGate } from '../../model/candidates/gate.ts'
import { inControlGroup, type Sha256Hex, shortId } from '../../model/identity.ts'
import type { Codec } from '../../ports/codec.ts'
import { ForewarmError } from '../../ports/errors.ts'
import type { EventLog } from '../../ports/event-log.ts'
import type { IsPaused } from '../../ports/switches.ts'
import type { Telemetry } from '../../ports/telemetry.ts'
import type { WarmCommand } from '../../warming/command.ts'
import {
  type CommandBounds,
  type CommandOrigin,
  commandsForPredictions,
  type PlannedFile,
} from '../../warming/plan-commands.ts'
import type { CandidateSource } from './source.ts'

export type IssuerDeps = {
  readonly log: EventLog
  readonly codec: Codec
  readonly telemetry: Telemetry
  readonly sha256Hex: Sha256Hex
  readonly paused: IsPaused
  /** Hears which of its candidates are not issued. */
  readonly source: Pick<CandidateSource, 'notIssued'>
}

export type IssuerOptions = {
  readonly gate: GateOptions
  readonly bounds: CommandBounds
  /** What a warm takes from issue to readable until outcomes have told better, ms. */
  readonly latencyMs: number
  /** Workspaces whose gates are remembered; the least recently used leaves. */
  readonly workspacesMax: number
}

/** Where candidates come from and what they rest on. */
export type IssueContext = CommandOrigin & {
  /** Names this decision: the same record decided again gives the same command ids. */
  readonly cause: string
  /** Event time of the access that led here, ms; null for the clock. */
  readonly observedAtMs: number | null
  /** Event time of the latest access that this process had followed when it decided, ms; null before the first. */
  readonly observedToMs: number | null
}

/**
 * Header of a warm command: how far its predictor had seen, in event time. No later read can have led to it, so whoever
 * judges decisions afterwards knows which row of the accesses each of them stands behind.
 */
export const OBSERVED_TO_HEADER = 'forewarm.observed-to'

/** Puts commands on the log; those of runs rest on no access. */
export async function appendCommands(
  { codec, log, telemetry }: Pick<IssuerDeps, 'codec' | 'log' | 'telemetry'>,
  commands: readonly WarmCommand[],
  observed: Pick<IssueContext, 'observedAtMs' | 'observedToMs'> = { observedAtMs: null, observedToMs: null },
): Promise<void> {
  if (commands.length === 0) return
  const headers = new Map<string, string>()
  if (observed.observedAtMs !== null) headers.set('forewarm.observed-at', String(observed.observedAtMs))
  if (observed.observedToMs !== null) headers.set(OBSERVED_TO_HEADER, String(observed.observedToMs))
  const records = await Promise.all(
    commands.map(async (command) => ({
      key: command.id,
      value: await codec.encode('warm-commands', command),
      headers,
    })),
  )
  await log.append('warm-commands', records)
  telemetry.measure('forewarm.predict.commands', commands.length)
}

/** Turns candidates into warm commands on the log, through one gate a workspace. */
export class Issuer {
  readonly #deps: IssuerDeps
  readonly #options: IssuerOptions
  readonly #gates = new Map<string, PredictionGate>()

  constructor(deps: IssuerDeps, options: IssuerOptions) {
    this.#deps = deps
    this.#options = options
  }

  /**
   * Issues what passes the gate, nothing while paused; resolves with the commands once the log has them. Without the log
   * they are let go: it has been waited for by then, and a prediction that comes after its read is worth nothing.
   */
  async issue(candidates: readonly Candidate[], context: IssueContext): Promise<readonly WarmCommand[]> {
    const { telemetry, sha256Hex, paused } = this.#deps
    if (paused(context.workspace)) {
      this.#takeBack(context.workspace, candidates)
      telemetry.measure('forewarm.predict.suppressed', candidates.length, { cause: 'paused' })
      return []
    }
    const decision = this.gate(context.workspace).decide(candidates, context.issuedAtMs)
    for (const [cause, count] of decision.suppressed) telemetry.measure('forewarm.predict.suppressed', count, { cause })
    if (decision.issued.length < candidates.length) {
      const issued = new Set(decision.issued)
      this.#takeBack(
        context.workspace,
        candidates.filter((candidate) => !issued.has(candidate)),
      )
    }
    const files = decision.issued.map((candidate) => this.#planned(candidate, context.issuedAtMs))
    const { cause, observedAtMs, observedToMs, ...origin } = context
    const id = (index: number) => shortId(`${cause}/${index}`, sha256Hex)
    const commands = commandsForPredictions(origin, files, { ...this.#options.bounds, id })
    try {
      await appendCommands(this.#deps, commands, { observedAtMs, observedToMs })
    } catch (error) {
      if (!(error instanceof ForewarmError && error.retriable)) throw error
      this.#letGo(context.workspace, decision.issued)
      return []
    }
    for (const { reason } of decision.issued)
      telemetry.measure('forewarm.predict.predictions', 1, { workspace: context.workspace, reason })
    return commands
  }

  /** They may be predicted again as soon as the log is back. */
  #letGo(workspace: string, candidates: readonly Candidate[]): void {
    this.#takeBack(workspace, candidates)
    for (const { path } of candidates) this.gate(workspace).takenBack(path)
    this.#deps.telemetry.measure('forewarm.predict.suppressed', candidates.length, { cause: 'away' })
  }

  #takeBack(workspace: string, candidates: readonly Candidate[]): void {
    this.#deps.source.notIssued?.(
      workspace,
      candidates.map(({ path }) => path),
    )
  }

  gate(workspace: string): PredictionGate {
    const gate = this.#gates.get(workspace) ?? new PredictionGate(this.#options.gate, this.#options.latencyMs)
    this.#gates.delete(workspace)
    this.#gates.set(workspace, gate)
    const oldest = this.#gates.keys().next()
    if (this.#gates.size > this.#options.workspacesMax && oldest.done !== true) this.#gates.delete(oldest.value)
    return gate
  }

  #planned(candidate: Candidate, nowMs: number): PlannedFile {
    const horizonAtMs = nowMs + this.#options.gate.horizonMs
    return {
      ...candidate,
      // Sources reckon with means and paces; the command carries whole milliseconds within the prediction's claim.
      expectedAtMs: Math.round(Math.min(Math.max(candidate.expectedAtMs, nowMs), horizonAtMs)),
      horizonAtMs,
      control: inControlGroup(shortId(candidate.path, this.#deps.sha256Hex)),
    }
  }
}
