/** What is known of runs: the plan by predict, the outcomes as ingest has folded them. */
import type { WarmOutcomeKind } from '../model/outcome.ts'
import type { HitRate } from '../warming/run/hit-rate.ts'
import type { RunState } from '../warming/run/state.ts'

/**
 * How a file of a run ended, with its detail. `pending`: it has not. `forgotten`: it has, but of the answers of ended runs
 * only those of the latest few are kept; the counts of the summary stay.
 */
export type RunFile = {
  readonly path: string
  readonly layer: string
  /** Why it is in the plan: request, changed, dependency of ..., profile and so on. */
  readonly reason: string
  readonly outcome: WarmOutcomeKind | 'pending' | 'forgotten'
  readonly detail: string
  readonly version: string | null
  readonly bytes: number
  /** Whether it was found in the cache again after the last file of the run was warmed. */
  readonly verified: boolean
}

/** Files of a run by how they ended; `pending` with them, so that the counts add up to the plan. */
export type RunCount = {
  readonly outcome: WarmOutcomeKind | 'pending'
  readonly detail: string
  readonly files: number
}

export type RunSummary = {
  readonly id: string
  readonly workspace: string
  readonly strategy: string
  readonly requestedBy: string
  readonly requestedAtMs: number
  readonly deadlineMs: number
  readonly state: RunState
  /** Why it ended as it did, in words; empty when there is nothing to add. */
  readonly why: string
  /** Files of the plan; null while it is made. */
  readonly files: number | null
  readonly counts: readonly RunCount[]
  readonly verified: number
  /** Bytes brought into the cache. */
  readonly bytes: number
  /** The highest memory pressure that a worker met, 0..1. */
  readonly pressure: number
  /** Files of one command now. */
  readonly batchSize: number
  readonly startedAtMs: number | null
  readonly endedAtMs: number | null
  /** Of the workspace's readers in the ten minutes before the run was requested, and after it ended: docs/model.md. */
  readonly hitRate: { readonly before: HitRate; readonly after: HitRate }
}

export interface RunReader {
  /** The runs that are kept of a workspace, the latest first. */
  list(workspace: string): Promise<readonly RunSummary[]>
  show(workspace: string, id: string): Promise<RunSummary | null>
  /** Files of a run in the order of its plan, in chunks; nothing for an unknown run. */
  files(workspace: string, id: string): AsyncIterable<readonly RunFile[]>
}
