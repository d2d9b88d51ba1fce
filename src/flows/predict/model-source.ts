import { type Candidate, type ObservedSession, strongest } from '../../model/candidates/candidate.ts'
import { recurrenceCandidate, seasonalCandidate } from '../../model/candidates/clock.ts'
import { correlationCandidates, successionCandidates } from '../../model/candidates/neighbours.ts'
import { profileCandidates } from '../../model/candidates/profile.ts'
import { sequenceCandidates } from '../../model/candidates/sequence.ts'
import type { ModelReader } from '../../ports/model-reader.ts'
import type { CandidateSource } from './source.ts'

/** Latest accesses of a batch whose neighbours are looked at; more would repeat what the window holds anyway. */
const NEIGHBOURS_OF_MAX = 8
const SEQUENCES_MAX = 3

/** Candidates from the rows that ingest has learned: whole sessions ahead by profile and sequence, not one file ahead. */
export function createModelSource(reader: ModelReader, options: { readonly horizonMs: number }): CandidateSource {
  return {
    async observe(session) {
      const [neighbours, ahead] = await Promise.all([neighboursOf(reader, session), sessionAhead(reader, session)])
      return strongest([...neighbours, ...ahead])
    },
    async tick(workspace, nowMs) {
      const found: Candidate[] = []
      for await (const files of reader.files(workspace)) {
        for (const file of files) {
          const span = { nowMs, horizonMs: options.horizonMs }
          found.push(...[seasonalCandidate(file, span), recurrenceCandidate(file, span)].filter((c) => c !== null))
        }
      }
      return strongest(found)
    },
  }
}

async function neighboursOf(reader: ModelReader, session: ObservedSession): Promise<Candidate[]> {
  const paths = [...new Set(session.recent.map(({ path }) => path))].slice(-NEIGHBOURS_OF_MAX)
  const files = await Promise.all(paths.map((path) => reader.file(session.workspace, path)))
  return files
    .filter((file) => file !== null)
    .flatMap((file) => [
      ...correlationCandidates({ frequency: file.frequency, neighbours: file.coAccess }, session),
      ...successionCandidates({ frequency: file.frequency, neighbours: file.successors }, session),
    ])
}

async function sessionAhead(reader: ModelReader, session: ObservedSession): Promise<Candidate[]> {
  const [profile, sequences] = await Promise.all([
    reader.profile(session.workspace, session.analyzer),
    reader.sequences(session.workspace, session.analyzer, SEQUENCES_MAX),
  ])
  return [
    ...(profile === null ? [] : profileCandidates(profile, session)),
    ...sequences.flatMap((sequence) => sequenceCandidates(sequence, session)),
  ]
}
