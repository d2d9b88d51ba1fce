/** What ingest folds of a run from warm outcomes. */
import type { WarmOutcomeKind } from './outcome.ts'

/** What a worker answered for one place of a run's plan; the first answer of a place and mode is the one that counts. */
export type FoldedAnswer = {
  readonly outcome: WarmOutcomeKind
  readonly detail: string
  /** The version that the first answer for the place named. */
  readonly version: string | null
  /** Bytes put into the cache; 0 for a check. */
  readonly bytes: number
}

/** One place of a run's plan: what the command that warmed it answered, and what the one that checked it. */
export type FoldedFile = {
  readonly warm: FoldedAnswer | null
  readonly check: FoldedAnswer | null
}

/** An answer without what differs from file to file. */
export type FoldedWord = Pick<FoldedAnswer, 'outcome' | 'detail'>

/** Places of a run that have the same answers. */
export type FoldedEnd = { readonly warm: FoldedWord | null; readonly check: FoldedWord | null; readonly files: number }

/** A run as a whole, small whatever its size. */
export type FoldedRun = {
  /** All places that have an answer, each counted once. */
  readonly ends: readonly FoldedEnd[]
  /** Places that a `warm` command has answered, by outcome and detail. */
  readonly warm: readonly FoldedCount[]
  /** Places that a `check` command has answered, likewise. */
  readonly check: readonly FoldedCount[]
  /** Whether the answers for single places are still kept, and new ones taken; the counts stay longer. */
  readonly kept: boolean
  /** Bytes put into the cache. */
  readonly bytes: number
  /** Memory pressure, 0..1, to a millionth: the last that a worker told (by event time), and the highest. */
  readonly pressure: { readonly last: number; readonly highest: number }
  /** Event times of the first and the last answer, ms. */
  readonly firstAtMs: number
  readonly lastAtMs: number
}

export type FoldedCount = FoldedWord & { readonly files: number }
