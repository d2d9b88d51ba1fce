/** The plan of a run, as predict writes it down before its first command: a header, and the files in order. */
import type { FoldedCount } from '../../model/folded-run.ts'
import type { RunSpec } from '../strategy/run-spec.ts'
import type { RunState } from './state.ts'

/** One file of a run. Its place in the plan (from 0) names it in commands, outcomes and the folded run. */
export type PlanEntry = {
  readonly path: string
  readonly layer: string
  /** Why it is here: request, retry, the kind of a selector, dependency, or the evidence of a prediction. */
  readonly reason: string
  /** Imports between it and a priority file: 0 for priority files; 1 for what a model expects beside them. */
  readonly depth: number
  /** Probability of a read before the horizon, 0..1; 1 for what was asked for. */
  readonly probability: number
  /** When the read is expected; the time of planning for what was asked for. */
  readonly expectedAtMs: number
  /** Until when a read is claimed, so that later reads settle it; 0 for a file that claims nothing. */
  readonly horizonAtMs: number
}

/** Why files of a plan were never answered by a worker, once their run has ended. */
export type RestReason = 'pressure' | 'limit' | 'deadline' | 'cancelled' | 'paused'

/** What a plan is cut into once it is made. It never changes afterwards: whoever planned first has planned. */
export type Planned = {
  /** Names the notes of this plan; another process that planned the same run has other ones, which count for nothing. */
  readonly plan: string
  /** Entries of the plan. */
  readonly files: number
  /** The first so many entries are warmed; the others are over the run's limit of files and end as skipped, `limit`. */
  readonly filesWithin: number
  /** The first so many entries are at most two imports away from a priority file. */
  readonly filesNear: number
  readonly plannedAtMs: number
  /**
   * Where there was no time to follow all imports: source files whose imports were asked for, and of how many of them they
   * were known. What the others import is not in the plan.
   */
  readonly imports?: { readonly known: number; readonly asked: number }
}

/** How all files of an ended run ended; their counts add up to the plan. */
export type RunTally = {
  readonly counts: readonly FoldedCount[]
  readonly verified: number
  readonly bytes: number
  /** The highest memory pressure that a worker met, 0..1. */
  readonly pressure: number
}

export type RunHeader = {
  /** Id of the request that it began with. */
  readonly id: string
  readonly workspace: string
  readonly strategy: string
  readonly requestedBy: string
  readonly requestedAtMs: number
  readonly deadlineMs: number
  readonly revision: string | null
  readonly layers: readonly string[]
  readonly spec: RunSpec
  readonly state: RunState
  /** Why it ended as it did, in words; empty when there is nothing to add. */
  readonly why: string
  /** Null while the plan is made, and when it could not be made. */
  readonly planned: Planned | null
  /**
   * Why no further files are begun; null as long as nothing stops the run. Once it has ended, what the entries that
   * nobody has answered end as.
   */
  readonly rest: RestReason | null
  /** Files of one command now. */
  readonly batchSize: number
  readonly endedAtMs: number | null
  /** Null until it has ended. */
  readonly tally: RunTally | null
}

/** Entries of a plan that one note holds. */
export const PLAN_CHUNK = 500

/** Runs of a workspace that are kept; the one that was requested first leaves with its plan. */
export const RUNS_KEPT = 128

/** Entries of one plan at most; fewer where ingest keeps the answers for fewer. */
export const PLAN_ENTRIES_MAX = 1_000_000
