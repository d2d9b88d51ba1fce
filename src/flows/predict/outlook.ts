import type { Candidate, ObservedSession } from '../../model/candidates/candidate.ts'
import type { GateOptions } from '../../model/candidates/gate.ts'
import { inControlGroup, type Sha256Hex, shortId } from '../../model/identity.ts'
import type { WeighedFile, WeighedSession } from '../../model/prediction/weighed.ts'
import type { SessionOutlook } from '../../ports/outlook.ts'
import type { IsPaused } from '../../ports/switches.ts'
import type { CandidateSource } from './source.ts'

export type OutlookDeps = {
  readonly source: Pick<CandidateSource, 'weigh' | 'observe'>
  readonly sha256Hex: Sha256Hex
  readonly paused: IsPaused
}

/** What is held likely for a session, as candidates and with what is made of each. */
export type Explained = { readonly candidates: readonly Candidate[]; readonly outlook: SessionOutlook }

/**
 * What the source makes of a session that it follows; null where it does not. `cutOff` is the lowest probability that is
 * warmed of sources that only say how likely a read is. Changes nothing.
 */
export async function explainSession(
  { source, sha256Hex, paused }: OutlookDeps,
  session: ObservedSession,
  cutOff: GateOptions['cutOff'],
): Promise<Explained | null> {
  const weighed =
    source.weigh === undefined
      ? await judged(source, session, cutOff === 'decided' ? 0 : cutOff)
      : await source.weigh(session)
  if (weighed === null) return null
  const { workspace } = session
  const files = weighed.files.map((file) => ({ ...file, control: inControlGroup(shortId(file.path, sha256Hex)) }))
  return { outlook: { ...weighed, workspace, paused: paused(workspace), files }, candidates: candidatesOf(weighed) }
}

const candidatesOf = ({ files, lastReadMs }: WeighedSession): readonly Candidate[] =>
  files.map(({ path, probability, sources, dueMs }) => ({
    path,
    probability,
    reason: sources[0] ?? '',
    expectedAtMs: Math.round(lastReadMs + (dueMs ?? 0)),
  }))

/** The candidates of a source that knows no cache. */
async function judged(
  source: Pick<CandidateSource, 'observe'>,
  session: ObservedSession,
  threshold: number,
): Promise<WeighedSession> {
  const { session: name, analyzer, position, lastAccessMs } = session
  const files = (await source.observe(session)).map(
    ({ path, probability, reason, expectedAtMs }): WeighedFile => ({
      ...{ path, probability, sources: [reason], distance: null, strength: 0, support: 0 },
      dueMs: expectedAtMs - lastAccessMs,
      fate: probability < threshold ? 'unlikely' : 'warm',
    }),
  )
  files.sort((one, other) => other.probability - one.probability)
  return { session: name, analyzer, reads: position, lastReadMs: lastAccessMs, threshold, files }
}
