import type { WarmedFile, WarmOutcome } from '../model/outcome.ts'
import {
  countProblem,
  listProblem,
  nameProblem,
  optionalNameProblem,
  type Problem,
  shareProblem,
  timeProblem,
} from './checks.ts'
import {
  ACTOR_LENGTH_MAX,
  FILES_MAX,
  ID_LENGTH_MAX,
  RUN_FILES_MAX,
  SHARD_MAX,
  WORD_LENGTH_MAX,
  WORKSPACE_LENGTH_MAX,
} from './limits.ts'
import { predictedFileProblem } from './predicted-file.ts'
import { defineForm } from './record-form.ts'

type WarmedFileWire = Omit<WarmedFile, 'finishedAtMs' | 'horizonAtMs'> & {
  readonly finishedAt: number
  readonly horizonAt: number
}
type WarmOutcomeWire = Omit<WarmOutcome, 'issuedAtMs' | 'files'> & {
  readonly issuedAt: number
  readonly files: readonly WarmedFileWire[]
}

export const warmOutcomeForm = defineForm<WarmOutcome, WarmOutcomeWire>({
  topic: 'warm-outcomes',
  file: 'warm-outcome.v2.avsc',
  former: ['warm-outcome.v1.avsc'],
  revision: 2,
  toWire: ({ issuedAtMs, files, ...rest }) => ({
    ...rest,
    issuedAt: issuedAtMs,
    files: files.map(({ finishedAtMs, horizonAtMs, ...file }) => ({
      ...file,
      finishedAt: finishedAtMs,
      horizonAt: horizonAtMs,
    })),
  }),
  fromWire: (wire) => ({
    commandId: wire.commandId,
    workspace: wire.workspace,
    shard: wire.shard,
    runId: wire.runId,
    worker: wire.worker,
    issuedAtMs: wire.issuedAt,
    mode: wire.mode,
    firstFile: wire.firstFile,
    pressure: wire.pressure,
    files: wire.files.map(fileFromWire),
  }),
  problem: warmOutcomeProblem,
})

const fileFromWire = (wire: WarmedFileWire): WarmedFile => ({
  path: wire.path,
  layer: wire.layer,
  version: wire.version,
  outcome: wire.outcome,
  detail: wire.detail,
  bytes: wire.bytes,
  finishedAtMs: wire.finishedAt,
  reason: wire.reason,
  probability: wire.probability,
  horizonAtMs: wire.horizonAt,
})

/** What keeps an outcome from the log, or null. */
function warmOutcomeProblem(outcome: WarmOutcome): Problem {
  return (
    nameProblem('commandId', outcome.commandId, { lengthMax: ID_LENGTH_MAX }) ??
    nameProblem('workspace', outcome.workspace, { lengthMax: WORKSPACE_LENGTH_MAX }) ??
    countProblem('shard', outcome.shard, SHARD_MAX) ??
    optionalNameProblem('runId', outcome.runId, { lengthMax: ID_LENGTH_MAX }) ??
    nameProblem('worker', outcome.worker, { lengthMax: ACTOR_LENGTH_MAX, emptyAllowed: true }) ??
    countProblem('firstFile', outcome.firstFile, RUN_FILES_MAX) ??
    shareProblem('pressure', outcome.pressure) ??
    timeProblem('issuedAt', outcome.issuedAtMs) ??
    listProblem({ field: 'files', items: outcome.files, itemsMax: FILES_MAX }, warmedFileProblem)
  )
}

const warmedFileProblem = (file: WarmedFile): Problem =>
  predictedFileProblem(file) ??
  nameProblem('detail', file.detail, { lengthMax: WORD_LENGTH_MAX, emptyAllowed: true }) ??
  countProblem('bytes', file.bytes) ??
  timeProblem('finishedAt', file.finishedAtMs)
