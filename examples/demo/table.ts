import { styleText } from 'node:util'
import type { SessionResult } from './fleet.ts'

/** Lines for people, on standard error where standard output is for a program. */

const share = (part: number, whole: number): string => (whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`)

const BAR = 20
const bar = (part: number, whole: number): string => {
  const filled = whole === 0 ? 0 : Math.round((BAR * part) / whole)
  return styleText('green', '█'.repeat(filled)) + styleText('dim', '░'.repeat(BAR - filled))
}

export const HEADING = styleText(
  'bold',
  'round  revision    analyzer      reads  hit rate                         warm hits  misses  accuracy',
)

export function sessionLine(
  round: number,
  revision: string,
  result: Omit<SessionResult, 'round'>,
  accuracy: number | null,
): string {
  const { analyzer, reads, hits, warmHits } = result
  return [
    String(round).padStart(5),
    ` ${revision.padEnd(10)}`,
    ` ${analyzer.padEnd(12)}`,
    String(reads).padStart(6),
    `  ${bar(hits, reads)} ${share(hits, reads).padStart(8)}`,
    String(warmHits).padStart(10),
    String(reads - hits).padStart(7),
    (accuracy === null ? '–' : share(accuracy, 1)).padStart(9),
  ].join(' ')
}
