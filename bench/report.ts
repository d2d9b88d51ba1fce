/** What benches measure, each figure beside its reference, and the table of it. */
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import type { Servers } from './servers.ts'

/** One round: the figure and its reference, measured one after the other. */
export type Round = { readonly value: number; readonly reference: number }

/** What is to be reached by the medians, of the figure itself or of its ratio to the reference. */
export type Aim = { readonly of: 'value' | 'ratio'; readonly at: 'least' | 'most'; readonly bound: number }

export type Comparison = {
  readonly measure: string
  readonly unit: string
  readonly reference: string
  readonly rounds: readonly Round[]
  readonly aims?: readonly Aim[]
}

export type BenchContext = {
  readonly servers: Servers
  /** How long one round of one figure is meant to take, about. */
  readonly seconds: number
  readonly rounds: number
  /** Tells what is going on, apart from the result. */
  readonly progress: (text: string) => void
}

export type Bench = (context: BenchContext) => Promise<readonly Comparison[]>

/** Smallest, middle and largest of some values. */
export type Spread = { readonly min: number; readonly median: number; readonly max: number }

/** The value below which this share (0..1) of the values lies, by nearest rank. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

export const spreadOf = (values: readonly number[]): Spread => ({
  min: Math.min(...values),
  median: quantile(values, 0.5),
  max: Math.max(...values),
})

export type Result = Omit<Comparison, 'rounds' | 'aims'> & {
  readonly bench: string
  readonly value: Spread
  readonly referenceValue: Spread
  readonly ratio: Spread
  readonly aims: readonly (Aim & { readonly met: boolean })[]
}

export function resultOf(bench: string, { measure, unit, reference, rounds, aims = [] }: Comparison): Result {
  const value = spreadOf(rounds.map((round) => round.value))
  const ratio = spreadOf(rounds.map((round) => round.value / round.reference))
  const met = ({ of, at, bound }: Aim): boolean => {
    const reached = (of === 'value' ? value : ratio).median
    return at === 'least' ? reached >= bound : reached <= bound
  }
  return {
    ...{ bench, measure, unit, reference, value, ratio },
    referenceValue: spreadOf(rounds.map((round) => round.reference)),
    aims: aims.map((aim) => ({ ...aim, met: met(aim) })),
  }
}

/** The machine and how busy it was: figures of a shared one only count as ratios. */
export const machineFacts = () => ({
  date: new Date().toISOString().slice(0, 10),
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  memoryGb: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  loadAverage: loadavg().map((load) => Number(load.toFixed(1))),
})

const COLUMNS = ['bench', 'measure', 'reached', 'reference', 'reference reached', 'ratio', 'aim'] as const

/** A Markdown table: medians, and the smallest and the largest of the rounds in brackets. */
export function tableOf(results: readonly Result[]): string {
  const rows = results.map((result) => [
    result.bench,
    result.measure,
    `${spreadText(result.value)} ${result.unit}`,
    result.reference,
    spreadText(result.referenceValue),
    spreadText(result.ratio),
    result.aims.map(aimText).join('; '),
  ])
  const table = [[...COLUMNS], ...rows]
  const widths = COLUMNS.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  return [line(COLUMNS), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

const spreadText = ({ min, median, max }: Spread): string =>
  min === max ? numberText(median) : `${numberText(median)} (${numberText(min)}–${numberText(max)})`

const numberText = (value: number): string =>
  value >= 1_000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)))

const aimText = ({ of, at, bound, met }: Result['aims'][number]): string =>
  `${of === 'ratio' ? 'ratio ' : ''}at ${at} ${numberText(bound)}: ${met ? 'met' : 'missed'}`
