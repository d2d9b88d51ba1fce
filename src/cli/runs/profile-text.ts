/** Where the time of a run went, for people. */
import type { CallTime } from '../../adapters/profiler/call-times.ts'
import type { FunctionTime } from '../../adapters/profiler/cpu-profile.ts'
import type { RunSummary } from '../../ports/runs.ts'
import { printable } from '../printable.ts'
import { count, seconds } from './figures.ts'

export type Profiled = {
  readonly summary: RunSummary | null
  readonly calls: readonly CallTime[]
  readonly functions: readonly FunctionTime[]
}

/** Rows of each table: the manual's `print_stats(20)`. */
const ROWS_MAX = 20

export function profileText({ summary, calls, functions }: Profiled): string {
  return [
    ...(summary === null ? [] : stageLines(summary)),
    '',
    'CALLS  (calls side by side count each)',
    ...table(
      ['calls', 'total', 'mean', 'slowest', 'call'],
      calls
        .slice(0, ROWS_MAX)
        .map(({ name, calls: times, totalMs, slowestMs }) => [
          ...[count(times), seconds(totalMs), milliseconds(totalMs / times), milliseconds(slowestMs)],
          name,
        ]),
    ),
    '',
    'PROCESSOR  (own time of functions in this process)',
    ...table(
      ['own', 'function'],
      functions.slice(0, ROWS_MAX).map(({ name, place, selfMs }) => [seconds(selfMs), printable(`${name}  ${place}`)]),
    ),
    '',
  ].join('\n')
}

function stageLines({ id, requestedAtMs, startedAtMs, endedAtMs }: RunSummary): readonly string[] {
  if (startedAtMs === null || endedAtMs === null) return []
  return [
    '',
    'STAGES',
    `  plan            ${seconds(startedAtMs - requestedAtMs)}`,
    `  warm and verify ${seconds(endedAtMs - startedAtMs)}`,
    `  spans of it carry forewarm.run.id = ${id}`,
  ]
}

const milliseconds = (timeMs: number): string => `${timeMs.toFixed(1)} ms`

/** Columns padded to the widest cell; the last one is text and stays as it is. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padStart(widths[column] ?? 0))).join('  ')
  return all.map((row) => `  ${line(row)}`)
}
