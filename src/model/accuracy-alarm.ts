import type { RecentProof } from './proof.ts'

/** Accuracy that a workspace wants unless its settings say otherwise: the manual's. */
export const ACCURACY_TARGET = 0.7

/** How far above what is wanted the accuracy must be again: so far it moves by chance, and a warning that flaps is none. */
const RECOVERY = 0.03

export type AccuracyState = 'fine' | 'low'

/** What is to be thought of a workspace's accuracy; as before while too little was settled of late to tell. */
export function judgeAccuracy(before: AccuracyState, recent: RecentProof | null, target: number): AccuracyState {
  if (recent === null) return before
  const wanted = before === 'low' ? Math.min(1, target + RECOVERY) : target
  return recent.accuracy < wanted ? 'low' : 'fine'
}
