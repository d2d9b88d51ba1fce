/**
 * Shares of reads, and differences of them, with errors that hold although reads of one file are alike. Reads are
 * clustered by file, and files by hash into random groups; the variance of a share comes from how the groups differ
 * (the ratio estimator over random groups: Cochran 1977, "Sampling Techniques" 6.3; Wolter 2007, "Introduction to
 * Variance Estimation" 2.4). Intervals are Wilson's with the sample size that this variance amounts to (Korn and
 * Graubard 1998), so they stay within 0..1 and do not shrink to nothing where all reads were hits.
 */
import type { ReadGroups } from './fold/evidence.ts'

/** An estimate with its standard error and 95 % interval. */
export type Estimate = {
  readonly value: number
  /** Null where too few files were read to tell. */
  readonly error: number | null
  readonly low: number
  readonly high: number
}

/** Normal quantile of a two-sided 95 % interval. */
const Z = 1.959964

/** Groups that a share needs: below, how they differ says next to nothing. */
const GROUPS_MIN = 3

/** A coverage is told to be this at the least: warming that doubles the misses. */
const COVERAGE_MIN = -1

/** Share of reads that were hits; null without a read. */
export function clusterShare({ reads, hits }: ReadGroups): Estimate | null {
  const total = sum(reads)
  if (total === 0) return null
  const value = sum(hits) / total
  const groups = reads.filter((count) => count > 0).length
  // Groups of unequal size count for less (Kish 1965): one large file among small ones is nearly alone.
  const effective = (total * total) / sum(reads.map((count) => count * count))
  const freedom = Math.min(groups, effective) - 1
  if (groups < GROUPS_MIN || freedom < 1) return { value, error: null, low: 0, high: 1 }
  const residuals = reads.map((count, at) => (hits[at] ?? 0) - value * count)
  const variance = ((groups / (groups - 1)) * sum(residuals.map((one) => one * one))) / (total * total)
  const size = variance === 0 ? effective : Math.min(total, (value * (1 - value)) / variance)
  const { low, high } = wilson(value, size * (Z / studentT(freedom)) ** 2)
  return { value, error: Math.sqrt(variance), low, high }
}

/** One share less another of other files; the interval by Newcombe's method (1998, "Interval estimation", no. 10). */
export function difference(one: Estimate, other: Estimate): Estimate {
  const value = one.value - other.value
  const error = hypot(one.error, other.error)
  const low = value - Math.hypot(one.value - one.low, other.high - other.value)
  const high = value + Math.hypot(one.high - one.value, other.value - other.low)
  return { value, error, low: Math.max(-1, low), high: Math.min(1, high) }
}

/**
 * (hit rate - rate without) / (1 - rate without): the share of the misses that would have been which did not come to be.
 * Error by the delta method; the interval by that of the ratio of the miss rates (Donner and Zou 2012, MOVER). Null where
 * there would have been no misses.
 */
export function coverageOf(hitRate: Estimate, without: Estimate): Estimate | null {
  const [missed, wouldMiss] = [complement(hitRate), complement(without)]
  if (wouldMiss.value === 0) return null
  const ratio = missed.value / wouldMiss.value
  const error = hypot(scaled(missed.error, 1 / wouldMiss.value), scaled(wouldMiss.error, ratio / wouldMiss.value))
  const [least, most] = ratioBounds(missed, wouldMiss)
  return { value: 1 - ratio, error, low: Math.max(COVERAGE_MIN, 1 - most), high: 1 - least }
}

/** `estimate` times a number that is known. */
export const times = ({ value, error, low, high }: Estimate, factor: number): Estimate => ({
  value: value * factor,
  error: scaled(error, factor),
  low: low * factor,
  high: high * factor,
})

const complement = ({ value, error, low, high }: Estimate): Estimate => ({
  value: 1 - value,
  error,
  low: 1 - high,
  high: 1 - low,
})

function ratioBounds(top: Estimate, bottom: Estimate): readonly [number, number] {
  const product = top.value * bottom.value
  const bound = (own: number, others: number, sign: 1 | -1): number => {
    const square = own * (2 * top.value - own)
    const divisor = others * (2 * bottom.value - others)
    if (divisor <= 0) return sign < 0 ? 0 : Number.POSITIVE_INFINITY
    return (product + sign * Math.sqrt(Math.max(0, product * product - square * divisor))) / divisor
  }
  return [Math.max(0, bound(top.low, bottom.high, -1)), bound(top.high, bottom.low, 1)]
}

/** Held around its own estimate: at 0 and at 1 a bound meets it exactly, and rounding would put it just beyond. */
function wilson(value: number, size: number): { readonly low: number; readonly high: number } {
  const weight = (Z * Z) / size
  const middle = (value + weight / 2) / (1 + weight)
  const half = (Z / (1 + weight)) * Math.sqrt((value * (1 - value)) / size + weight / (4 * size))
  return { low: clamp(middle - half, 0, value), high: clamp(middle + half, value, 1) }
}

/** 97.5 % quantile of Student's t, off by less than 1 % from 2 degrees of freedom on (Abramowitz and Stegun 26.7.5). */
export function studentT(freedom: number): number {
  const n = freedom
  const first = (Z ** 3 + Z) / 4
  const second = (5 * Z ** 5 + 16 * Z ** 3 + 3 * Z) / 96
  const third = (3 * Z ** 7 + 19 * Z ** 5 + 17 * Z ** 3 - 15 * Z) / 384
  const fourth = (79 * Z ** 9 + 776 * Z ** 7 + 1_482 * Z ** 5 - 1_920 * Z ** 3 - 945 * Z) / 92_160
  return Z + first / n + second / n ** 2 + third / n ** 3 + fourth / n ** 4
}

const clamp = (number: number, least: number, most: number): number => Math.min(most, Math.max(least, number))

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

const scaled = (error: number | null, factor: number): number | null =>
  error === null ? null : error * Math.abs(factor)

const hypot = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? null : Math.hypot(one, other)
