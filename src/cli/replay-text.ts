import type { Course, ReplayReport } from '../model/replay/report.ts'

/** The report as lines for a terminal of 80 columns. */
export function reportText(report: ReplayReport): string {
  const { settled, ownPolicy } = report
  return [
    `${report.reads} reads of ${report.distinctFiles} files; a cache of ${report.capacityFiles} files; warms take ${report.latencyMs} ms`,
    '',
    ...coursePlot(report.course),
    '',
    `hit ratio   LRU ${share(report.baselineHit)}   with warming ${share(report.hit)}   Belady's bound ${share(report.beladyHit)}`,
    `misses      ${percent(report.missReduction)} of LRU's removed`,
    `warms       ${report.warms} issued: precision ${share(report.precision)}, wasted ${report.wasted}, late ${report.late}`,
    `traffic     ${report.perRead.toFixed(3)} warms inserted for each read, ${report.touchesPerRead.toFixed(3)} entries renewed`,
    `own policy  ${share(ownPolicy.baselineHit)} without, ${share(ownPolicy.hit)} with warming: precision ${share(ownPolicy.precision)}, refused ${ownPolicy.refused}`,
    `settled     accuracy ${share(settled.accuracy)} by the model's own count: ${settled.hits} hits, ${settled.wasted} wasted, ${settled.late} late`,
    ...next20Lines(report),
    ...reasonLines(report),
  ].join('\n')
}

function next20Lines({ next20 }: ReplayReport): string[] {
  if (next20 === undefined) return []
  const { precisionAt10, recallAt20, lists } = next20
  return [`next 20     P@10 ${share(precisionAt10)}, R@20 ${share(recallAt20)} over ${lists} lists`]
}

function reasonLines({ reasons }: ReplayReport): string[] {
  if (reasons.length === 0) return []
  const lines = reasons.map(({ reason, warms, inserted, used, precision }) => {
    const counts = [warms, inserted, used, inserted - used].map((count) => String(count).padStart(9))
    return `${reason.padEnd(20)}${counts.join('')}  ${share(precision).padStart(9)}`
  })
  return ['', `${'reason'.padEnd(20)}   issued inserted     read   wasted  precision`, ...lines]
}

const PLOT_ROWS = 11
const PLOT_COLUMNS = 60

/** Later ones are drawn over earlier ones. */
const MARKS = [
  { key: 'belady', mark: '·', name: "Belady's bound: the best without warming" },
  { key: 'lru', mark: '○', name: 'LRU' },
  { key: 'warming', mark: '●', name: 'with warming' },
] as const

/** Hit ratios over the trace's course: a column is a stretch of the trace, a row a tenth. */
function coursePlot(course: Course): string[] {
  const columns = Math.min(PLOT_COLUMNS, course.lru.length)
  const rows = Array.from({ length: PLOT_ROWS }, () => Array.from({ length: columns }, () => ' '))
  for (const { key, mark } of MARKS) {
    for (let column = 0; column < columns; column++) {
      const height = Math.round(meanOf(course[key], column, columns) * (PLOT_ROWS - 1))
      const row = rows[PLOT_ROWS - 1 - height]
      if (row !== undefined) row[column] = mark
    }
  }
  const lines = rows.map((row, nth) => `${(1 - nth / (PLOT_ROWS - 1)).toFixed(1)} ┤${row.join('')}`)
  const legend = MARKS.toReversed().map(({ mark, name }) => `${mark} ${name}`)
  return ['hit ratio', ...lines, `    └${'─'.repeat(columns)} reads`, `     ${legend.join('   ')}`]
}

function meanOf(values: readonly number[], column: number, columns: number): number {
  const [from, to] = [(column * values.length) / columns, ((column + 1) * values.length) / columns]
  const part = values.slice(Math.floor(from), Math.max(Math.floor(from) + 1, Math.floor(to)))
  return part.reduce((sum, value) => sum + value, 0) / part.length
}

function share(value: number | null): string {
  return value === null ? 'none' : value.toFixed(4)
}

function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`
}
