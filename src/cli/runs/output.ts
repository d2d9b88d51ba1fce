/** Where a run is shown as it goes on: a bar on a terminal, plain lines elsewhere, NDJSON for machines. */
import type { RunFile, RunSummary } from '../../ports/runs.ts'
import { LINE_START } from '../terminal.ts'
import { doneOf, fileLine, percentOf, progressText, reportText, summaryJson } from './summary.ts'

export type RunOutput = {
  /** What is known at one look; null before anybody has begun the run. */
  progress(summary: RunSummary | null): void
  /** A sentence for people, besides the progress. */
  note(text: string): void
  /** The run has ended: its report, and files that are not in the cache (`more`: how many are not shown). */
  ended(report: RunReport): void
}

export type RunReport = {
  readonly summary: RunSummary
  readonly accuracy: number | null
  readonly notThere: readonly RunFile[]
  readonly more: number
}

export type OutputDeps = {
  /** Standard output: reports and NDJSON. */
  readonly write: (text: string) => void
  /** Standard error: progress and notes. */
  readonly report: (text: string) => void
  readonly nowMs: () => number
}

/** Width of the bar in characters. */
const BAR = 24

/** Plain progress comes at most once in so long. */
const LINE_EVERY_MS = 2_000

export function terminalOutput(deps: OutputDeps): RunOutput {
  const rate = rateMeter(deps.nowMs)
  return {
    progress(summary) {
      if (summary === null) return deps.report(`${LINE_START}waiting for predict`)
      const full = Math.floor((BAR * percentOf(summary)) / 100)
      const bar = `[${'#'.repeat(full)}${'-'.repeat(BAR - full)}] ${String(percentOf(summary)).padStart(3)} %`
      deps.report(`${LINE_START}${bar}  ${progressText(summary, rate(summary))}`)
    },
    note: (text) => deps.report(`${LINE_START}${text}\n`),
    ended(report) {
      deps.report(LINE_START)
      deps.write(reportLines(report))
    },
  }
}

export function plainOutput(deps: OutputDeps): RunOutput {
  const rate = rateMeter(deps.nowMs)
  let toldAtMs = Number.NEGATIVE_INFINITY
  let told = ''
  return {
    progress(summary) {
      if (summary === null || (summary.state === told && deps.nowMs() - toldAtMs < LINE_EVERY_MS)) return
      told = summary.state
      toldAtMs = deps.nowMs()
      deps.report(`forewarm: ${percentOf(summary)} %: ${progressText(summary, rate(summary))}\n`)
    },
    note: (text) => deps.report(`forewarm: ${text}\n`),
    ended: (report) => deps.write(reportLines(report)),
  }
}

/** One JSON object a line on standard output: `progress`, `note`, `file` for each that is not in the cache, `ended`. */
export function jsonOutput(deps: OutputDeps): RunOutput {
  const line = (value: unknown) => deps.write(`${JSON.stringify(value)}\n`)
  let told = ''
  return {
    progress(summary) {
      const text = JSON.stringify(summary === null ? null : summaryJson(summary))
      if (text === told) return
      told = text
      if (summary !== null) line({ type: 'progress', ...summaryJson(summary) })
    },
    note: (text) => line({ type: 'note', text }),
    ended({ summary, accuracy, notThere, more }) {
      for (const file of notThere) line({ type: 'file', ...file })
      line({ type: 'ended', ...summaryJson(summary), accuracy, filesNotListed: more })
    },
  }
}

function reportLines({ summary, accuracy, notThere, more }: RunReport): string {
  const rest = more === 0 ? '' : `  and ${more} more: forewarm runs show ${summary.id}\n`
  return `${reportText(summary, accuracy)}${notThere.map(fileLine).join('')}${rest}`
}

/** Files a second since the first look at which the plan was known. */
function rateMeter(nowMs: () => number): (summary: RunSummary) => number | null {
  let first: { readonly atMs: number; readonly done: number } | undefined
  return (summary) => {
    const of = doneOf(summary)
    if (of === null) return null
    first ??= { atMs: nowMs(), done: of.done }
    const elapsedMs = nowMs() - first.atMs
    return elapsedMs < 500 ? null : (1_000 * (of.done - first.done)) / elapsedMs
  }
}
