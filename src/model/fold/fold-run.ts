import type { WarmedFile, WarmOutcome } from '../outcome.ts'
import { AnswerChunk } from './answers.ts'
import { OUTCOME_KINDS } from './prediction.ts'
import { PRESSURE_SCALE, pairAt, Run } from './run.ts'
import type { ShardState } from './shard-state.ts'

/** Rows of answers that one step removes at the most. */
const LEAVING_ROWS_MAX = 16
/** Runs that one step removes at the most: more than it can begin. */
const DROPPED_MAX = 2
/** Runs whose answers begin to leave in one step: for the number of runs, and for that of their rows. */
const MARKED_MAX = 2

/** Rows of runs that one step can dirty: the run itself and its answers, and what is removed. */
export const RUN_ROWS_MAX = 2 + MARKED_MAX + LEAVING_ROWS_MAX + DROPPED_MAX

export type RunOutcome = WarmOutcome & { readonly runId: string }

export const isOfRun = (outcome: WarmOutcome): outcome is RunOutcome => outcome.runId !== null

/**
 * Folds file number `at` of a run's outcome: docs/model.md, "Runs". False when that place of the plan has its answer
 * already, or takes none any more.
 */
export function foldRunFile(state: ShardState, outcome: RunOutcome, at: number): boolean {
  const { runId, mode, firstFile } = outcome
  const file = outcome.files[at]
  const { runChunk, runChunksMax } = state.limits
  const place = firstFile + at
  const [number, inside] = [Math.floor(place / runChunk), place % runChunk]
  if (file === undefined || number >= runChunksMax) return false
  const known = state.runs.get(runId)
  if (known !== undefined && (known.leaving || known.chunks.get(number)?.has(inside, mode) === true)) return false
  const run = known ?? beginRun(state, runId, file)
  const chunk = run.chunks.get(number) ?? beginChunk(state, run, number)
  answer(run, { chunk, inside, mode, file })
  noteCourse(run, file, Math.round(outcome.pressure * PRESSURE_SCALE))
  state.dirty.runs.add(runId)
  state.dirty.answersOf(runId, number)
  removeLeft(state)
  return true
}

function beginRun(state: ShardState, id: string, { finishedAtMs }: WarmedFile): Run {
  state.runsStarted += 1
  const run = new Run(id, state.runsStarted)
  run.firstAtMs = finishedAtMs
  state.runs.set(id, run)
  return run
}

/** Rows grow with each chunk, so it is here that older ones are told to leave. */
function beginChunk(state: ShardState, current: Run, number: number): AnswerChunk {
  const { runsMax, runDetailsMax, runChunk, runChunksMax } = state.limits
  const chunk = new AnswerChunk(runChunk)
  current.chunks.set(number, chunk)
  state.answerChunks += 1
  const runs = [...state.runs.values()]
  for (const run of runs.slice(0, -Math.min(runsMax, runDetailsMax))) leave(state, run)
  const kept = runs.filter((run) => !run.leaving)
  let rows = kept.reduce((sum, run) => sum + run.chunks.size, 0)
  for (const run of kept) {
    if (rows <= runChunksMax) break
    if (run === current) continue
    rows -= run.chunks.size
    leave(state, run)
  }
  return chunk
}

function leave(state: ShardState, run: Run): void {
  if (run.leaving) return
  run.leaving = true
  state.leavingChunks += run.chunks.size
  state.dirty.runs.add(run.id)
}

type Answered = {
  readonly chunk: AnswerChunk
  readonly inside: number
  readonly mode: WarmOutcome['mode']
  readonly file: WarmedFile
}

function answer(run: Run, { chunk, inside, mode, file }: Answered): void {
  const other = mode === 'warm' ? 'check' : 'warm'
  const before = chunk.has(inside, other) ? pairAt(chunk, inside) : null
  chunk.setAnswer(inside, mode, { kind: OUTCOME_KINDS.indexOf(file.outcome) + 1, word: run.wordOf(file.detail) })
  chunk.setVersion(inside, file.version)
  if (mode === 'warm') {
    chunk.setBytes(inside, file.bytes)
    run.bytes += file.bytes
  }
  run.recount(before, pairAt(chunk, inside))
}

function noteCourse(run: Run, { finishedAtMs }: WarmedFile, pressure: number): void {
  run.firstAtMs = Math.min(run.firstAtMs, finishedAtMs)
  run.pressureHighest = Math.max(run.pressureHighest, pressure)
  if (finishedAtMs < run.lastAtMs) return
  run.lastAtMs = finishedAtMs
  run.pressureLast = pressure
}

/** Removes a few rows of runs that leave, and runs that are too many once their answers are gone. */
function removeLeft(state: ShardState): void {
  let rows = Math.min(LEAVING_ROWS_MAX, state.leavingChunks)
  for (const run of rows > 0 ? state.runs.values() : []) {
    if (!run.leaving || rows === 0) continue
    rows -= removeChunks(state, run, rows)
  }
  for (let dropped = 0; dropped < DROPPED_MAX && state.runs.size > state.limits.runsMax; dropped += 1) {
    const [first] = state.runs.values()
    if (first === undefined || first.chunks.size > 0) return
    state.runs.delete(first.id)
    state.dirty.runs.add(first.id)
  }
}

function removeChunks(state: ShardState, run: Run, rowsMax: number): number {
  const numbers = [...run.chunks.keys()].sort((one, other) => one - other).slice(0, rowsMax)
  for (const number of numbers) {
    run.chunks.delete(number)
    state.dirty.answersOf(run.id, number)
  }
  state.answerChunks -= numbers.length
  state.leavingChunks -= numbers.length
  return numbers.length
}
