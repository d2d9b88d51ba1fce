import type { FoldedFile } from '../../model/folded-run.ts'
import type { CommandFile, WarmCommand } from '../command.ts'
import type { PlanEntry, RunHeader } from './plan.ts'
import { commandId, type OpenCommand, type RunProgress } from './progress.ts'

/** One place of a plan with what is known of it. */
export type PlacedFile = { readonly entry: PlanEntry; readonly folded: FoldedFile | null }

/** The command of a run for its places `first` and on; `files` are those, in the order of the plan. */
export function runCommand(
  header: RunHeader,
  { phase, command, deadlineMs }: { phase: RunProgress['phase']; command: OpenCommand; deadlineMs: number },
  files: readonly PlacedFile[],
): WarmCommand {
  return {
    id: commandId(header.id, phase, command.first),
    workspace: header.workspace,
    shard: 0,
    runId: header.id,
    session: null,
    revision: header.revision,
    issuedAtMs: command.issuedAtMs,
    mode: phase,
    firstFile: command.first,
    // One file at a time: then `parallelWorkers` commands are so many files in flight over all workers.
    parallelMax: 1,
    bytesPerSecondMax: header.spec.bytesPerSecondMax,
    deadlineMs,
    bytesMax: command.bytesMax,
    pressureMax: header.spec.pressureMax,
    files: files.map(({ entry, folded }) =>
      commandFile(entry, phase === 'check' ? (folded?.warm?.version ?? null) : null),
    ),
  }
}

const commandFile = (entry: PlanEntry, version: string | null): CommandFile => ({
  path: entry.path,
  layer: entry.layer,
  version,
  reason: entry.reason,
  probability: entry.probability,
  expectedAtMs: entry.expectedAtMs,
  horizonAtMs: entry.horizonAtMs,
  control: false,
})
