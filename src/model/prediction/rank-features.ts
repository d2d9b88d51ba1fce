import { type Candidates, SOURCE_AT } from './candidates.ts'
import type { FeatureContext } from './features.ts'
import { log2Bucket, mix } from './grow.ts'
import { NONE } from './int-map.ts'
import type { OpenSession } from './open-sessions.ts'
import { type RankEvidence, VOICES } from './rank-evidence.ts'

/** Hashed features of a ranked file. */
export const RANK_FEATURES = 26

/** What holds for every file of a ranking: found out once, not anew for each. */
export type RankStanding = {
  readonly session: OpenSession
  readonly analyzer: number
  /** The session's place among its analyzer's, 0 when it has none. */
  readonly ordinal: number
  /** Agreement of the first pointers with the session, 8 for one that is not there. */
  readonly qualities: readonly number[]
  readonly imports: number
  readonly coAccess: number
  readonly sequence: number
  readonly speed: number
}

/** Finds out what holds for every file of a ranking now. */
export function rankStandingOf(
  { analyzerHash, store }: FeatureContext,
  session: OpenSession,
  evidence: RankEvidence,
): RankStanding {
  return {
    session,
    analyzer: analyzerHash(session.analyzer),
    ordinal: store.get(session.sequence)?.ordinal ?? 0,
    qualities: Array.from({ length: VOICES }, (_, voice) => {
      const pointer = evidence.voices[voice]
      return pointer === undefined ? 8 : Math.round(pointer.quality * 7)
    }),
    imports: recall(session, SOURCE_AT.imports),
    coAccess: recall(session, SOURCE_AT.coAccess),
    sequence: recall(session, SOURCE_AT.sequence),
    speed: log2Bucket(evidence.distinctNear, 6),
  }
}

/** Writes the `RANK_FEATURES` hashes of candidate `slot` to `out` from `at` on. */
export function writeRankFeatures(
  context: FeatureContext,
  standing: RankStanding,
  example: { candidates: Candidates; evidence: RankEvidence; slot: number; out: Int32Array; at: number },
): void {
  const { candidates, evidence, slot, out, at } = example
  const { files, store, salt } = context
  const { session, analyzer, imports, coAccess, sequence, speed } = standing
  const file = candidates.files[slot] ?? 0
  const sources = candidates.sources[slot] ?? 0
  const lastRead = session.readAt.get(file)
  const again = lastRead === NONE ? 0 : 1 + log2Bucket(session.reads - lastRead, 12)
  const near = log2Bucket(evidence.near[slot] ?? 0, 5)
  const far = log2Bucket(evidence.far[slot] ?? 0, 7)
  const weight = Math.min(24, Math.round((evidence.weight[slot] ?? 0) * 6))
  const votes = evidence.votes[slot] ?? 0
  const strength = Math.round((candidates.strength[slot] ?? 0) * 9)
  const support = log2Bucket(Math.round(candidates.support[slot] ?? 0), 6)
  const row = store.row(session.analyzer, file)
  const known = row === 0 ? 0 : Math.min(7, 1 + Math.abs(standing.ordinal - store.ordinal(row, 0)))
  const importers = Math.min(6, Math.max(0, session.importedBy.get(file)))
  const siblings = log2Bucket(session.directoryReads.get(files.directory(file)), 6)
  const depth = evidence.depth[slot] ?? 0
  const deep = depth < 16 ? depth : 16 + log2Bucket(depth >> 4, 5)
  out[at] = 2
  out[at + 1] = mix(mix(201, analyzer), sources * 2 + (again === 0 ? 0 : 1))
  for (let voice = 0; voice < VOICES; voice++) {
    const ahead = (evidence.ahead[slot * VOICES + voice] ?? 0) >> 1
    out[at + 2 + voice] = mix(mix(202 + voice, ahead), standing.qualities[voice] ?? 0)
  }
  out[at + 6] = mix(mix(206, weight), votes)
  out[at + 7] = mix(mix(207, weight), mix(again, analyzer))
  out[at + 8] = mix(mix(208, again), mix(near, analyzer))
  out[at + 9] = mix(mix(209, near), far)
  out[at + 10] = mix(mix(210, far), mix(again, weight >> 1))
  out[at + 11] = mix(mix(211, evidence.echo[slot] ?? 0), evidence.echoes[slot] ?? 0)
  out[at + 12] = mix(mix(212, strength), mix(support, coAccess))
  out[at + 13] = mix(mix(213, importers), mix(imports, again === 0 ? 0 : 1))
  out[at + 14] = mix(mix(214, siblings), mix(sources, known === 0 ? 0 : 1))
  out[at + 15] = mix(mix(215, files.hash(file) ^ salt), analyzer)
  out[at + 16] = mix(mix(216, files.hash(file) ^ salt), Math.min(again, 8))
  out[at + 17] = mix(mix(217, known), Math.min(again, 2))
  out[at + 18] = mix(mix(218, analyzer), mix(files.extension(file), again === 0 ? 0 : 1))
  out[at + 19] = mix(mix(219, sequence), mix(weight, evidence.echo[slot] ?? 0))
  out[at + 20] = mix(mix(220, deep), mix(near, speed))
  out[at + 21] = mix(mix(221, deep), mix(weight >> 1, speed))
  out[at + 22] = mix(mix(222, deep), mix(evidence.echo[slot] ?? 0, analyzer))
  out[at + 23] = mix(mix(223, again), mix(far, speed))
  out[at + 24] = mix(mix(224, evidence.trail[slot] ?? 0), mix(evidence.trails[slot] ?? 0, speed))
  out[at + 25] = mix(mix(225, evidence.trail[slot] ?? 0), mix(weight >> 1, analyzer))
}

function recall(session: OpenSession, source: number): number {
  return Math.round((session.recall[source] ?? 0) * 5)
}
