/** How each file of a run ended: the plan joined with what ingest has folded. */
import type { FoldedAnswer, FoldedFile } from '../../model/folded-run.ts'
import type { WarmOutcomeKind } from '../../model/outcome.ts'
import type { RunHeader } from './plan.ts'

export type FileEnd = {
  readonly outcome: WarmOutcomeKind | 'pending'
  readonly detail: string
  readonly version: string | null
  readonly bytes: number
  /** Whether it was found in the cache again after the last file of the run was warmed. */
  readonly verified: boolean
}

/** Outcomes after which the value is in the cache. */
const THERE: ReadonlySet<string> = new Set(['warmed', 'present', 'refreshed'])

export const isThere = (answer: Pick<FoldedAnswer, 'outcome'>): boolean => THERE.has(answer.outcome)

/** Whether the layer has no value of such a file: nothing of it could be in the cache, so nothing is missing there. */
export const hasNoValue = ({ outcome, detail }: { readonly outcome: string; readonly detail: string }): boolean =>
  outcome === 'skipped' && detail === 'language'

/** The end of the file at a place of the plan; `folded` null when no worker has answered for it. */
export function fileEnd(
  header: Pick<RunHeader, 'planned' | 'rest' | 'spec' | 'endedAtMs'>,
  place: number,
  folded: FoldedFile | null,
): FileEnd {
  if (place >= (header.planned?.filesWithin ?? 0)) return unanswered('skipped', 'limit')
  const { warm, check } = folded ?? { warm: null, check: null }
  const first = header.spec.check ? check : warm
  if (first === null) return unansweredIn(header)
  if (!isThere(first) || check === null) return { ...first, verified: false }
  return isThere(check) ? { ...first, verified: true } : { ...first, ...lostSince(check), verified: false }
}

/** A file that was warmed and then not found again. */
const lostSince = ({ outcome, detail }: FoldedAnswer): Pick<FileEnd, 'outcome' | 'detail'> =>
  outcome === 'cold' ? { outcome: 'failed', detail: 'evicted' } : { outcome: 'failed', detail: detail || outcome }

const unansweredIn = ({ rest, endedAtMs }: Pick<RunHeader, 'rest' | 'endedAtMs'>): FileEnd =>
  rest === null || endedAtMs === null ? unanswered('pending', '') : unanswered('skipped', rest)

const unanswered = (outcome: FileEnd['outcome'], detail: string): FileEnd => ({
  ...{ outcome, detail },
  version: null,
  bytes: 0,
  verified: false,
})
