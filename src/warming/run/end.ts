/** What a run ends as: its files counted, and the state and the words that follow from them. */
import type { FoldedCount, FoldedRun } from '../../model/folded-run.ts'
import { type FileEnd, isThere } from './file-end.ts'
import type { RestReason, RunHeader, RunTally } from './plan.ts'
import type { RunState } from './state.ts'

/** Counts files one after the other, in whatever chunks they come. */
export class Tally {
  readonly #counts = new Map<string, { outcome: FileEnd['outcome']; detail: string; files: number }>()
  #verified = 0

  add({ outcome, detail, verified }: FileEnd): void {
    const key = `${outcome}\n${detail}`
    const count = this.#counts.get(key) ?? { outcome, detail, files: 0 }
    count.files += 1
    this.#counts.set(key, count)
    if (verified) this.#verified += 1
  }

  /** Throws when a file has not ended: a run must not be ended then. */
  done(folded: Pick<FoldedRun, 'bytes' | 'pressure'> | null): RunTally {
    const counts = [...this.#counts.values()].map(({ outcome, detail, files }): FoldedCount => {
      if (outcome === 'pending') throw new Error(`${files} files of a run that ends have no outcome`)
      return { outcome, detail, files }
    })
    const byOutcome = (a: FoldedCount, b: FoldedCount) =>
      a.outcome.localeCompare(b.outcome) || a.detail.localeCompare(b.detail)
    const { bytes, pressure } = folded ?? { bytes: 0, pressure: { highest: 0 } }
    return { counts: counts.sort(byOutcome), verified: this.#verified, bytes, pressure: pressure.highest }
  }
}

/** State and reason of a run whose files are counted. Complete only if every planned file was found in the cache. */
export function endOf(
  header: Pick<RunHeader, 'rest' | 'spec'>,
  { counts, verified }: RunTally,
): { readonly state: RunState; readonly why: string } {
  const files = counts.reduce((sum, count) => sum + count.files, 0)
  const why = [header.rest === null ? '' : REST_WORDS[header.rest], otherEnds(counts)].filter((part) => part !== '')
  if (files === 0 && header.rest === null) return NOTHING_TO_WARM
  return { state: stateOf(header.rest, { files, verified }), why: why.join('; ') }
}

function stateOf(rest: RestReason | null, { files, verified }: { files: number; verified: number }): RunState {
  if (rest === 'cancelled') return 'cancelled'
  if (rest === 'deadline') return 'timedOut'
  if (verified === files && files > 0) return 'complete'
  return verified > 0 ? 'partial' : 'failed'
}

const REST_WORDS: Readonly<Record<RestReason, string>> = {
  pressure: 'stopped: the memory pressure is above what the strategy allows',
  limit: 'stopped: the bytes that the strategy allows are used up',
  deadline: 'stopped: its time was over',
  cancelled: 'cancelled',
  paused: 'stopped: warming is paused',
}

/** Files that are not in the cache, in words: `3 missing, 2 failed (origin)`. */
const otherEnds = (counts: readonly FoldedCount[]): string =>
  counts
    .filter((count) => !isThere(count))
    .map(({ outcome, detail, files }) => `${files} ${outcome}${detail === '' ? '' : ` (${detail})`}`)
    .join(', ')

const NOTHING_TO_WARM = { state: 'complete', why: 'there is nothing to warm: no file was selected' } as const
