import type { Verdict } from './prediction.ts'
import { type Group, REASONS_MAX } from './tallies.ts'

/**
 * Random groups that files are in, by hash. Reads of one file are no independent draws, so the error of a hit rate comes
 * from how these groups differ, not from the number of reads. Groups, unlike files, are bounded and add up over shards.
 */
export const READ_GROUPS = 64

/** Length of a span of event time in which settlements are counted together. */
export const SPAN_MS = 15 * 60_000

/** Latest spans that are kept: a day. */
export const SPANS_MAX = 96

const OTHER_REASON = 'other'

/** Number of the span of a time. */
const spanOf = (timeMs: number): number => Math.floor(timeMs / SPAN_MS)

/** Reads of files and those that the cache answered, by group. */
export type ReadGroups = { readonly reads: number[]; readonly hits: number[] }

/** Warmed files that were settled in one span. */
export type SpanTally = { hit: number; late: number; wasted: number }

const newReadGroups = (): ReadGroups => ({
  reads: new Array<number>(READ_GROUPS).fill(0),
  hits: new Array<number>(READ_GROUPS).fill(0),
})

/** What shows, with its error and over time, whether warming was right. */
export class WarmingEvidence {
  readonly groups: Readonly<Record<Group, ReadGroups>> = { treated: newReadGroups(), control: newReadGroups() }
  /** By number, in the order of the last count; for one more than are kept the one counted longest ago leaves. */
  readonly spans = new Map<number, SpanTally>()
  /** Bytes of warmed values that nobody read, by reason; after so many reasons more are `other`. */
  readonly wastedBytes = new Map<string, number>()

  /** A read of a file whose id begins with these 32 bits. */
  read(group: Group, high: number, isHit: boolean): void {
    const at = high % READ_GROUPS
    const { reads, hits } = this.groups[group]
    reads[at] = (reads[at] ?? 0) + 1
    if (isHit) hits[at] = (hits[at] ?? 0) + 1
  }

  /** A warmed file was settled at a time of the log. */
  settle(timeMs: number, verdict: Exclude<Verdict, 'dropped'>): void {
    this.#span(spanOf(timeMs))[verdict] += 1
    const [oldest] = this.spans.keys()
    if (this.spans.size > SPANS_MAX && oldest !== undefined) this.spans.delete(oldest)
  }

  waste(reason: string, bytes: number): void {
    const known = this.wastedBytes.has(reason) || this.wastedBytes.size < REASONS_MAX
    const name = known ? reason : OTHER_REASON
    this.wastedBytes.set(name, (this.wastedBytes.get(name) ?? 0) + bytes)
  }

  /** Adds another shard's counts. */
  add(other: WarmingEvidence): void {
    for (const group of ['treated', 'control'] as const) {
      for (let at = 0; at < READ_GROUPS; at += 1) {
        const [own, more] = [this.groups[group], other.groups[group]]
        own.reads[at] = (own.reads[at] ?? 0) + (more.reads[at] ?? 0)
        own.hits[at] = (own.hits[at] ?? 0) + (more.hits[at] ?? 0)
      }
    }
    for (const [span, { hit, late, wasted }] of other.spans) {
      const own = this.#span(span)
      own.hit += hit
      own.late += late
      own.wasted += wasted
    }
    for (const [reason, bytes] of other.wastedBytes) this.waste(reason, bytes)
  }

  #span(span: number): SpanTally {
    const tally = this.spans.get(span) ?? { hit: 0, late: 0, wasted: 0 }
    this.spans.delete(span)
    this.spans.set(span, tally)
    return tally
  }
}
