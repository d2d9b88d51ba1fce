import type { WarmedFile, WarmOutcome } from '../outcome.ts'
import type { FileRef } from './file-ref.ts'
import type { Prediction, Verdict } from './prediction.ts'
import type { ShardState } from './shard-state.ts'

/** Predictions that one step closes as wasted at the most: it bounds the rows that a step dirties. */
export const EXPIRIES_MAX = 16

/** How far both topics must be past a horizon before the prediction is wasted: room for records that come late. */
const EXPIRY_GRACE_MS = 60_000

/** Opens the prediction of an outcome file, or closes it at once. */
export function predict(state: ShardState, outcome: WarmOutcome, file: WarmedFile): void {
  state.dirty.header = true
  const kind = dispositionOf(file)
  if (kind !== 'warmed' && kind !== 'present' && kind !== 'control') {
    state.tallies.count(file.reason, kind, 'dropped')
    state.report.settled.count(file.reason, kind, 'dropped')
    return
  }
  const prediction = open(state, outcome, file)
  const { ref } = prediction
  const readMs = ref.row?.timesMs.find((timeMs) => timeMs > outcome.issuedAtMs)
  if (readMs !== undefined) closeRead(state, prediction, readMs)
  else bound(state, ref)
}

/** A refreshed file was warmed, whatever was in the cache before. */
const dispositionOf = ({ outcome }: WarmedFile): WarmedFile['outcome'] => (outcome === 'refreshed' ? 'warmed' : outcome)

function open(state: ShardState, outcome: WarmOutcome, file: WarmedFile): Prediction {
  const ref = state.refs.ofPath(file.path)
  state.serials += 1
  const prediction: Prediction = {
    ref,
    serial: state.serials,
    commandId: outcome.commandId,
    reason: file.reason,
    disposition: dispositionOf(file),
    issuedAtMs: outcome.issuedAtMs,
    finishedAtMs: file.finishedAtMs,
    horizonAtMs: file.horizonAtMs,
    bytes: file.bytes,
    open: true,
  }
  ref.predictions.push(prediction)
  state.predictions.push(prediction)
  state.dirty.predictionsOf(ref)
  return prediction
}

function bound(state: ShardState, ref: FileRef): void {
  const oldest = ref.predictions[0]
  if (oldest !== undefined && ref.predictions.length > state.limits.openPredictionsPerFileMax) {
    close(state, oldest, 'wasted')
  }
  if (state.predictions.open <= state.limits.openPredictionsMax) return
  const first = state.predictions.first()
  if (first !== null) close(state, first, 'wasted')
}

/** Closes the open predictions of a file that was read at a time after their issue. */
export function settleAccess(state: ShardState, ref: FileRef, timeMs: number): void {
  for (const prediction of ref.predictions.slice()) {
    if (timeMs > prediction.issuedAtMs) closeRead(state, prediction, timeMs)
  }
}

/** Closes a prediction by a read of its file. */
function closeRead(state: ShardState, prediction: Prediction, readMs: number): void {
  const verdict = verdictOf(prediction, readMs)
  close(state, prediction, verdict)
  if (prediction.disposition !== 'warmed' || verdict === 'wasted') return
  state.evidence.settle(readMs, verdict)
  state.dirty.evidence = true
  state.report.margins.push({ verdict, ms: Math.abs(readMs - prediction.finishedAtMs) })
}

function verdictOf(prediction: Prediction, readMs: number): 'hit' | 'late' | 'wasted' {
  if (readMs > prediction.horizonAtMs) return 'wasted'
  return prediction.disposition === 'warmed' && readMs < prediction.finishedAtMs ? 'late' : 'hit'
}

/** Closes predictions whose horizon both topics have passed. */
export function expirePredictions(state: ShardState): void {
  if (state.predictions.open === 0) return
  const passedMs = Math.min(state.watermarkMs, state.outcomeWatermarkMs) - EXPIRY_GRACE_MS
  for (let closed = 0; closed < EXPIRIES_MAX; closed += 1) {
    const first = state.predictions.first()
    if (first === null || first.horizonAtMs >= passedMs) return
    close(state, first, 'wasted')
  }
}

function close(state: ShardState, prediction: Prediction, verdict: Verdict): void {
  const { ref, reason, disposition } = prediction
  prediction.open = false
  ref.predictions.splice(ref.predictions.indexOf(prediction), 1)
  state.predictions.closed()
  state.dirty.predictionsOf(ref)
  state.dirty.header = true
  state.tallies.count(reason, disposition, verdict)
  state.report.settled.count(reason, disposition, verdict)
  if (verdict !== 'wasted' || disposition !== 'warmed') return
  state.evidence.settle(prediction.horizonAtMs, verdict)
  state.evidence.waste(reason, prediction.bytes)
  state.report.wastedBytes.set(reason, (state.report.wastedBytes.get(reason) ?? 0) + prediction.bytes)
  state.dirty.evidence = true
}
