import type { Candidate, ObservedSession } from './candidate.ts'

type ProfileEvidence = {
  readonly sessions: number
  readonly files: readonly { readonly path: string; readonly count: number }[]
}

/**
 * Files that the analyzer's sessions read: P = sessions with the file / (sessions + 1). The rest of a session is
 * expected to run at its pace, so the k-th file still to come is due k paces ahead.
 */
export function profileCandidates(profile: ProfileEvidence, session: ObservedSession): Candidate[] {
  return profile.files
    .filter(({ path }) => !session.hasRead(path))
    .map(({ path, count }, index) => ({
      path,
      probability: Math.min(1, count / (profile.sessions + 1)),
      reason: 'profile',
      expectedAtMs: session.lastAccessMs + session.paceMs * (index + 1),
    }))
}
