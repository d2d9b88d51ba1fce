/** One run from its request to its end, in the hands of one process. */
import { ForewarmError } from '../../../ports/errors.ts'
import type { WarmRequest } from '../../../warming/command.ts'
import type { Planned, RunHeader } from '../../../warming/run/plan.ts'
import { isTransient } from '../../transient.ts'
import { Course } from './course.ts'
import { patiently, type RunDeps, type RunTimes } from './run-deps.ts'
import { headerOf } from './run-header.ts'
import type { RunName } from './run-notes.ts'

/** Waits for its turn; resolves with what gives the turn to the next one. Rejects with the signal's reason. */
export type Enter = (signal: AbortSignal) => Promise<() => void>

const NO_TALLY = { counts: [], verified: 0, bytes: 0, pressure: 0 }

const OVER = new Error('the time of the run is over')

export class Run {
  readonly name: RunName
  readonly #deps: RunDeps
  readonly #times: RunTimes
  readonly #request: WarmRequest
  readonly #cancelling = new AbortController()
  #header: RunHeader

  constructor(deps: RunDeps, times: RunTimes, request: WarmRequest) {
    this.#deps = deps
    this.#times = times
    this.#request = request
    this.name = { workspace: request.workspace, id: request.id }
    this.#header = headerOf(request, deps.specOf(request.strategy, request.paths))
  }

  cancel(): void {
    this.#cancelling.abort(new Error('the run was cancelled'))
  }

