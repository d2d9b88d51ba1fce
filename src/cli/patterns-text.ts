/** Learned patterns as people read them: short tables, and the week as a picture. */
import type {
  AnalyzerSequence,
  Correlation,
  FilePatterns,
  LatestSession,
  Patterns,
  Related,
} from '../ports/patterns.ts'
import { columns } from './columns.ts'
import { printable } from './printable.ts'
import { count, counted, percent, seconds } from './runs/figures.ts'

/** Files of a sequence or session that are named. */
const NAMED_MAX = 6

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const SHADES = ['·', '░', '▒', '▓', '█']
const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
const HOURS_HEAD = '     0     6     12    18'

export function patternsText(patterns: Patterns): string {
  const { workspace, accesses, files, closedSessions, atMs } = patterns
  const hour = new Date(atMs).getUTCHours()
  return blocks([
    [
      `${printable(workspace)}: ${counted(accesses, 'read')} of ${counted(files, 'file')}, ${counted(closedSessions, 'session')} ended`,
    ],
    table('Read together', ['COUNT', 'STRENGTH', 'FILES'], patterns.correlations.map(correlationRow)),
    titled('Recurring sequences', patterns.recurring.map(recurringLine)),
    titled('Latest sessions', patterns.latest.map(sessionLine)),
    titled('Hours (UTC)', hoursLines(patterns.hoursOfDay, patterns.hoursOfWeek)),
    table(
      `Read most between ${hour}:00 and ${(hour + 1) % 24}:00`,
      ['COUNT', 'FILE'],
      patterns.peakFiles.map((file) => [count(file.count), printable(file.path)]),
    ),
    table('Expected by the clock within a day', ['WHEN', 'SURE', 'BY', 'FILE'], patterns.next.map(nextRow)),
  ])
}

export function filePatternsText(file: FilePatterns): string {
  const { path, workspace, frequency, lastAccessMs, meanIntervalNextMs, next } = file
  const byMean = meanIntervalNextMs === null ? 'unknown' : isoOf(meanIntervalNextMs)
  const byClock = next === null ? [] : [`  by the clock             ${nextRow(next).slice(0, 3).join(', ')}`]
  return blocks([
    [
      `${printable(path)} in ${printable(workspace)}: read ${counted(frequency, 'time')}, last at ${isoOf(lastAccessMs)}`,
    ],
    table('Read together with', ['COUNT', 'STRENGTH', 'FILE'], file.together.map(relatedRow)),
    table('Read right after it', ['COUNT', 'STRENGTH', 'FILE'], file.after.map(relatedRow)),
    titled('Hours (UTC)', hoursLines(file.hoursOfDay, file.hoursOfWeek)),
    titled('Next read', [`  last + mean interval     ${byMean}`, ...byClock]),
    titled('Recurring sequences with it', file.recurring.map(recurringLine)),
  ])
}

/** The day as bars, and the week as a grid, a row a day; the busiest hour has the fullest sign. */
function hoursLines(day: readonly number[], week: readonly number[]): readonly string[] {
  if (day.every((reads) => reads === 0)) return []
  const most = Math.max(...week)
  const shade = (reads: number) => (reads === 0 ? SHADES[0] : SHADES[Math.ceil((4 * reads) / most)])
  const rows = DAYS.map(
    (name, at) =>
      `  ${name}  ${week
        .slice(24 * at, 24 * at + 24)
        .map(shade)
        .join('')}`,
  )
  return [`  ${HOURS_HEAD}`, `  all  ${barsOf(day)}`, ...rows]
}

function barsOf(day: readonly number[]): string {
  const most = Math.max(...day)
  return day.map((reads) => (reads === 0 ? ' ' : BARS[Math.ceil((8 * reads) / most) - 1])).join('')
}

const correlationRow = ({ path, coFile, count: times, strength }: Correlation): readonly string[] => [
  count(times),
  strength.toFixed(2),
  `${printable(path)} → ${printable(coFile)}`,
]

const relatedRow = ({ path, count: times, strength }: Related): readonly string[] => [
  count(times),
  strength.toFixed(2),
  printable(path),
]

const recurringLine = ({ analyzer, sessions, paths }: AnalyzerSequence): string =>
  `  ${printable(analyzer)}, ${counted(sessions, 'session')}, ${counted(paths.length, 'file')}: ${named(paths, ' → ')}`

function sessionLine({ session, analyzer, startedAtMs, endedAtMs, reads, paths }: LatestSession): string {
  const took = startedAtMs === null || endedAtMs === null ? '' : ` in ${seconds(endedAtMs - startedAtMs)}`
  const began = startedAtMs === null ? 'unknown time'.padEnd(20) : isoOf(startedAtMs)
  return `  ${began}  ${printable(analyzer)}, ${counted(reads, 'read')}${took}, ${printable(session)}: ${named(paths, ', ')}`
}

const nextRow = ({ expectedAtMs, probability, reason, path }: Patterns['next'][number]): readonly string[] => [
  isoOf(expectedAtMs),
  percent(probability),
  reason,
  printable(path),
]

const isoOf = (timeMs: number): string => `${new Date(Math.round(timeMs)).toISOString().slice(0, 19)}Z`

function named(paths: readonly string[], between: string): string {
  const rest = paths.length - NAMED_MAX
  return `${paths.slice(0, NAMED_MAX).map(printable).join(between)}${rest > 0 ? `${between}${count(rest)} more` : ''}`
}

const NUMBERS: ReadonlySet<string> = new Set(['COUNT', 'STRENGTH', 'SURE'])

const table = (title: string, head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] =>
  rows.length === 0 ? [] : titled(title, columns(head, rows, NUMBERS))

const titled = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [title, ...lines]

const blocks = (all: readonly (readonly string[])[]): string =>
  all
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${line}\n`).join(''))
    .join('\n')
