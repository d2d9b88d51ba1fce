/** What a run does next. The coordinator asks at each look at the folded run; nothing here has a memory of its own. */
import type { FoldedRun } from '../../model/folded-run.ts'
import type { RunSpec } from '../strategy/run-spec.ts'
import { batchSize, isTight } from './batch-size.ts'
import { isThere } from './file-end.ts'
import type { Planned, RestReason } from './plan.ts'
import type { OpenCommand, RunProgress } from './progress.ts'

export type StepInput = {
  readonly planned: Planned
  readonly spec: Pick<RunSpec, 'parallelWorkers' | 'batchSize' | 'pressureMax' | 'bytesMax' | 'check'>
  readonly deadlineMs: number
  readonly progress: RunProgress
  /** Whether every file of an open command is answered. */
  readonly answered: (command: OpenCommand) => boolean
  /** Null as long as nothing is folded. */
  readonly folded: FoldedRun | null
  /** What stops the run already, and since when. */
  readonly stopped: { readonly rest: RestReason; readonly sinceMs: number } | null
  /** What somebody wishes now. */
  readonly wish: 'cancelled' | 'paused' | null
  readonly nowMs: number
}

export type StepTimes = {
  /** A command without all its answers for so long is issued again; each time it waits longer. */
  readonly reissueMs: number
  /** The same for one that the log may never have got. */
  readonly unsureMs: number
  /** How long a run that was cancelled or paused waits for what workers have begun. */
  readonly graceMs: number
  /** So long before its deadline a run begins nothing, that what was begun can still be counted. */
  readonly closingMs: number
}

export type Step = {
  readonly progress: RunProgress
  /** Commands to put on the log, once `progress` is noted. */
  readonly issue: readonly OpenCommand[]
  /** What stops the run from now on. */
  readonly rest: RestReason | null
  readonly batchSize: number
  /** Nothing more will come of it: it is to be counted and ended. */
  readonly over: boolean
}

/** Stops after which nothing is verified any more: the run's time, or the leave to work, is gone. */
const FINAL: ReadonlySet<RestReason> = new Set(['cancelled', 'deadline', 'paused'])

export function nextStep(input: StepInput, times: StepTimes): Step {
  const open = input.progress.open.filter((command) => !input.answered(command))
  const rest = restNow(input, { ...input.progress, open }, times)
  const step = { rest, batchSize: batchSize(input.spec.batchSize, input.folded?.pressure.last ?? null) }
  if (rest !== null && FINAL.has(rest)) return { ...step, ...windUp(input, { rest, open }, times) }
  const begun = rest !== null && input.progress.phase === 'warm'
  const until = begun ? input.progress.next : input.progress.until
  const progress = phaseAfter(input, { ...input.progress, open, until })
  if (progress === null) return { ...step, progress: { ...input.progress, open, until }, issue: [], over: true }
  return { ...step, ...issueNext(input, progress, times), over: false }
}

/** Why nothing more may be begun, or null. What ends the run for good comes before what only ends its first half. */
function restNow(input: StepInput, progress: RunProgress, times: StepTimes): RestReason | null {
  const before = input.stopped?.rest ?? null
  if (before !== null && FINAL.has(before)) return before
  if (input.wish !== null) return input.wish
  if (input.nowMs >= input.deadlineMs - times.closingMs) return 'deadline'
  const hasMore = progress.phase === 'warm' && progress.next < progress.until
  return before ?? (hasMore ? boundReached(input, progress) : null)
}

function boundReached({ folded, spec, planned }: StepInput, { next, open }: RunProgress): RestReason | null {
  if (folded === null) return null
  const worker = (detail: string) => folded.warm.some((count) => count.outcome === 'skipped' && count.detail === detail)
  if (worker('paused')) return 'paused'
  const { last } = folded.pressure
  if (last > spec.pressureMax || worker('pressure')) return 'pressure'
  if (isTight(last) && next >= planned.filesNear) return 'pressure'
  return spec.bytesMax > 0 && open.length === 0 && spec.bytesMax <= folded.bytes ? 'limit' : null
}

/** Waits a while for what workers have begun. */
function windUp(
  input: StepInput,
  { rest, open }: { readonly rest: RestReason; readonly open: readonly OpenCommand[] },
  times: StepTimes,
) {
  const sinceMs = input.stopped?.rest === rest ? input.stopped.sinceMs : input.nowMs
  const endMs = rest === 'deadline' ? input.deadlineMs : sinceMs + times.graceMs
  const over = open.length === 0 || input.nowMs >= Math.min(endMs, input.deadlineMs)
  return { progress: { ...input.progress, open }, issue: [], over }
}

/** The same phase while it has work, then the next one; null after the last. */
function phaseAfter(input: StepInput, progress: RunProgress): RunProgress | null {
  if (progress.next < progress.until || progress.open.length > 0) return progress
  const anyThere = input.folded?.warm.some(isThere) ?? false
  if (progress.phase === 'check' || !anyThere) return null
  return { phase: 'check', next: 0, until: progress.until, open: [] }
}

function issueNext(input: StepInput, progress: RunProgress, times: StepTimes) {
  const open = progress.open.map((command) => (isLate(command, input.nowMs, times) ? again(command, input) : command))
  const issue = open.filter((command, at) => command !== progress.open[at])
  let { next } = progress
  while (next < progress.until && open.length < input.spec.parallelWorkers) {
    const command = newCommand(input, { ...progress, next, open })
    if (command === null) break
    open.push(command)
    issue.push(command)
    next += command.files
  }
  return { progress: { ...progress, next, open }, issue }
}

const isLate = ({ issuedAtMs, tries, isIssued }: OpenCommand, nowMs: number, times: StepTimes): boolean =>
  nowMs - issuedAtMs >= (isIssued ? times.reissueMs * tries : times.unsureMs)

const again = (command: OpenCommand, { nowMs }: StepInput): OpenCommand => ({
  ...command,
  issuedAtMs: nowMs,
  tries: command.tries + 1,
  isIssued: false,
})

/** More than any run brings in, and a number that a record can carry. */
const UNBOUNDED_BYTES = 1e15

/** Files that one command checks: a look at the cache costs little, whatever the pressure. */
const CHECKED_AT_ONCE = 200

function newCommand(input: StepInput, { phase, next, until, open }: RunProgress): OpenCommand | null {
  const { planned, spec, folded, nowMs } = input
  const opened = { first: next, issuedAtMs: nowMs, tries: 1, isIssued: false }
  if (phase === 'check') return { ...opened, files: Math.min(CHECKED_AT_ONCE, until - next), bytesMax: 0 }
  const pressure = folded?.pressure.last ?? null
  const end = pressure !== null && isTight(pressure) ? Math.min(until, planned.filesNear) : until
  const bytesMax = bytesFor(spec, folded?.bytes ?? 0, open)
  const files = Math.min(batchSize(spec.batchSize, pressure), end - next)
  return files > 0 && bytesMax > 0 ? { ...opened, files, bytesMax } : null
}

/**
 * The share of the run's bytes that a command gets: what neither is used nor promised to an open command, divided among
 * the commands that may still be opened beside it, so that all together stay within the bound.
 */
function bytesFor(spec: StepInput['spec'], usedBytes: number, open: readonly OpenCommand[]): number {
  if (spec.bytesMax === 0) return UNBOUNDED_BYTES
  const promised = open.reduce((sum, command) => sum + command.bytesMax, 0)
  const left = Math.max(0, spec.bytesMax - usedBytes - promised)
  return Math.ceil(left / (spec.parallelWorkers - open.length))
}
