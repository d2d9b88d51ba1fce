/** What a predictor makes of an open session, in words. */
import type { InSession } from '../../flows/explain-word.ts'
import type { Fate } from '../../model/prediction/weighed.ts'
import type { OutlookFile, SessionOutlook } from '../../ports/outlook.ts'
import { columns } from '../columns.ts'
import { printable } from '../printable.ts'
import { count, counted, percent, seconds } from './figures.ts'

/** Files that are told; the rest is counted. */
const FILES_MAX = 30

const FATES: Readonly<Record<Fate, string>> = {
  warm: 'worth a warm',
  unlikely: 'below the threshold',
  cached: 'cached, as far as is known',
  asked: 'asked for, not read yet',
  refused: 'turned down by a worker of late',
  late: 'due before a warm could be there',
  full: 'no more room for unread warms',
}

const HEAD = ['PROBABLE', 'DUE', 'TOGETHER', 'EVIDENCE', 'FILE', 'WHAT COMES OF IT']

export function outlookText(outlook: SessionOutlook): string {
  const { session, workspace, analyzer, reads, lastReadMs, threshold, paused, files } = outlook
  const shown = files.slice(0, FILES_MAX)
  const rest = files.length - shown.length
  const lines = [
    `${printable(session)} in ${printable(workspace)}: ${printable(analyzer)}, ${counted(reads, 'read')}, the last at ${new Date(lastReadMs).toISOString()}`,
    `  threshold now ${percent(threshold)}${paused ? '; warming is paused, so nothing is warmed' : ''}`,
    ...(files.length === 0 ? ['  nothing is named: no evidence speaks for any file'] : tableOf(shown, outlook)),
    ...(rest > 0 ? [`  and ${count(rest)} less likely ones`] : []),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/** How likely open sessions are to read the file next. */
export function inSessionsText(sessions: readonly InSession[]): string {
  if (sessions.length === 0) return '  sessions  none is open\n'
  return sessions
    .map((one) => `  session   ${printable(one.session)} (${printable(one.analyzer)}): ${inSessionText(one)}\n`)
    .join('')
}

function inSessionText({ file, hasRead, threshold, paused }: InSession): string {
  if (file === null) return hasRead ? 'has read it; nothing says that it will again' : 'nothing names it now'
  const again = hasRead ? ', has read it before' : ''
  return `${percent(file.probability)} likely (threshold ${percent(threshold)}) by ${file.sources.join(', ')}${dueOf(file)}${again}: ${fateOf(file, paused)}`
}

const dueOf = ({ distance, dueMs }: OutlookFile): string =>
  distance === null ? '' : `, in ${counted(distance, 'read')} (${seconds(dueMs ?? 0)})`

function fateOf({ fate, control }: OutlookFile, paused: boolean): string {
  if (fate !== 'warm') return FATES[fate]
  if (control) return 'worth a warm, but in the control group, which is never warmed'
  return paused ? 'worth a warm, but warming is paused' : FATES[fate]
}

function tableOf(files: readonly OutlookFile[], { paused }: SessionOutlook): readonly string[] {
  const rows = files.map((file) => [
    percent(file.probability),
    file.distance === null ? '' : `${counted(file.distance, 'read')}, ${seconds(file.dueMs ?? 0)}`,
    file.support === 0 ? '' : `${file.strength.toFixed(2)} of ${Math.round(file.support)}`,
    file.sources.join(', '),
    printable(file.path),
    fateOf(file, paused),
  ])
  return columns(HEAD, rows, new Set(['PROBABLE']))
}
