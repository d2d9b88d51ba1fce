import { type Candidate, strongest } from '../../model/candidates/candidate.ts'
import { manualCorrelated, manualNextAccess, manualPeakFiles } from '../../model/candidates/manual.ts'
import type { ClockEvidence, ModelReader } from '../../ports/model-reader.ts'
import type { CandidateSource } from './source.ts'

/** The manual's rules on the learned rows: the baseline `manual`. */
export function createManualSource(reader: ModelReader): CandidateSource {
  return {
    async observe(session) {
      const latest = session.recent.at(-1)
      const file = latest === undefined ? null : await reader.file(session.workspace, latest.path)
      return file === null ? [] : strongest(manualCorrelated(file, session.lastAccessMs))
    },
    async tick(workspace, nowMs) {
      const files: ClockEvidence[] = []
      for await (const chunk of reader.files(workspace)) files.push(...chunk)
      const next: Candidate[] = files.map((file) => manualNextAccess(file, nowMs)).filter((c) => c !== null)
      return strongest([...manualPeakFiles(files, nowMs), ...next])
    },
  }
}
