/** What is told of a run at any moment: its header joined with what ingest has folded. */
import type { FoldedAnswer, FoldedEnd, FoldedRun, FoldedWord } from '../../model/folded-run.ts'
import { type FileEnd, fileEnd } from './file-end.ts'
import type { RunHeader } from './plan.ts'

/** Files of a run by how they ended, or `pending`. */
export type EndCount = { readonly outcome: FileEnd['outcome']; readonly detail: string; readonly files: number }

export type RunStanding = {
  /** They add up to the entries of the plan; empty while there is none. */
  readonly counts: readonly EndCount[]
  readonly verified: number
  readonly bytes: number
  readonly pressure: number
}

/** The part of a header that the standing of its run follows from. */
export type StandingHeader = Pick<RunHeader, 'planned' | 'rest' | 'spec' | 'endedAtMs' | 'tally'>

/**
 * What was counted when the run ended; until then what is folded by now, the rest of the plan pending or over the
 * limit.
 */
export function standingOf(header: StandingHeader, folded: FoldedRun | null): RunStanding {
  if (header.tally !== null) return header.tally
  const { planned } = header
  const course = { bytes: folded?.bytes ?? 0, pressure: folded?.pressure.highest ?? 0 }
  if (planned === null) return { ...course, counts: [], verified: 0 }
  const ends = (folded?.ends ?? []).map((end) => ({ ...fileEnd(header, 0, withoutSizes(end)), files: end.files }))
  const answered = ends.reduce((sum, { files }) => sum + files, 0)
  const within = { ...fileEnd(header, 0, null), files: Math.max(0, planned.filesWithin - answered) }
  const beyond = { ...fileEnd(header, planned.filesWithin, null), files: planned.files - planned.filesWithin }
  const verified = ends.reduce((sum, end) => sum + (end.verified ? end.files : 0), 0)
  return { ...course, counts: addedUp([...ends, within, beyond]), verified }
}

const withoutSizes = ({ warm, check }: FoldedEnd) => ({ warm: answer(warm), check: answer(check) })
const answer = (word: FoldedWord | null): FoldedAnswer | null =>
  word === null ? null : { ...word, version: null, bytes: 0 }

function addedUp(ends: readonly EndCount[]): readonly EndCount[] {
  const counts = new Map<string, EndCount>()
  for (const { outcome, detail, files } of ends) {
    const key = `${outcome}\n${detail}`
    if (files > 0) counts.set(key, { outcome, detail, files: files + (counts.get(key)?.files ?? 0) })
  }
  return [...counts.values()].sort((a, b) => a.outcome.localeCompare(b.outcome) || a.detail.localeCompare(b.detail))
}

/** Whether files of an ended run were answered whose answers nobody keeps any more. */
export function isForgotten({ tally, rest }: RunHeader, folded: FoldedRun | null): boolean {
  if (tally === null || folded?.kept === true) return false
  return tally.counts.some(({ outcome, detail }) => outcome !== 'skipped' || (detail !== rest && detail !== 'limit'))
}
