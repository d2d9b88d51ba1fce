import type { Candidate, ObservedSession } from './candidate.ts'

type Sequence = readonly { readonly path: string; readonly timeMs: number }[]

/** How far ahead of the matched read a past session is followed. */
const LOOK_AHEAD = 200

/**
 * A past session of the same analyzer that went the same way so far goes on the same way: the files after the last
 * common read, due after the time that they were due then. The probability is the share of the session's latest reads
 * that the past session read too, with one imagined miss ((matches) / (reads + 1), Laplace's rule of succession
 * without its optimism).
 */
export function sequenceCandidates(past: Sequence, session: ObservedSession): Candidate[] {
  const positions = positionsOf(past)
  const matched = session.recent.filter(({ path }) => positions.has(path))
  const last = matched.at(-1)
  if (last === undefined) return []
  const from = positions.get(last.path) ?? 0
  const fromMs = past[from]?.timeMs ?? 0
  const probability = matched.length / (session.recent.length + 1)
  return past
    .slice(from + 1, from + 1 + LOOK_AHEAD)
    .filter(({ path }) => !session.hasRead(path))
    .map(({ path, timeMs }) => ({
      path,
      probability,
      reason: 'sequence',
      expectedAtMs: session.lastAccessMs + Math.max(0, timeMs - fromMs),
    }))
}

function positionsOf(past: Sequence): Map<string, number> {
  const positions = new Map<string, number>()
  past.forEach(({ path }, index) => {
    if (!positions.has(path)) positions.set(path, index)
  })
  return positions
}
