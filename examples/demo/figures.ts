import type { Learned } from '../../src/ports/model-reader.ts'
import type { SessionResult } from './fleet.ts'

/** What the demonstration shows, for programs (`--json`). Rates are shares, 0 to 1. */
export type Figures = {
  readonly before: { readonly reads: number; readonly hits: number; readonly hitRate: number }
  readonly after: {
    readonly reads: number
    readonly hits: number
    readonly hitRate: number
    /** First reads of entries that a worker had put there. */
    readonly warmHits: number
    /** (hit rate after - hit rate before) * reads: what warming gained, less what it cost others. */
    readonly missesPrevented: number
    /** Hits / (hits + wasted) of all settled predictions that were warmed. */
    readonly accuracy: number | null
    readonly predictions: { readonly hit: number; readonly late: number; readonly wasted: number }
    readonly byReason: readonly { readonly reason: string; readonly accuracy: number | null }[]
    /** The estimate from the control group, which is never warmed, with its standard error. */
    readonly missesPreventedByControl: Learned['proof']['missesPrevented']
  }
}

export function figuresOf(
  before: readonly SessionResult[],
  after: readonly SessionResult[],
  learned: Learned | null,
): Figures {
  const [first, second] = [sumOf(before), sumOf(after)]
  const proof = learned?.proof
  return {
    before: { reads: first.reads, hits: first.hits, hitRate: first.hitRate },
    after: {
      ...second,
      missesPrevented: Math.round((second.hitRate - first.hitRate) * second.reads),
      accuracy: proof?.accuracy ?? null,
      predictions: { hit: proof?.hits ?? 0, late: proof?.late ?? 0, wasted: proof?.wasted ?? 0 },
      byReason: proof?.byReason.map(({ reason, accuracy }) => ({ reason, accuracy })) ?? [],
      missesPreventedByControl: proof?.missesPrevented ?? null,
    },
  }
}

/** The figures in words. */
export function summaryOf({ before, after }: Figures): string {
  const { hit, late, wasted } = after.predictions
  return [
    `hit rate           ${percent(before.hitRate)} before, ${percent(after.hitRate)} after (each phase without its first round)`,
    `warm hits          ${after.warmHits} of ${after.reads} reads found what a worker had put there`,
    `misses prevented   ${after.missesPrevented}`,
    `accuracy           ${after.accuracy === null ? '–' : percent(after.accuracy)} (${hit} hit, ${wasted} wasted; ${late} late)`,
  ].join('\n')
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

function sumOf(results: readonly SessionResult[]) {
  const sum = (count: (result: SessionResult) => number) => results.reduce((total, result) => total + count(result), 0)
  const [reads, hits] = [sum((result) => result.reads), sum((result) => result.hits)]
  return { reads, hits, warmHits: sum((result) => result.warmHits), hitRate: reads === 0 ? 0 : hits / reads }
}
