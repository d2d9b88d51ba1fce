import type { AccessOutcome } from '../access.ts'
import type { WarmOutcomeKind } from '../outcome.ts'
import type { Verdict } from './prediction.ts'

/** Settled predictions of one reason and disposition. */
export type Tally = Record<Verdict, number>

/** Reasons that are tallied apart; more are counted as `other`. */
export const REASONS_MAX = 32
const OTHER_REASON = 'other'

/** Settled predictions by reason and disposition. */
export class Tallies {
  readonly byReason = new Map<string, Map<WarmOutcomeKind, Tally>>()

  count(reason: string, disposition: WarmOutcomeKind, verdict: Verdict): void {
    this.tally(reason, disposition)[verdict] += 1
  }

  /** Adds another's counts. */
  add(other: Tallies): void {
    for (const [reason, dispositions] of other.byReason) {
      for (const [disposition, counts] of dispositions) {
        const tally = this.tally(reason, disposition)
        for (const verdict of ['hit', 'late', 'wasted', 'dropped'] as const) tally[verdict] += counts[verdict]
      }
    }
  }

  tally(reason: string, disposition: WarmOutcomeKind): Tally {
    const known = this.byReason.has(reason) || this.byReason.size < REASONS_MAX
    const name = known ? reason : OTHER_REASON
    const dispositions = entry(this.byReason, name, () => new Map<WarmOutcomeKind, Tally>())
    return entry(dispositions, disposition, () => ({ hit: 0, late: 0, wasted: 0, dropped: 0 }))
  }
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

/** Access outcomes that are tallied; what nobody saw is not. */
export type SeenOutcome = Exclude<AccessOutcome, 'unknown'>
export const SEEN_OUTCOMES: readonly SeenOutcome[] = ['hit', 'warmHit', 'miss', 'stale']
export type OutcomeTally = Record<SeenOutcome, number>

export const newOutcomeTally = (): OutcomeTally => ({ hit: 0, warmHit: 0, miss: 0, stale: 0 })

/** Files of the control group, and all others. */
export type Group = 'treated' | 'control'

/** What one piece of folding did, for metrics; no part of the model. */
export class FoldReport {
  accesses = 0
  /** Accesses and outcome files that had been counted before. */
  repeated = 0
  readonly settled = new Tallies()
  /** How long before (hit) or after (late) its read each warm was done. */
  readonly margins: { readonly verdict: 'hit' | 'late'; readonly ms: number }[] = []
  /** Bytes of warmed values that nobody read, by reason. */
  readonly wastedBytes = new Map<string, number>()
  readonly outcomes: Record<Group, OutcomeTally> = { treated: newOutcomeTally(), control: newOutcomeTally() }
}
