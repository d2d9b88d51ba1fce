/** A planned run on its way: looks at what is folded, notes what comes next, issues it, and counts at the end. */
import type { FoldedRun } from '../../../model/folded-run.ts'
import { ForewarmError } from '../../../ports/errors.ts'
import { type PlacedFile, runCommand } from '../../../warming/run/commands.ts'
import { endOf, planWords, tallyOf } from '../../../warming/run/end.ts'
import type { Planned, RestReason, RunHeader } from '../../../warming/run/plan.ts'
import { firstProgress, issued, type OpenCommand, type RunProgress } from '../../../warming/run/progress.ts'
import { nextStep, type Step } from '../../../warming/run/step.ts'
import { standingOf } from '../../../warming/run/summary.ts'
import { patiently, type RunDeps, type RunTimes } from './run-deps.ts'

type Stopped = { readonly rest: RestReason; readonly sinceMs: number }

export class Course {
  readonly #deps: RunDeps
  readonly #times: RunTimes
  readonly #planned: Planned
  readonly #isCancelled: () => boolean
  #header: RunHeader
  #progress: RunProgress
  #noted: RunProgress | null = null
  #stopped: Stopped | null = null

  constructor(
    deps: RunDeps,
    times: RunTimes,
    run: { header: RunHeader; planned: Planned; isCancelled: () => boolean },
  ) {
    this.#deps = deps
    this.#planned = run.planned
    this.#header = run.header
    this.#isCancelled = run.isCancelled
    this.#progress = firstProgress(run.header.spec.check, run.planned.filesWithin)
    const { deadlineMs, requestedAtMs } = run.header
    this.#times = { ...times, closingMs: Math.min(times.closingMs, Math.floor((deadlineMs - requestedAtMs) / 10)) }
  }

  /** Goes on from what is noted until nothing more will come; resolves with the header of the end, not yet written. */
  async toEnd(signal: AbortSignal): Promise<RunHeader> {
    const { clock, notes } = this.#deps
    const noted = await patiently(this.#deps, () => notes.progress(this.#header), signal)
    if (noted !== null) this.#progress = noted
    this.#noted = noted
    for (;;) {
      const { isOver, run } = await patiently(this.#deps, () => this.#look(), signal)
      const end = isOver ? this.#counted(run) : null
      if (end !== null) return end
      await clock.sleep(this.#times.pollMs, signal)
    }
  }

  async #look(): Promise<{ readonly isOver: boolean; readonly run: FoldedRun | null }> {
    // In this order: the counts then hold at least what is taken for answered, also when it is folded just now.
    const answered = await this.#answered()
    const run = await this.#deps.folded.run(this.#header.workspace, this.#header.id)
    if (run?.kept === false) throw answersAreGone(this.#header.id)
    const step = this.#step(answered, run)
    await this.#note(step)
    await this.#issue(step)
    this.#progress = issued(step.progress, step.issue)
    return { isOver: step.over, run }
  }

  #step(answered: ReadonlySet<OpenCommand>, run: FoldedRun | null): Step {
    const { clock, paused } = this.#deps
    const { spec, deadlineMs, workspace, rest } = this.#header
    const nowMs = clock.now()
    if (rest !== null && this.#stopped?.rest !== rest) this.#stopped = { rest, sinceMs: nowMs }
    const wish = this.#isCancelled() ? 'cancelled' : paused(workspace) ? 'paused' : null
    const known = { planned: this.#planned, progress: this.#progress, stopped: this.#stopped, folded: run }
    return nextStep(
      { ...known, spec, deadlineMs, nowMs, wish, answered: (command) => answered.has(command) },
      this.#times,
    )
  }

  /** Open commands whose files are all answered. */
  async #answered(): Promise<ReadonlySet<OpenCommand>> {
    const { phase, open } = this.#progress
    const found = await Promise.all(
      open.map(async ({ first, files }) => {
        const folded = await this.#deps.folded.runFiles(this.#header, first, files)
        return folded.length === files && folded.every((file) => file !== null && file[phase] !== null)
      }),
    )
    return new Set(open.filter((_, at) => found[at] === true))
  }

  /** Writes down what is about to happen, before it does. */
  async #note({ progress, rest, batchSize }: Step): Promise<void> {
    const { notes } = this.#deps
    if (!isSame(progress, this.#noted)) await notes.putProgress(this.#header, progress)
    this.#noted = progress
    const state = progress.phase === 'warm' ? 'warming' : 'verifying'
    const why = planWords(this.#planned)
    const header: RunHeader = { ...this.#header, planned: this.#planned, state, why, rest, batchSize }
    if (!isSame(header, this.#header)) await notes.putHeader(header)
    this.#header = header
  }

  async #issue({ progress: { phase }, issue }: Step): Promise<void> {
    if (issue.length === 0) return
    const within = { phase, deadlineMs: this.#header.deadlineMs - this.#times.closingMs }
    const commands = await Promise.all(
      issue.map(async (command) => {
        return runCommand(this.#header, { ...within, command }, await this.#files(command, phase))
      }),
    )
    const attributes = { 'forewarm.run.id': this.#header.id, 'forewarm.commands': commands.length }
    await this.#deps.telemetry.span('run', { kind: 'internal', attributes }, () => this.#deps.append(commands))
  }

  /** The entries of a command; for a check with the versions that were warmed. */
  async #files({ first, files }: OpenCommand, phase: RunProgress['phase']): Promise<readonly PlacedFile[]> {
    const [entries, folded] = await Promise.all([
      this.#deps.notes.entries(this.#header, this.#planned, { from: first, count: files }),
      phase === 'check' ? this.#deps.folded.runFiles(this.#header, first, files) : [],
    ])
    if (entries.length !== files) throw planIsGone(this.#header.id)
    return entries.map((entry, at) => ({ entry, folded: folded[at] ?? null }))
  }

  /** Null while answers are missing that were there: a store that lost its last writes gets them again from the log. */
  #counted(run: FoldedRun | null): RunHeader | null {
    const header = { ...this.#header, planned: this.#planned, endedAtMs: this.#deps.clock.now() }
    if (standingOf(header, run).counts.some(({ outcome }) => outcome === 'pending')) return null
    const tally = tallyOf(header, run)
    return { ...header, tally, ...endOf(header, tally) }
  }
}

const isSame = (one: RunProgress | RunHeader, other: RunProgress | RunHeader | null): boolean =>
  JSON.stringify(one) === JSON.stringify(other)

const answersAreGone = (id: string): ForewarmError =>
  new ForewarmError('FW_RUN_UNKNOWN', `the files of run ${id} are no longer kept: too many others began after it`)

const planIsGone = (id: string): ForewarmError =>
  new ForewarmError('FW_RUN_UNKNOWN', `the plan of run ${id} is gone from the model store: ask for the run again`)
