import type { Evidence } from './candidates.ts'

/** One read of one file, as the predictor sees it. `outcome` is what the cache said, null when nobody knows. */
export type PredictorAccess = {
  readonly workspace: string
  readonly session: string
  /** Tool that reads; the empty string where sessions carry no such name. */
  readonly analyzer: string
  readonly path: string
  /** Event time in milliseconds since the epoch. */
  readonly timeMs: number
  readonly outcome: 'hit' | 'warmHit' | 'miss' | 'stale' | null
}

/** A file that will probably be read, and that is worth a warm (or a renewal, where it is cached already). */
export type Prediction = {
  readonly path: string
  /** Calibrated probability, 0 to 1, that the file is read before the cache would drop it again. */
  readonly probability: number
  /** Name of the evidence that spoke for it first. */
  readonly reason: string
  readonly expectedAtMs: number
  /** After this moment an unread warm counts as wasted. */
  readonly horizonAtMs: number
}

/** One knob: the price of a wasted warm, hence the lowest probability that is warmed. */
export type Aggressiveness = 'low' | 'medium' | 'high'

/**
 * How long an entry of the cache lives once it was read or predicted last, and how long a prediction has to be read before
 * it counts as wasted, ms.
 */
export type EntryLives = { readonly readMs: number; readonly horizonMs: number }

export type PredictorOptions = {
  /** Files the cache holds, all workspaces together. */
  readonly capacityFiles: number
  /**
   * Given where a real cache is believed in: then the capacity is only where the belief begins, to be corrected by what
   * reads find; entries outlive their life; a warm is wasted when its time is over, be it still there; and a read of
   * which nobody knows what it found has filled nothing.
   */
  readonly lives?: EntryLives
  /** Other processes warm the same cache, and say what they move there (shared-movements.ts). */
  readonly isOneOfMany?: boolean
  /** Delay from an event to the warmed entry, as measured. */
  readonly latencyMs: number
  readonly aggressiveness: Aggressiveness
  /** Evidence to do without, to see what it is worth. */
  readonly without?: readonly Evidence[]
  /** Distinct paths known of a workspace before the predictor starts anew from its latest sessions. */
  readonly filesMax?: number
}

/** What is known of a workspace before anybody reads it: its files, and which file imports which. */
export type PredictorGraph = {
  readonly files: readonly string[]
  readonly edges: readonly (readonly [string, string])[]
}

/** One closed session, for learning from the store: its reads in order. */
export type SessionSequence = {
  readonly session: string
  readonly analyzer: string
  readonly reads: readonly { readonly path: string; readonly timeMs: number }[]
}

/** Learns one workspace's reads, online, in bounded memory; says what to warm. Likeliest file last. */
export interface Predictor {
  observe(access: PredictorAccess): readonly Prediction[]
  /** Warms that the clock alone asks for. Call it at any rate; `nextTickMs` says when it next has work. */
  tick(nowMs: number): readonly Prediction[]
  /** Event time of the next scheduled warm, Infinity when none is planned. */
  nextTickMs(): number
}

/** A predictor that can rank, whatever is cached: the files that a session will read next, likeliest first. */
export interface RankingPredictor extends Predictor {
  rank(session: string, count: number): readonly string[]
}

/** The analyzer of a session id: what follows its last colon, unless that is a number. */
export function analyzerOfSession(session: string): string {
  const colon = session.lastIndexOf(':')
  if (colon < 0) return ''
  const tail = session.slice(colon + 1)
  return /^\d*$/.test(tail) ? '' : tail
}
