import type { AccessEvent } from '../../model/access.ts'
import type { Candidate, ObservedSession } from '../../model/candidates/candidate.ts'

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
}
