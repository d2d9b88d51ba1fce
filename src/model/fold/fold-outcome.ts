import { claimsRead, type WarmOutcome } from '../outcome.ts'
import { foldRunFile, isOfRun } from './fold-run.ts'
import { expirePredictions, predict } from './settlement.ts'
import type { ShardState } from './shard-state.ts'

/** Outcome files that one row remembers. */
export const REMEMBERED_CHUNK = 256

/** Folds file number `at` of a warm outcome: docs/model.md, "Predictions and their settlement" and "Runs". */
export function foldOutcomeFile(state: ShardState, outcome: WarmOutcome, at: number): void {
  const file = outcome.files[at]
  if (file === undefined) throw new RangeError(`no file ${at} in an outcome of ${outcome.files.length}`)
  if (!isNew(state, outcome, at)) {
    state.report.repeated += 1
    return
  }
  state.sweepRefs()
  state.dirty.header = true
  if (file.finishedAtMs > state.outcomeWatermarkMs) state.outcomeWatermarkMs = file.finishedAtMs
  if (outcome.mode === 'warm' && claimsRead(file)) predict(state, outcome, file)
  expirePredictions(state)
}

/** Takes the file up where it is recognised when it comes again: at its place in a run, else by its name. */
function isNew(state: ShardState, outcome: WarmOutcome, at: number): boolean {
  if (isOfRun(outcome)) return foldRunFile(state, outcome, at)
  const { path, layer } = outcome.files[at] ?? { path: '', layer: '' }
  return remember(state, state.shortId(`${outcome.commandId}\n${path}\n${layer}`))
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
  state.dirty.rememberedChunks.add(Math.floor(slot / REMEMBERED_CHUNK))
  return true
}
