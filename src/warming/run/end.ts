/** What a run ends as: its files counted, and the state and the words that follow from them. */
import type { FoldedCount, FoldedRun } from '../../model/folded-run.ts'
import { hasNoValue, isThere } from './file-end.ts'
import type { Planned, RestReason, RunHeader, RunTally } from './plan.ts'
import type { RunState } from './state.ts'
import { type StandingHeader, standingOf } from './summary.ts'

/** What an ended run leaves. Throws when a file has not ended: a run must not be ended then. */
export function tallyOf(header: StandingHeader, folded: FoldedRun | null): RunTally {
  const { counts, ...standing } = standingOf(header, folded)
  const ended = counts.map(({ outcome, detail, files }): FoldedCount => {
    if (outcome === 'pending') throw new Error(`${files} files of a run that ends have no outcome`)
    return { outcome, detail, files }
  })
  return { ...standing, counts: ended }
}

/**
 * State and reason of a run whose files are counted. Complete only if every planned file was found in the cache that
 * has a value in its layer at all.
 */
export function endOf(
  header: Pick<RunHeader, 'rest' | 'spec' | 'planned'>,
  { counts, verified }: RunTally,
): { readonly state: RunState; readonly why: string } {
  const files = filesIn(counts.filter((count) => !hasNoValue(count)))
  const stopped = header.rest === null ? '' : REST_WORDS[header.rest]
  const why = [stopped, otherEnds(counts), planWords(header.planned)].filter((part) => part !== '')
  if (filesIn(counts) === 0 && header.rest === null) return NOTHING_TO_WARM
  const there = filesIn(counts.filter(isThere))
  return { state: stateOf(header.rest, { files, verified, there }), why: why.join('; ') }
}

const filesIn = (counts: readonly FoldedCount[]): number => counts.reduce((sum, { files }) => sum + files, 0)

function stateOf(
  rest: RestReason | null,
  { files, verified, there }: { files: number; verified: number; there: number },
): RunState {
  if (rest === 'cancelled') return 'cancelled'
  if (rest === 'deadline') return 'timedOut'
  if (verified === files && (files > 0 || rest === null)) return 'complete'
  // A paused run verifies nothing any more, so what it warmed is all that can be said of it.
  return verified > 0 || (rest === 'paused' && there > 0) ? 'partial' : 'failed'
}

const REST_WORDS: Readonly<Record<RestReason, string>> = {
  pressure: 'stopped: the memory pressure is above what the strategy allows',
  limit: 'stopped: the bytes that the strategy allows are used up',
  deadline: 'stopped: its time was over',
  cancelled: 'cancelled',
  paused: 'stopped: warming is paused',
}

/** What a plan lacks, in words; empty when it lacks nothing. */
export const planWords = (planned: Pick<Planned, 'imports'> | null): string =>
  planned?.imports === undefined
    ? ''
    : `dependencies incomplete: parsed ${planned.imports.known} of ${planned.imports.asked} files in time`

/** Files that are not in the cache, in words: `3 missing, 2 failed (origin)`. */
const otherEnds = (counts: readonly FoldedCount[]): string =>
  counts
    .filter((count) => !isThere(count))
    .map(({ outcome, detail, files }) => `${files} ${outcome}${detail === '' ? '' : ` (${detail})`}`)
    .join(', ')

const NOTHING_TO_WARM = { state: 'complete', why: 'there is nothing to warm: no file was selected' } as const
