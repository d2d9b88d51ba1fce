import { clusterShare, coverageOf, difference, type Estimate, times } from './cluster-share.ts'
import { SPAN_MS, SPANS_MAX, type SpanTally, type WarmingEvidence } from './fold/evidence.ts'
import { newOutcomeTally, type OutcomeTally, SEEN_OUTCOMES, type Tallies, type Tally } from './fold/tallies.ts'

/** What shows whether warming was right: settled predictions, and reads of treated files beside the control group's. */
export type Evidence = {
  readonly tallies: Tallies
  readonly treated: OutcomeTally
  readonly warming: WarmingEvidence
}

export type ReasonProof = Tally & {
  readonly reason: string
  readonly accuracy: number | null
  /** Bytes of values that were warmed for this reason and that nobody read. */
  readonly wastedBytes: number
}

/** Settled warms of the latest spans of event time. */
export type RecentProof = {
  readonly accuracy: number
  readonly timeliness: number | null
  /** Hits and wasted. */
  readonly settled: number
  /** Start of the earliest span and end of the latest one, event time. */
  readonly fromMs: number
  readonly toMs: number
}

export type Proof = {
  /** Hits / (hits + wasted) of warmed files; null before the first is settled. */
  readonly accuracy: number | null
  /** Hits / (hits + late): the share of useful warms that were done before the read. */
  readonly timeliness: number | null
  readonly hits: number
  readonly late: number
  readonly wasted: number
  readonly wastedBytes: number
  readonly byReason: readonly ReasonProof[]
  /** Null as long as too few warms were settled within a day. */
  readonly recent: RecentProof | null
  /** Reads of treated files that the cache answered; null before the first read. */
  readonly hitRate: Estimate | null
  /** The same of the control group, which is never warmed: the hit rate without warming. */
  readonly hitRateWithoutWarming: Estimate | null
  /** First reads of entries that a worker had put there. */
  readonly warmHits: number
  /** (hit rate - hit rate without warming) * reads of treated files; null without reads of both groups. */
  readonly missesPrevented: Estimate | null
  /** (hit rate - rate without) / (1 - rate without): the share of the misses without warming that were prevented. */
  readonly coverage: Estimate | null
}

/** Settled warms below which the accuracy of the latest spans is not told: its error is five points at .7 then. */
const SETTLED_MIN = 100

/** Spans that are looked at in any case: an hour. */
const SPANS_MIN = 4

/** Judges what was warmed. Only files with disposition `warmed` speak for accuracy: the others cost nothing. */
export function prove({ tallies, treated, warming }: Evidence): Proof {
  const byReason = [...tallies.byReason].flatMap(([reason, dispositions]) => {
    const tally = dispositions.get('warmed')
    const wastedBytes = warming.wastedBytes.get(reason) ?? 0
    return tally === undefined ? [] : [{ reason, ...tally, accuracy: accuracyOf(tally), wastedBytes }]
  })
  const sum = (verdict: 'hit' | 'late' | 'wasted') => byReason.reduce((total, tally) => total + tally[verdict], 0)
  const [hit, late, wasted] = [sum('hit'), sum('late'), sum('wasted')]
  return {
    accuracy: accuracyOf({ hit, wasted }),
    timeliness: timelinessOf({ hit, late }),
    ...{ hits: hit, late, wasted, byReason },
    wastedBytes: [...warming.wastedBytes.values()].reduce((total, bytes) => total + bytes, 0),
    recent: recentProof(warming.spans),
    warmHits: treated.warmHit,
    ...comparison(warming, readsOf(treated)),
  }
}

function comparison({ groups }: WarmingEvidence, reads: number) {
  const [hitRate, hitRateWithoutWarming] = [clusterShare(groups.treated), clusterShare(groups.control)]
  const both = hitRate === null || hitRateWithoutWarming === null ? null : ([hitRate, hitRateWithoutWarming] as const)
  return {
    hitRate,
    hitRateWithoutWarming,
    missesPrevented: both === null ? null : times(difference(...both), reads),
    coverage: both === null ? null : coverageOf(...both),
  }
}

/**
 * The accuracy of late: of the latest hour in which warms were settled, and where those are too few, of as many quarters
 * of an hour more as it takes, up to a day.
 */
export function recentProof(spans: ReadonlyMap<number, SpanTally>): RecentProof | null {
  const latest = [...spans].sort(([one], [other]) => other - one).slice(0, SPANS_MAX)
  const sum = { hit: 0, late: 0, wasted: 0 }
  for (const [at, [span, { hit, late, wasted }]] of latest.entries()) {
    sum.hit += hit
    sum.late += late
    sum.wasted += wasted
    const accuracy = accuracyOf(sum)
    const isEnough = at + 1 >= Math.min(SPANS_MIN, latest.length) && sum.hit + sum.wasted >= SETTLED_MIN
    if (!isEnough || accuracy === null) continue
    const toMs = ((latest[0]?.[0] ?? span) + 1) * SPAN_MS
    return { accuracy, timeliness: timelinessOf(sum), settled: sum.hit + sum.wasted, fromMs: span * SPAN_MS, toMs }
  }
  return null
}

/** Adds up what the shards of a workspace show. */
export function addOutcomes(tallies: readonly OutcomeTally[]): OutcomeTally {
  const sum = newOutcomeTally()
  for (const tally of tallies) for (const outcome of SEEN_OUTCOMES) sum[outcome] += tally[outcome]
  return sum
}

const accuracyOf = ({ hit, wasted }: { hit: number; wasted: number }): number | null =>
  hit + wasted === 0 ? null : hit / (hit + wasted)

const timelinessOf = ({ hit, late }: { hit: number; late: number }): number | null =>
  hit + late === 0 ? null : hit / (hit + late)

const readsOf = (tally: OutcomeTally): number => SEEN_OUTCOMES.reduce((sum, outcome) => sum + tally[outcome], 0)
