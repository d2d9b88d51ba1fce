import type { Verdict } from '../../../src/model/replay/judge.ts'
import type { Trace } from '../../../src/model/replay/trace.ts'
import { decisionsOf, judgedAt, type LoggedDecisions } from './decisions.ts'
import { decisionsOfJournals } from './journals.ts'
import type { FleetSystem } from './systems.ts'
import { type PlayOptions, playTrace } from './trace-player.ts'

/** What is measured beside the verdicts. Times are milliseconds but for `seconds`. */
export type FleetFigures = {
  readonly readsPerSecond: number
  readonly commands: number
  readonly warms: number
  /** Hit ratio that the readers of the play really had. */
  readonly readersHit: number
  /** From the first access of an event to the command that it led to, as the workers got it. */
  readonly commandDelay: Quantiles
  /** From the latest access that a predictor had seen to its command. */
  readonly decisionDelay: Quantiles
  /** Share of the commands that came later than the delay that was asked for. */
  readonly lateShare: number
  /** How late reads were published: above some milliseconds the machine is too busy for the trace's pace. */
  readonly behind: Quantiles
  readonly cpuPredict: number
  readonly cpuRest: number
}

export type Quantiles = { readonly p50: number; readonly p99: number; readonly max: number }

export type FleetRun = {
  /** Every decision behind the read that it rests on. */
  readonly decided: LoggedDecisions
  /** On these, by the latencies that were asked for. */
  readonly verdicts: readonly Verdict[]
  /** The files of commands, behind the last read that their predictor had followed by then: batches count as delay. */
  readonly sent: LoggedDecisions
  readonly sentVerdicts: readonly Verdict[]
  readonly figures: FleetFigures
}

/** Plays a trace through a system and judges what it decided. */
export async function runFleet(
  system: FleetSystem,
  trace: Trace,
  options: PlayOptions & { readonly latenciesMs: readonly number[] },
): Promise<FleetRun> {
  const cpuBefore = system.cpuSeconds()
  const played = await Promise.race([playTrace(system.engines, trace, options), system.failed])
  const cpu = system.cpuSeconds()
  const sent = decisionsOf(trace, played)
  const decided = decisionsOfJournals(trace, await system.decided(), played.shiftMs)
  const { commands, behindMs, hits, seconds } = played
  const reads = trace.file.length
  const led = commands.filter(({ observedAtMs }) => observedAtMs !== null)
  return {
    decided,
    verdicts: judgedAt(trace, decided, options),
    sent,
    sentVerdicts: judgedAt(trace, sent, options),
    figures: {
      readsPerSecond: Math.round(reads / seconds),
      commands: commands.length,
      warms: sent.decisions.file.length,
      readersHit: hits / reads,
      commandDelay: quantilesOf(led.map(({ receivedAtMs, observedAtMs }) => receivedAtMs - (observedAtMs ?? 0))),
      decisionDelay: quantilesOf(commands.map(({ receivedAtMs, observedToMs }) => receivedAtMs - observedToMs)),
      lateShare:
        commands.filter(({ receivedAtMs, observedToMs }) => receivedAtMs - observedToMs > options.latencyMs).length /
        Math.max(1, commands.length),
      behind: quantilesOf([...behindMs]),
      cpuPredict: cpu.predict - cpuBefore.predict,
      cpuRest: cpu.rest - cpuBefore.rest,
    },
  }
}

function quantilesOf(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((one, other) => one - other)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