  /**
   * Carries the run to its end, or on from where another process has left it; does nothing for one that has ended.
   * Rejects with the reason of `signal` when the run is no longer this process's.
   */
  async carryOut(enter: Enter, signal: AbortSignal): Promise<void> {
    if (await this.#patiently(() => this.#hasEnded(), signal)) return
    const ending = new AbortController()
    const interrupted = AbortSignal.any([signal, this.#cancelling.signal, this.#deadline(ending.signal)])
    try {
      const leave = await this.#turn(enter, interrupted, signal)
      try {
        await this.#end(await this.#endHeader(interrupted, signal), signal)
      } finally {
        leave()
      }
    } finally {
      ending.abort()
    }
  }

  /** Writes down that there is such a run, and keeps the number of runs in bounds. */
  async #hasEnded(): Promise<boolean> {
    const { notes, telemetry, logger } = this.#deps
    const known = await notes.header(this.name)
    if (known !== null) this.#header = known
    if (known !== null) return known.endedAtMs !== null
    await notes.putHeader(this.#header)
    await notes.trim(this.name.workspace)
    const { id, workspace, strategy } = this.#header
    telemetry.measure('forewarm.runs.started', 1)
    logger.info({ run: id, workspace, strategy }, 'a run begins')
    return false
  }

  /** A run that is cancelled or out of time needs no turn any more: it is only counted. */
  async #turn(enter: Enter, interrupted: AbortSignal, signal: AbortSignal): Promise<() => void> {
    try {
      return await enter(interrupted)
    } catch (cause) {
      signal.throwIfAborted()
      if (!interrupted.aborted) throw cause
      return () => {}
    }
  }

  async #endHeader(interrupted: AbortSignal, signal: AbortSignal): Promise<RunHeader> {
    try {
      const planned = await this.#planned(interrupted, signal)
      if (planned === null) return this.#unplanned()
      const isCancelled = () => this.#cancelling.signal.aborted
      const course = new Course(this.#deps, this.#times, { header: this.#header, planned, isCancelled })
      return await course.toEnd(signal)
    } catch (cause) {
      signal.throwIfAborted()
      if (!(cause instanceof ForewarmError)) throw cause
      return this.#endedAs({ state: 'failed', why: `${cause.code}: ${cause.message}`, rest: null })
    }
  }

  /** The plan that holds; null when the run was cancelled, or its time was over, before there was one. */
  async #planned(interrupted: AbortSignal, signal: AbortSignal): Promise<Planned | null> {
    const known = await this.#patiently(() => this.#deps.notes.planned(this.name), signal)
    if (known !== null) return known
    try {
      return await orAborted(
        patiently({ ...this.#deps, onWait: (cause) => this.#tell(cause) }, () => this.#plan(interrupted), interrupted),
        interrupted,
      )
    } catch (cause) {
      signal.throwIfAborted()
      if (interrupted.aborted) return null
      throw cause
    }
  }

  /** Notes what planning waits for, as long as it does. */
  async #tell({ code, message }: ForewarmError): Promise<void> {
    const header = { ...this.#header, why: `waits for what is away: ${code}: ${message}` }
    if (header.why === this.#header.why) return
    this.#header = header
    try {
      await this.#deps.notes.putHeader(header)
    } catch (cause) {
      // It may be the notes that are away.
      if (!isTransient(cause)) throw cause
    }
  }

  async #plan(interrupted: AbortSignal): Promise<Planned> {
    const { planner, notes, clock, newId, folded } = this.#deps
    const { spec, strategy } = this.#header
    if (isEmpty(this.#request, this.#deps.specOf(strategy, []) !== null)) throw noSuch(strategy)
    if ((await folded.run(this.name.workspace, this.name.id)) !== null) throw planWasLost(this.name.id)
    const { entries, ...bounds } = await planner.plan(this.#request, spec, interrupted)
    interrupted.throwIfAborted()
    const planned = { plan: newId(), files: entries.length, ...bounds, plannedAtMs: clock.now() }
    return notes.keepPlan(this.name, planned, entries)
  }

  #unplanned(): RunHeader {
    const because = this.#header.why === '' ? '' : `; it ${this.#header.why}`
    return this.#cancelling.signal.aborted
      ? this.#endedAs({ state: 'cancelled', why: `cancelled before it was planned${because}`, rest: 'cancelled' })
      : this.#endedAs({ state: 'timedOut', why: `its time was over before it was planned${because}`, rest: 'deadline' })
  }

  #endedAs(end: Pick<RunHeader, 'state' | 'why' | 'rest'>): RunHeader {
    return { ...this.#header, ...end, endedAtMs: this.#deps.clock.now(), tally: NO_TALLY }
  }

  async #end(header: RunHeader, signal: AbortSignal): Promise<void> {
    const { notes, telemetry, logger } = this.#deps
    const end = await this.#patiently(() => notes.end(header), signal)
    // Another process was first, and has reported it.
    if (end !== header) return
    const { id, workspace, state, why, requestedAtMs, endedAtMs, tally } = header
    const seconds = Math.max(0, (endedAtMs ?? requestedAtMs) - requestedAtMs) / 1_000
    telemetry.measure('forewarm.runs.ended', 1, { state })
    telemetry.measure('forewarm.runs.duration', seconds, { state })
    for (const { outcome, detail, files } of tally?.counts ?? [])
      telemetry.measure('forewarm.runs.files', files, { outcome, detail })
    logger.info({ run: id, workspace, state, why, verified: tally?.verified ?? 0 }, 'a run has ended')
  }

  /** Aborted when the run's time is over. */
  #deadline(ended: AbortSignal): AbortSignal {
    const late = new AbortController()
    const leftMs = this.#header.deadlineMs - this.#deps.clock.now()
    if (leftMs <= 0) late.abort(OVER)
    else
      this.#deps.clock.sleep(Math.min(leftMs, TIMER_MS_MAX), ended).then(
        () => late.abort(OVER),
        () => {},
      )
    return late.signal
  }

  #patiently<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    return patiently(this.#deps, work, signal)
  }
}

/** Rejects with the signal's reason at once, also when `work` does not heed the signal. */
function orAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', abort))
}

/** Longest time that a timer takes: 2^31 - 1 ms. */
const TIMER_MS_MAX = 2_147_483_647

/** A request of a strategy that nobody knows, without files of its own. */
const isEmpty = ({ spec, paths }: WarmRequest, isStrategy: boolean): boolean =>
  spec === null && !isStrategy && paths.length === 0

const noSuch = (strategy: string): ForewarmError =>
  new ForewarmError(
    'FW_STRATEGY_INVALID',
    `there is no strategy ${strategy} here, and the request names no files: name one of docs/strategies.md, or paths`,
  )

/** What was answered by place cannot be told from another plan's: the places may be other files now. */
const planWasLost = (id: string): ForewarmError =>
  new ForewarmError('FW_RUN_UNKNOWN', `the model store has lost the plan of run ${id}: ask for the run again`)
