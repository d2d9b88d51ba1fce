/** What warming has done for a workspace so far, in the manual's words. */
import type { Estimate } from '../../model/cluster-share.ts'
import type { Learned } from '../../ports/model-reader.ts'
import type { RunSummary } from '../../ports/runs.ts'
import { hasEnded } from '../../warming/run/state.ts'

/** What warming has done for a workspace so far. */
export type WarmingStats = {
  /** Runs that have ended, of those that are kept (the last 128). */
  readonly warmingSessions: number
  /** Files that those runs brought into the cache. */
  readonly filesWarmed: number
  readonly totalWarmingTimeMs: number
  /** Predicted files that were read in time, and those that nobody read. */
  readonly predictiveHits: number
  readonly predictiveMisses: number
  /** Hits / (hits + misses), 0..1; null before the first prediction is settled. */
  readonly predictiveAccuracy: number | null
  /** Reads that found what a warm had put there. */
  readonly cacheMissesPrevented: number
  /**
   * The same estimated from the control group, which also knows what would have been there anyway, with its standard
   * error and 95 % interval; null without reads of both.
   */
  readonly cacheMissesPreventedEstimate: Estimate | null
}

/** Outcomes that brought a value in. */
const WARMED: readonly string[] = ['warmed', 'refreshed']

/** Files of a run that it brought into the cache. */
export const filesWarmed = ({ counts }: Pick<RunSummary, 'counts'>): number => filesThat(counts, WARMED)

/** Files with one of these outcomes. */
export const filesThat = (counts: RunSummary['counts'], outcomes: readonly string[]): number =>
  counts.filter(({ outcome }) => outcomes.includes(outcome)).reduce((sum, { files }) => sum + files, 0)

/** Milliseconds from a run's request to its end; 0 while it goes on. */
export const durationMs = ({ endedAtMs, requestedAtMs }: Pick<RunSummary, 'endedAtMs' | 'requestedAtMs'>): number =>
  endedAtMs === null ? 0 : Math.max(0, endedAtMs - requestedAtMs)

/** Adds up the runs that have ended; what was predicted comes from the model, null where nothing was learned yet. */
export function warmingStatsOf(runs: readonly RunSummary[], learned: Learned | null): WarmingStats {
  const ended = runs.filter(({ state }) => hasEnded(state))
  const proof = learned?.proof
  return {
    warmingSessions: ended.length,
    filesWarmed: ended.reduce((sum, run) => sum + filesWarmed(run), 0),
    totalWarmingTimeMs: ended.reduce((sum, run) => sum + durationMs(run), 0),
    predictiveHits: proof?.hits ?? 0,
    predictiveMisses: proof?.wasted ?? 0,
    predictiveAccuracy: proof?.accuracy ?? null,
    cacheMissesPrevented: proof?.warmHits ?? 0,
    cacheMissesPreventedEstimate: proof?.missesPrevented ?? null,
  }
}
