import type { CommandFile, WarmCommand } from '../warming/command.ts'
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
  FILES_MAX,
  ID_LENGTH_MAX,
  REVISION_LENGTH_MAX,
  RUN_FILES_MAX,
  SESSION_LENGTH_MAX,
  SHARD_MAX,
  WORKSPACE_LENGTH_MAX,
} from './limits.ts'
import { predictedFileProblem } from './predicted-file.ts'
import { defineForm } from './record-form.ts'

type CommandFileWire = Omit<CommandFile, 'expectedAtMs' | 'horizonAtMs'> & {
  readonly expectedAt: number
  readonly horizonAt: number
}
type WarmCommandWire = Omit<WarmCommand, 'issuedAtMs' | 'deadlineMs' | 'files'> & {
  readonly issuedAt: number
  readonly deadline: number
  readonly files: readonly CommandFileWire[]
}

export const warmCommandForm = defineForm<WarmCommand, WarmCommandWire>({
  topic: 'warm-commands',
  file: 'warm-command.v2.avsc',
  former: ['warm-command.v1.avsc'],
  revision: 2,
  toWire: ({ issuedAtMs, deadlineMs, files, ...rest }) => ({
    ...rest,
    issuedAt: issuedAtMs,
    deadline: deadlineMs,
    files: files.map(({ expectedAtMs, horizonAtMs, ...file }) => ({
      ...file,
      expectedAt: expectedAtMs,
      horizonAt: horizonAtMs,
    })),
  }),
  fromWire: (wire) => ({
    id: wire.id,
    workspace: wire.workspace,
    shard: wire.shard,
    runId: wire.runId,
    session: wire.session,
    revision: wire.revision,
    mode: wire.mode,
    firstFile: wire.firstFile,
    parallelMax: wire.parallelMax,
    bytesPerSecondMax: wire.bytesPerSecondMax,
    issuedAtMs: wire.issuedAt,
    deadlineMs: wire.deadline,
    bytesMax: wire.bytesMax,
    pressureMax: wire.pressureMax,
    files: wire.files.map(fileFromWire),
  }),
  problem: warmCommandProblem,
})

const fileFromWire = (wire: CommandFileWire): CommandFile => ({
  path: wire.path,
  layer: wire.layer,
  version: wire.version,
  reason: wire.reason,
  probability: wire.probability,
  expectedAtMs: wire.expectedAt,
  horizonAtMs: wire.horizonAt,
  control: wire.control,
})

/** What keeps a command from the log, or null. */
function warmCommandProblem(command: WarmCommand): Problem {
  return (
    nameProblem('id', command.id, { lengthMax: ID_LENGTH_MAX }) ??
    nameProblem('workspace', command.workspace, { lengthMax: WORKSPACE_LENGTH_MAX }) ??
    countProblem('shard', command.shard, SHARD_MAX) ??
    optionalNameProblem('runId', command.runId, { lengthMax: ID_LENGTH_MAX }) ??
    optionalNameProblem('session', command.session, { lengthMax: SESSION_LENGTH_MAX }) ??
    optionalNameProblem('revision', command.revision, { lengthMax: REVISION_LENGTH_MAX }) ??
    countProblem('firstFile', command.firstFile, RUN_FILES_MAX) ??
    countProblem('parallelMax', command.parallelMax, FILES_MAX) ??
    countProblem('bytesPerSecondMax', command.bytesPerSecondMax) ??
    timeProblem('issuedAt', command.issuedAtMs) ??
    timeProblem('deadline', command.deadlineMs) ??
    countProblem('bytesMax', command.bytesMax) ??
    shareProblem('pressureMax', command.pressureMax) ??
    listProblem({ field: 'files', items: command.files, itemsMax: FILES_MAX }, commandFileProblem)
  )
}

const commandFileProblem = (file: CommandFile): Problem =>
  predictedFileProblem(file) ?? timeProblem('expectedAt', file.expectedAtMs)
