import { filePathProblem, nameProblem, optionalNameProblem, type Problem, shareProblem, timeProblem } from './checks.ts'
import { VERSION_LENGTH_MAX, WORD_LENGTH_MAX } from './limits.ts'

/** What a file of a command and one of its outcome have in common. */
type PredictedFile = {
  readonly path: string
  readonly layer: string
  readonly version: string | null
  readonly reason: string
  readonly probability: number
  readonly horizonAtMs: number
}

/** What keeps it from the log, or null. */
export const predictedFileProblem = (file: PredictedFile): Problem =>
  filePathProblem('path', file.path) ??
  nameProblem('layer', file.layer, { lengthMax: WORD_LENGTH_MAX }) ??
  optionalNameProblem('version', file.version, { lengthMax: VERSION_LENGTH_MAX }) ??
  nameProblem('reason', file.reason, { lengthMax: WORD_LENGTH_MAX, emptyAllowed: true }) ??
  shareProblem('probability', file.probability) ??
  timeProblem('horizonAt', file.horizonAtMs)
