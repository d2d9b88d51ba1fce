import type { DecisionLog } from './decision-log.ts'
import type { Verdict } from './judge.ts'

/** What a replay came to. */
export type ReplayRun = {
  readonly decisions: DecisionLog
  readonly verdict: Verdict
  /** By decision, one of `FATE`; missing where the trace ended before the warm arrived. */
  readonly fates: readonly number[]
  /** One byte a row: 0 miss, 1 hit, 2 first hit of a warmed entry. */
  readonly outcomes: Uint8Array
}

/** By what a read found. */
export const OUTCOME_CODE = { miss: 0, hit: 1, warmHit: 2 } as const
