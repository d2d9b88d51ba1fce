/** What ingest folds of a run from warm outcomes. */
import type { WarmOutcomeKind } from './outcome.ts'

/** What a worker answered for one place of a run's plan; the first answer of a place and mode is the one that counts. */
export type FoldedAnswer = {
  readonly outcome: WarmOutcomeKind
  readonly detail: string
  readonly version: string | null
  readonly bytes: number
}

/** One place of a run's plan: what the command that warmed it answered, and what the one that checked it. */
export type FoldedFile = {
  readonly warm: FoldedAnswer | null
  readonly check: FoldedAnswer | null
}

/** A run as a whole, small whatever its size. */
export type FoldedRun = {
  /** Places that a `warm` command has answered, by outcome and detail. */
  readonly warm: readonly FoldedCount[]
  /** Places that a `check` command has answered, likewise. */
  readonly check: readonly FoldedCount[]
  /** Bytes put into the cache. */
  readonly bytes: number
  /** Memory pressure, 0..1: the last that a worker told (by event time), and the highest. */
  readonly pressure: { readonly last: number; readonly highest: number }
  /** Event times of the first and the last answer, ms. */
  readonly firstAtMs: number
  readonly lastAtMs: number
}

export type FoldedCount = { readonly outcome: WarmOutcomeKind; readonly detail: string; readonly files: number }
