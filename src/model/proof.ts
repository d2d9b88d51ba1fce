import { newOutcomeTally, type OutcomeTally, SEEN_OUTCOMES, type Tallies, type Tally } from './fold/tallies.ts'

/** What shows whether warming was right: settled predictions, and reads of treated files beside the control group's. */
export type Evidence = {
  readonly tallies: Tallies
  readonly treated: OutcomeTally
  readonly control: OutcomeTally
}

/** A share with the standard error of its estimate, both 0..1. */
export type Share = { readonly value: number; readonly error: number }

export type ReasonProof = Tally & { readonly reason: string; readonly accuracy: number | null }

export type Proof = {
  /** Hits / (hits + wasted) of warmed files; null before the first is settled. */
  readonly accuracy: number | null
  readonly hits: number
  readonly late: number
  readonly wasted: number
  readonly byReason: readonly ReasonProof[]
  /** Reads of treated files that the cache answered; null before the first read. */
  readonly hitRate: Share | null
  /** The same of the control group, which is never warmed: the hit rate without warming. */
  readonly hitRateWithoutWarming: Share | null
  /** First reads of entries that a worker had put there. */
  readonly warmHits: number
  /** (hit rate - hit rate without warming) * reads of treated files, with its standard error; null without both. */
  readonly missesPrevented: { readonly value: number; readonly error: number } | null
}

/** Judges what was warmed. Only files with disposition `warmed` speak for accuracy: the others cost nothing. */
export function prove(evidence: Evidence): Proof {
  const byReason = [...evidence.tallies.byReason].flatMap(([reason, dispositions]) => {
    const tally = dispositions.get('warmed')
    return tally === undefined ? [] : [{ reason, ...tally, accuracy: accuracyOf(tally) }]
  })
  const sum = (verdict: 'hit' | 'late' | 'wasted') => byReason.reduce((total, tally) => total + tally[verdict], 0)
  const [hits, late, wasted] = [sum('hit'), sum('late'), sum('wasted')]
  const [hitRate, hitRateWithoutWarming] = [hitShare(evidence.treated), hitShare(evidence.control)]
  return {
    accuracy: accuracyOf({ hit: hits, wasted }),
    hits,
    late,
    wasted,
    byReason,
    hitRate,
    hitRateWithoutWarming,
    warmHits: evidence.treated.warmHit,
    missesPrevented: prevented(hitRate, hitRateWithoutWarming, readsOf(evidence.treated)),
  }
}

/** Adds up what the shards of a workspace show. */
export function addOutcomes(tallies: readonly OutcomeTally[]): OutcomeTally {
  const sum = newOutcomeTally()
  for (const tally of tallies) for (const outcome of SEEN_OUTCOMES) sum[outcome] += tally[outcome]
  return sum
}

const accuracyOf = ({ hit, wasted }: { hit: number; wasted: number }): number | null =>
  hit + wasted === 0 ? null : hit / (hit + wasted)

const readsOf = (tally: OutcomeTally): number => SEEN_OUTCOMES.reduce((sum, outcome) => sum + tally[outcome], 0)

/** The error is that of a binomial share, sqrt(p (1 - p) / n). */
function hitShare(tally: OutcomeTally): Share | null {
  const reads = readsOf(tally)
  if (reads === 0) return null
  const value = (tally.hit + tally.warmHit) / reads
  return { value, error: Math.sqrt((value * (1 - value)) / reads) }
}

function prevented(treated: Share | null, control: Share | null, reads: number): Proof['missesPrevented'] {
  if (treated === null || control === null) return null
  const error = Math.hypot(treated.error, control.error)
  return { value: (treated.value - control.value) * reads, error: error * reads }
}
