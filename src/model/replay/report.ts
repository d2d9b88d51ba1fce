import type { Proof } from '../proof.ts'
import { beladyHits } from './belady.ts'
import { FATE, hitsByRow, judge, NO_DECISIONS, type Verdict } from './judge.ts'
import { ProductCache, type ProductPolicy } from './product-cache.ts'
import type { ReplayRun } from './run.ts'
import { distinctFilesOf, type Trace } from './trace.ts'

export type ReportBounds = {
  readonly capacityFiles: number
  readonly latencyMs: number
  readonly policy: ProductPolicy
  /** What the folded models say of the same warms, workspace by workspace. */
  readonly proofs: readonly Proof[]
}

export type ReasonCount = {
  readonly reason: string
  readonly warms: number
  readonly inserted: number
  readonly used: number
  readonly precision: number | null
}

/** Hit ratios over the course of the trace, one value a stretch of equal length. */
export type Course = {
  readonly lru: readonly number[]
  readonly warming: readonly number[]
  readonly belady: readonly number[]
}

/** One bin of the reliability plot: what was promised, and what came of it. */
export type ReliabilityBin = { readonly warms: number; readonly promised: number; readonly used: number }

export type ReplayReport = {
  readonly reads: number
  readonly distinctFiles: number
  readonly capacityFiles: number
  readonly latencyMs: number
  readonly warms: number
  readonly baselineHit: number
  readonly hit: number
  readonly beladyHit: number
  readonly missReduction: number
  readonly precision: number | null
  readonly late: number
  readonly wasted: number
  readonly perRead: number
  readonly touchesPerRead: number
  /** The same decisions under the product's own policy. */
  readonly ownPolicy: OwnPolicy
  /** The verdicts that the product itself came to, by event times and horizons. */
  readonly settled: Settled
  readonly reasons: readonly ReasonCount[]
  readonly course: Course
  readonly reliability: readonly ReliabilityBin[]
  readonly next20?: { readonly precisionAt10: number; readonly recallAt20: number; readonly lists: number }
}

/** What the product's own cache makes of the same decisions; warms that it takes none of are `refused`. */
export type OwnPolicy = {
  readonly baselineHit: number
  readonly hit: number
  readonly precision: number | null
  readonly refused: number
}

export type Settled = {
  readonly hits: number
  readonly late: number
  readonly wasted: number
  readonly accuracy: number | null
}

const STRETCHES = 120
const BINS = 10

/** All figures of a replay, ready to print; hit ratios as shares of all reads. */
export function reportOf(trace: Trace, run: ReplayRun, bounds: ReportBounds): ReplayReport {
  const lru = hitsByRow(trace, bounds.capacityFiles)
  const lruMisses = lru.length - sumOf(lru)
  const belady = beladyHits(trace, bounds.capacityFiles)
  const { verdict } = run
  const reads = Math.max(1, verdict.reads)
  return {
    reads: verdict.reads,
    distinctFiles: distinctFilesOf(trace),
    ...{ capacityFiles: bounds.capacityFiles, latencyMs: bounds.latencyMs, warms: run.decisions.file.length },
    baselineHit: sumOf(lru) / reads,
    hit: verdict.hits / reads,
    beladyHit: sumOf(belady) / reads,
    missReduction: lruMisses === 0 ? 0 : 1 - verdict.misses / lruMisses,
    precision: precisionOf(verdict),
    late: verdict.late,
    wasted: verdict.inserted - verdict.used,
    perRead: verdict.inserted / reads,
    touchesPerRead: verdict.touched / reads,
    ownPolicy: ownPolicyOf(trace, run, bounds),
    settled: settledOf(bounds.proofs),
    reasons: reasonsOf(run),
    course: { lru: stretches(lru), warming: stretches(run.outcomes), belady: stretches(belady) },
    reliability: reliabilityOf(run),
  }
}

/** Share of the inserted warms that were read before they left; null when none was inserted. */
function precisionOf(verdict: Verdict): number | null {
  return verdict.inserted === 0 ? null : verdict.used / verdict.inserted
}

function reasonsOf(run: ReplayRun): ReasonCount[] {
  const counts = new Map<string, { warms: number; inserted: number; used: number }>()
  run.decisions.reasons.forEach((reason, nth) => {
    const count = counts.get(reason) ?? { warms: 0, inserted: 0, used: 0 }
    counts.set(reason, count)
    const fate = run.fates[nth]
    count.warms++
    if (fate === FATE.used || fate === FATE.wasted) count.inserted++
    if (fate === FATE.used) count.used++
  })
  return [...counts]
    .map(([reason, count]) => ({
      reason,
      ...count,
      precision: count.inserted === 0 ? null : count.used / count.inserted,
    }))
    .sort((a, b) => b.used - a.used)
}

function ownPolicyOf(trace: Trace, run: ReplayRun, bounds: ReportBounds): OwnPolicy {
  const cache = () => new ProductCache(bounds.capacityFiles, trace.files.length, bounds.policy)
  const without = judge(trace, NO_DECISIONS, { ...bounds, cache: cache() })
  const own = judge(trace, run.decisions, { ...bounds, cache: cache() })
  const reads = Math.max(1, own.reads)
  return {
    baselineHit: without.hits / reads,
    hit: own.hits / reads,
    precision: precisionOf(own),
    refused: own.refused,
  }
}

function settledOf(proofs: readonly Proof[]): Settled {
  const sum = (count: (proof: Proof) => number) => proofs.reduce((total, proof) => total + count(proof), 0)
  const [hits, late, wasted] = [sum((proof) => proof.hits), sum((proof) => proof.late), sum((proof) => proof.wasted)]
  return { hits, late, wasted, accuracy: hits + wasted === 0 ? null : hits / (hits + wasted) }
}

const sumOf = (hits: Uint8Array): number => hits.reduce((sum, hit) => sum + hit, 0)

function stretches(hits: Uint8Array): number[] {
  const count = Math.min(STRETCHES, hits.length)
  return Array.from({ length: count }, (_, nth) => {
    const [from, to] = [Math.floor((nth * hits.length) / count), Math.floor(((nth + 1) * hits.length) / count)]
    return hits.subarray(from, to).reduce((sum, hit) => sum + Math.min(1, hit), 0) / (to - from)
  })
}

function reliabilityOf(run: ReplayRun): ReliabilityBin[] {
  const bins = Array.from({ length: BINS }, () => ({ warms: 0, promised: 0, used: 0 }))
  run.decisions.probabilities.forEach((probability, nth) => {
    const fate = run.fates[nth]
    const bin = bins[Math.min(BINS - 1, Math.floor(probability * BINS))]
    if (bin === undefined || (fate !== FATE.used && fate !== FATE.wasted)) return
    bin.warms++
    bin.promised += probability
    if (fate === FATE.used) bin.used++
  })
  return bins.map(({ warms, promised, used }) => ({
    warms,
    promised: warms === 0 ? 0 : promised / warms,
    used: warms === 0 ? 0 : used / warms,
  }))
}
