/** A run in words: one line while it goes on, a few when it has ended. */
import type { RunCount, RunFile, RunSummary } from '../../ports/runs.ts'
import type { HitRate } from '../../warming/run/hit-rate.ts'
import { hasEnded, type RunState } from '../../warming/run/state.ts'
import { printable } from '../printable.ts'
import { bytes, count, percent, seconds } from './figures.ts'

/** How far a run is: files that have ended, of how many; null while it is planned. */
export type Done = { readonly done: number; readonly files: number } | null

export function doneOf({ counts, files }: RunSummary): Done {
  if (files === null) return null
  const pending = counts.filter(({ outcome }) => outcome === 'pending').reduce((sum, one) => sum + one.files, 0)
  return { done: files - pending, files }
}

/** Whole percent; 100 only of a run that has ended and has all that it planned. */
export function percentOf(summary: RunSummary): number {
  const of = doneOf(summary)
  if (summary.state === 'complete') return 100
  if (of === null || of.files === 0) return 0
  return Math.min(99, Math.floor((100 * of.done) / of.files))
}

/** Whether a file that ended so is in the cache. */
export const isThere = ({ outcome }: Pick<RunFile, 'outcome'>): boolean =>
  outcome === 'warmed' || outcome === 'present' || outcome === 'refreshed'

const NAMES: Readonly<Partial<Record<RunFile['outcome'], string>>> = {
  present: 'already warm',
  missing: 'not found',
  cold: 'not in the cache',
  pending: 'to do',
}

const nameOf = ({ outcome, detail }: Pick<RunFile, 'outcome' | 'detail'>): string =>
  `${NAMES[outcome] ?? outcome}${detail === '' ? '' : ` (${printable(detail)})`}`

const countsText = (counts: readonly RunCount[]): string =>
  counts.map((one) => `${count(one.files)} ${nameOf(one)}`).join(', ')

/** What the run does now, with rate and expected end; `rate` is files a second, null where none is known yet. */
export function progressText(summary: RunSummary, rate: number | null): string {
  const of = doneOf(summary)
  if (of === null) return summary.why === '' ? 'planning' : `planning: ${printable(summary.why)}`
  const left =
    rate === null || rate === 0 || of.done === of.files
      ? ''
      : `, ${count(Math.round(rate))} files/s, ETA ${seconds((1_000 * (of.files - of.done)) / rate)}`
  const verified = summary.verified === 0 ? '' : `, ${count(summary.verified)} verified`
  return `${summary.state} ${count(of.done)}/${count(of.files)} files, ${bytes(summary.bytes)}${verified}${left}`
}

const STATES: Readonly<Record<RunState, string>> = {
  planning: 'planning',
  warming: 'warming',
  verifying: 'verifying',
  complete: 'complete',
  partial: 'partial',
  cancelled: 'cancelled',
  timedOut: 'timed out',
  failed: 'failed',
}

const filesThere = ({ counts }: RunSummary): number => counts.filter(isThere).reduce((sum, { files }) => sum + files, 0)

/** One line for lists: of a run that goes on how far it is, of one that has ended how many of its files are there. */
export function lineOf(summary: RunSummary): string {
  const when = new Date(summary.requestedAtMs).toISOString()
  const share = hasEnded(summary.state) ? `${filesThere(summary)}/${summary.files ?? 0}` : `${percentOf(summary)} %`
  const cells = [
    when,
    STATES[summary.state].padEnd(9),
    share.padStart(9),
    printable(summary.strategy),
    printable(summary.id),
  ]
  return `${cells.join('  ')}  ${countsText(summary.counts)}\n`
}

/** What a run has come to. `accuracy`: of the workspace's predictions of late, null when none is settled. */
export function reportText(summary: RunSummary, accuracy: number | null): string {
  const took = tookMs(summary)
  const speed =
    took === null || took === 0 ? '' : `, ${count(Math.round((1_000 * (summary.files ?? 0)) / took))} files/s`
  const lines = [
    `${STATES[summary.state]}: ${count(filesThere(summary))} of ${count(summary.files ?? 0)} files in the cache, ${count(summary.verified)} verified`,
    ...(summary.why === '' ? [] : [`  why       ${printable(summary.why)}`]),
    ...(summary.counts.length === 0 ? [] : [`  files     ${countsText(summary.counts)}`]),
    `  memory    ${bytes(summary.bytes)} brought into the cache, highest pressure ${summary.pressure.toFixed(2)}`,
    ...(took === null ? [] : [`  time      ${seconds(took)}${speed}`]),
    `  hit rate  before ${hitRateText(summary.hitRate.before)}, after ${hitRateText(summary.hitRate.after)}`,
    ...(accuracy === null ? [] : [`  accuracy  ${percent(accuracy)} of what was predicted was read in time`]),
    `  run       ${printable(summary.id)} (strategy ${printable(summary.strategy)}, by ${printable(summary.requestedBy)})`,
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/** From the request to the end, or null while it goes on. */
const tookMs = ({ endedAtMs, requestedAtMs }: RunSummary): number | null =>
  endedAtMs === null ? null : Math.max(0, endedAtMs - requestedAtMs)

const hitRateText = (rate: HitRate): string =>
  rate === null ? 'no reads' : `${percent(rate.rate)} of ${count(rate.reads)} reads`

/** One file of a run that is not in the cache. */
export const fileLine = ({ path, layer, outcome, detail, reason }: RunFile): string =>
  `  ${nameOf({ outcome, detail })}  ${printable(path)}${layer === 'content' ? '' : ` [${printable(layer)}]`}  (${printable(reason)})\n`

/** Exit codes of commands that wait for a run; `usage` (2) is every command's. */
export const RUN_EXIT_CODES = { complete: 0, failed: 1, partial: 3, timedOut: 4, cancelled: 130 } as const

/** The exit code of an ended run. A check says by 3 that something is cold, be it all. */
export function exitCodeOf({ state, counts }: RunSummary, check: boolean): number {
  const codes: Readonly<Partial<Record<RunState, number>>> = RUN_EXIT_CODES
  const onlyCold = check && state === 'failed' && counts.some(({ outcome }) => outcome === 'cold')
  return onlyCold ? RUN_EXIT_CODES.partial : (codes[state] ?? RUN_EXIT_CODES.failed)
}

/** The summary for machines: what people get, with the figures that are reckoned from it. */
export const summaryJson = (summary: RunSummary) => ({
  ...summary,
  ended: hasEnded(summary.state),
  percent: percentOf(summary),
  tookMs: tookMs(summary),
})
