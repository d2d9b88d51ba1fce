/** What is going on in a workspace now, folded from the end of the log: it forgets, and the models stay what counts. */
import type { AccessOutcome } from '../model/access.ts'
import type { WarmOutcomeKind } from '../model/outcome.ts'

export type LiveRead = { readonly path: string; readonly timeMs: number; readonly outcome: AccessOutcome }

/**
 * Where a prediction stands: with a worker, in the cache and not read yet, read in time, read before it was there, or
 * not warmed.
 */
export type LiveFate = 'asked' | 'ready' | 'hit' | 'late' | 'unread' | 'notWarmed'

export type LivePrediction = {
  readonly path: string
  readonly probability: number
  readonly reason: string
  readonly issuedAtMs: number
  readonly fate: LiveFate
  /** What the worker answered; null before it has. */
  readonly warm: WarmOutcomeKind | null
}

export type LiveSession = {
  readonly session: string
  readonly analyzer: string
  readonly revision: string | null
  readonly firstMs: number
  readonly lastMs: number
  readonly ended: boolean
  readonly reads: number
  /** Reads by what they found in the cache. */
  readonly outcomes: Readonly<Record<AccessOutcome, number>>
  /** Predictions issued for it, by where they stand. */
  readonly fates: Readonly<Record<LiveFate, number>>
  /** The latest, newest first. */
  readonly latestReads: readonly LiveRead[]
  readonly latestPredictions: readonly LivePrediction[]
}

/** Reads of one minute of event time; those whose outcome nobody saw are not in it. */
export type LiveMinute = {
  readonly minute: number
  readonly treated: { readonly reads: number; readonly hits: number; readonly warmHits: number }
  /** The files that are never warmed. */
  readonly control: { readonly reads: number; readonly hits: number }
}

/** Time from the access that led to a command to its files being in the cache. */
export type LiveLatency = {
  readonly count: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly minutes: readonly { readonly minute: number; readonly p50Ms: number; readonly p95Ms: number }[]
}

/** A worker, by the latest outcome that it told of this workspace. */
export type LiveWorker = {
  readonly worker: string
  /** When the last file of what it told had ended. */
  readonly atMs: number
  /** Share of its files in flight that its governor left to this workspace, 0..1; null when it did not say. */
  readonly governor: number | null
  /** The highest memory pressure that it met, 0..1. */
  readonly pressure: number
}

export type LiveView = {
  /** The latest read first. */
  readonly sessions: readonly LiveSession[]
  /** Ascending. */
  readonly minutes: readonly LiveMinute[]
  /** Null before a file was warmed. */
  readonly latency: LiveLatency | null
  /** The latest heard first. */
  readonly workers: readonly LiveWorker[]
}
