import type { WarmedFile, WarmOutcome } from '../outcome.ts'
import { expirePredictions, predict } from './settlement.ts'
import type { ShardState } from './shard-state.ts'

/** Outcome files that one row remembers. */
export const REMEMBERED_CHUNK = 256

/** Reason of files that somebody asked for: they claim nothing. */
const REQUESTED = 'request'

/** Folds file number `at` of a warm outcome: docs/model.md, "Predictions and their settlement" and "Runs". */
export function foldOutcomeFile(state: ShardState, outcome: WarmOutcome, at: number): void {
  const file = outcome.files[at]
  if (file === undefined) throw new RangeError(`no file ${at} in an outcome of ${outcome.files.length}`)
  if (!remember(state, state.shortId(`${outcome.commandId}\n${file.path}\n${file.layer}`))) {
    state.report.repeated += 1
    return
  }
  state.sweepRefs()
  if (file.finishedAtMs > state.outcomeWatermarkMs) state.outcomeWatermarkMs = file.finishedAtMs
  if (outcome.runId !== null) countRun(state, outcome.runId, file)
  else if (file.reason !== REQUESTED) predict(state, outcome, file)
  expirePredictions(state)
}

/** False when the outcome file is one of the last that were folded. */
function remember(state: ShardState, id: string): boolean {
  if (state.remembered.has(id)) return false
  const slot = state.outcomesNoted % state.limits.outcomesRememberedMax
  const left = state.rememberedSlots[slot]
  if (left !== undefined) state.remembered.delete(left)
  state.rememberedSlots[slot] = id
  state.remembered.add(id)
  state.outcomesNoted += 1
  state.dirty.header = true
  state.dirty.rememberedChunks.add(Math.floor(slot / REMEMBERED_CHUNK))
  return true
}

function countRun(state: ShardState, id: string, file: WarmedFile): void {
  let run = state.runs.get(id)
  if (run === undefined) {
    state.runsStarted += 1
    run = { id, started: state.runsStarted, counts: new Map(), bytes: 0 }
    state.runs.set(id, run)
    if (state.runs.size > state.limits.runsMax) removeFirstRun(state)
  }
  run.counts.set(file.outcome, (run.counts.get(file.outcome) ?? 0) + 1)
  run.bytes += file.bytes
  state.dirty.runs.add(id)
}

function removeFirstRun(state: ShardState): void {
  for (const id of state.runs.keys()) {
    state.runs.delete(id)
    state.dirty.runs.add(id)
    return
  }
}
