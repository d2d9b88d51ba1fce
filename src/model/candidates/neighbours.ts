import type { Candidate, ObservedSession } from './candidate.ts'

type Neighbour = { readonly path: string; readonly count: number }
type NeighbourEvidence = { readonly frequency: number; readonly neighbours: readonly Neighbour[] }

/** Fewer common reads than this are chance. */
const SUPPORT_MIN = 2

/**
 * Files read together with the one just read: P(B | A) ~ co(A,B) / (frequency(A) + 1), the confidence of an
 * association rule (Agrawal, Imielinski, Swami, SIGMOD 1993) with one imagined counter-example against small counts.
 * They are expected within the session's window, so about half a window ahead.
 */
export const correlationCandidates = (file: NeighbourEvidence, session: ObservedSession): Candidate[] =>
  neighbourCandidates(file, session, { reason: 'correlation', stepsAhead: 6 })

/** The file read right after the one just read: a first-order Markov chain over the session's reads. */
export const successionCandidates = (file: NeighbourEvidence, session: ObservedSession): Candidate[] =>
  neighbourCandidates(file, session, { reason: 'succession', stepsAhead: 1 })

function neighbourCandidates(
  file: NeighbourEvidence,
  session: ObservedSession,
  kind: { reason: string; stepsAhead: number },
): Candidate[] {
  const expectedAtMs = session.lastAccessMs + session.paceMs * kind.stepsAhead
  return file.neighbours
    .filter(({ path, count }) => count >= SUPPORT_MIN && !session.hasRead(path))
    .map(({ path, count }) => ({
      path,
      probability: Math.min(1, count / (file.frequency + 1)),
      reason: kind.reason,
      expectedAtMs,
    }))
}
