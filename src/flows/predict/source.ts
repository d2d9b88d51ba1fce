import type { AccessEvent } from '../../model/access.ts'
import type { Candidate, ObservedSession } from '../../model/candidates/candidate.ts'
import type { WarmOutcome } from '../../model/outcome.ts'
import type { WeighedSession } from '../../model/prediction/weighed.ts'

/** Where candidates come from: the learned models, or the manual's rules as a baseline. */
export interface CandidateSource {
  /**
   * Takes in an event that is on the log, in order, also while the predictor only catches up (`silent`: nobody will ask
   * for candidates of it). Sources that rest on stored rows alone have none.
   */
  follow?(event: AccessEvent, silent: boolean): Promise<void>
  /** Candidates after some accesses of a session, the strongest of each path, the soonest expected first. */
  observe(session: ObservedSession): Promise<readonly Candidate[]>
  /** Candidates of a workspace that only the clock calls for. */
  tick(workspace: string, nowMs: number): Promise<readonly Candidate[]>
  /** Event time at which `tick` next has work for the workspace, ms; Infinity when none is planned. */
  nextTickMs?(workspace: string): Promise<number>
  /** Takes in what workers did with predicted files: what has come into the cache, and what never will. */
  warmed?(outcome: WarmOutcome): Promise<void>
  /**
   * The candidates of an open session with what speaks for them and what comes of them; changes nothing. Null when it
   * is not open.
   */
  weigh?(session: { readonly workspace: string; readonly session: string }): Promise<WeighedSession | null>
  /** Takes back candidates of the workspace that were not issued after all. */
  notIssued?(workspace: string, paths: readonly string[]): void
  /** The files that a session will read next, whatever is cached, the likeliest first; empty when it is not open. */
  rank?(session: { readonly workspace: string; readonly session: string }, count: number): Promise<readonly string[]>
}
