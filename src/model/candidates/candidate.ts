/** A file that some evidence says will be read, before it is decided whether to warm it. */
export type Candidate = {
  readonly path: string
  /** Probability of a read before the horizon, 0..1, as far as this evidence can tell. */
  readonly probability: number
  /** The evidence: sequence, profile, correlation, succession, seasonal, recurrence or manual. */
  readonly reason: string
  /** When the read is expected, event time. */
  readonly expectedAtMs: number
}

/** One access as a predictor sees it. */
export type ObservedAccess = {
  readonly path: string
  readonly timeMs: number
}

/** The session that a batch of accesses belongs to, after the batch. */
export type ObservedSession = {
  readonly workspace: string
  readonly session: string
  readonly analyzer: string
  readonly startedAtMs: number
  readonly lastAccessMs: number
  /** Accesses so far. */
  readonly position: number
  /** Mean time between accesses so far, ms; an assumption before the second access. */
  readonly paceMs: number
  /** The latest accesses, oldest first; at most 32. */
  readonly recent: readonly ObservedAccess[]
  /** Whether this session has read the path already. */
  readonly hasRead: (path: string) => boolean
}

/** The strongest candidate of each path; of equal ones the sooner expected. Order: the soonest expected first. */
export function strongest(candidates: Iterable<Candidate>): Candidate[] {
  const best = new Map<string, Candidate>()
  for (const candidate of candidates) {
    const known = best.get(candidate.path)
    if (known === undefined || isStronger(candidate, known)) best.set(candidate.path, candidate)
  }
  return [...best.values()].sort((a, b) => a.expectedAtMs - b.expectedAtMs || b.probability - a.probability)
}

const isStronger = (a: Candidate, b: Candidate): boolean =>
  a.probability > b.probability || (a.probability === b.probability && a.expectedAtMs < b.expectedAtMs)
