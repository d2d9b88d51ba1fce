import type { AccessEvent, Change } from '../access.ts'
import type { ModelLimits } from '../limits.ts'
import type { WarmOutcome } from '../outcome.ts'
import { foldAccess } from './fold-access.ts'
import { foldOutcomeFile } from './fold-outcome.ts'
import { RUN_ROWS_MAX } from './fold-run.ts'
import { closeSession, IDLE_CLOSINGS_MAX } from './sessions.ts'
import { EXPIRIES_MAX } from './settlement.ts'
import type { ShardState } from './shard-state.ts'

/** Steps of an access event: forget, each access, each change, the session's end. */
export const eventSteps = (event: AccessEvent): number =>
  Number(event.forget) + event.accesses.length + event.changes.length + Number(event.sessionEnded)

/** Steps of a warm outcome: its files. */
export const outcomeSteps = (outcome: WarmOutcome): number => outcome.files.length

/** Rows that one step other than forget can dirty: the room that must be left in a write before the step. */
export function stepRowsMax(limits: ModelLimits): number {
  const sequence = Math.ceil(limits.sequenceMax / limits.sequenceChunk)
  const closing = 3 + sequence
  const access = 2 + limits.coAccessWindow + 2 + (IDLE_CLOSINGS_MAX + 1) * closing
  const settled = 2 + EXPIRIES_MAX
  const single = 8
  return settled + single + Math.max(access, RUN_ROWS_MAX)
}

/**
 * Folds the steps of an access event from number `from` on, until all are done or the next one might dirty more than
 * `rowsMax` rows together with what is dirty already. Returns the number of steps that are done. The forget step is the
 * caller's: it replaces the state (rows of the old one must go first), so it must not be among the steps asked for.
 */
export function foldEvent(state: ShardState, event: AccessEvent, progress: { from: number; rowsMax: number }): number {
  const dirtyMax = progress.rowsMax - stepRowsMax(state.limits)
  const accessesFrom = Number(event.forget)
  const changesFrom = accessesFrom + event.accesses.length
  const endAt = changesFrom + event.changes.length
  const steps = eventSteps(event)
  let step = progress.from
  for (; step < steps && state.dirty.count <= dirtyMax; step += 1) {
    if (step < accessesFrom) throw new RangeError('the forget step is not folded here')
    if (step < changesFrom) foldAccess(state, event, step - accessesFrom)
    else if (step < endAt) foldChange(state, event.changes[step - changesFrom] as Change)
    else endSession(state, event.session)
  }
  return step
}

/** The same for the files of a warm outcome. */
export function foldOutcome(
  state: ShardState,
  outcome: WarmOutcome,
  progress: { from: number; rowsMax: number },
): number {
  const dirtyMax = progress.rowsMax - stepRowsMax(state.limits)
  let step = progress.from
  for (; step < outcome.files.length && state.dirty.count <= dirtyMax; step += 1) foldOutcomeFile(state, outcome, step)
  return step
}

/** Moves the version of a file that has a row, or of the workspace, forward. */
function foldChange(state: ShardState, change: Change): void {
  if (change.path === null) {
    if (state.revision !== null && change.timeMs < state.revision.atMs) return
    state.revision = { version: change.version, atMs: change.timeMs }
    state.dirty.revision = true
    state.dirty.header = true
    return
  }
  const row = state.refs.known(change.path)?.row ?? null
  if (row === null || change.timeMs < row.versionAtMs) return
  row.version = change.version
  row.versionAtMs = change.timeMs
  state.dirty.file(row.ref)
}

function endSession(state: ShardState, id: string): void {
  const session = state.sessions.get(id)
  if (session !== undefined) closeSession(state, session)
}
