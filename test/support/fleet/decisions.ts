import { type Decisions, judge, type Verdict } from '../../../src/model/replay/judge.ts'
import type { Trace, TraceFile } from '../../../src/model/replay/trace.ts'
import { FileIds } from './file-ids.ts'
import type { Played } from './trace-player.ts'

export type LoggedDecisions = { readonly decisions: Decisions; readonly extraFiles: readonly TraceFile[] }

/**
 * The warms of all predictors as the judge takes them: in the order in which they could be decided at the earliest, each
 * at the time of the latest access that its predictor had seen, and behind the last row up to then. Files of the control
 * group are left out, since nobody warms them.
 */
export function decisionsOf(
  trace: Trace,
  { commands, shiftMs }: Pick<Played, 'commands' | 'shiftMs'>,
): LoggedDecisions {
  const ids = new FileIds(trace)
  const sorted = commands.toSorted(
    (one, other) => one.observedToMs - other.observedToMs || one.command.issuedAtMs - other.command.issuedAtMs,
  )
  const decided = sorted.flatMap(({ command: { workspace, files }, observedToMs }) => {
    const atMs = observedToMs - shiftMs
    const afterRow = lastRowUpTo(trace.timeMs, atMs)
    return files
      .filter(({ control }) => !control)
      .map(({ path }) => ({ atMs, afterRow, file: ids.of(workspace, path) }))
  })
  const decisions = {
    afterRow: decided.map(({ afterRow }) => afterRow),
    atMs: decided.map(({ atMs }) => atMs),
    file: decided.map(({ file }) => file),
  }
  return { decisions, extraFiles: ids.extraFiles }
}

/** The last row at or before a time; -1 before the first. */
export function lastRowUpTo(timeMs: Float64Array, untilMs: number): number {
  let [low, high] = [0, timeMs.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((timeMs[middle] ?? 0) <= untilMs) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** Verdicts on the same decisions by latency, milliseconds. */
export const judgedAt = (
  trace: Trace,
  { decisions }: LoggedDecisions,
  options: { readonly capacityFiles: number; readonly latenciesMs: readonly number[] },
): readonly Verdict[] =>
  options.latenciesMs.map((latencyMs) => judge(trace, decisions, { capacityFiles: options.capacityFiles, latencyMs }))
