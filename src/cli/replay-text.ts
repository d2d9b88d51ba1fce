import type { Course, ReplayReport } from '../model/replay/report.ts'

const LEVELS = ' ▁▂▃▄▅▆▇█'

/** The report as lines for a terminal. */
export function reportText(report: ReplayReport): string {
  return [
    `${report.reads} reads of ${report.distinctFiles} files; cache ${report.capacityFiles} files, latency ${report.latencyMs} ms`,
    '',
    ...courseLines(report.course),
    '',
    `hit ratio   LRU ${share(report.baselineHit)}   warming ${share(report.hit)}   Belady ${share(report.beladyHit)}   own policy ${share(report.ownPolicy.hit)}`,
    `misses      ${percent(report.missReduction)} of LRU's removed`,
    `warms       ${report.warms} issued: precision ${share(report.precision)}, late ${report.late}, wasted ${report.wasted}`,
    `traffic     ${report.perRead.toFixed(3)} inserted a read, ${report.touchesPerRead.toFixed(3)} renewed a read`,
    ...next20Lines(report),
    '',
    'reason            inserted   read  precision',
    ...report.reasons.map(
      ({ reason, inserted, used, precision }) =>
        `${reason.padEnd(16)} ${String(inserted).padStart(9)} ${String(used).padStart(6)}  ${share(precision)}`,
    ),
  ].join('\n')
}

function next20Lines(report: ReplayReport): string[] {
  const { next20 } = report
  if (next20 === undefined) return []
  return [
    `next 20     P@10 ${share(next20.precisionAt10)}, R@20 ${share(next20.recallAt20)} over ${next20.lists} lists`,
  ]
}

/** One line of bars a policy: each bar is a stretch of the trace, its height the hit ratio there. */
function courseLines(course: Course): string[] {
  return [
    `LRU     ${bars(course.lru)}`,
    `warming ${bars(course.warming)}`,
    `Belady  ${bars(course.belady)}`,
    `        ${'start of the trace'.padEnd(Math.max(18, course.lru.length - 3))}end`,
  ]
}

function bars(ratios: readonly number[]): string {
  return ratios.map((ratio) => LEVELS[Math.round(ratio * (LEVELS.length - 1))] ?? ' ').join('')
}

function share(value: number | null): string {
  return value === null ? 'none' : value.toFixed(4)
}

function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`
}
