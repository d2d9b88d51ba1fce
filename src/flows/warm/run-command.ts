/** Carries out one warm command: every file of it ends in exactly one outcome. */
import type { WarmedFile, WarmOutcome } from '../../model/outcome.ts'
import { ForewarmError } from '../../ports/errors.ts'
import type { Origin } from '../../ports/origin.ts'
import type { ActiveSpan } from '../../ports/telemetry.ts'
import { ByteBudget } from '../../warming/byte-budget.ts'
import type { CommandFile, WarmCommand } from '../../warming/command.ts'
import { ended, type FileResult, reasonToSkip, settledByCommand, skipped } from '../../warming/decide.ts'
import type { LayerProducer } from '../../warming/layers.ts'
import { orderOfNeed } from '../../warming/order.ts'
import { Slots } from '../slots.ts'
import type { WarmDependencies, WarmSettings } from './dependencies.ts'
import { FileLoader } from './load-file.ts'
import { PressureGauge } from './pressure-gauge.ts'

/** Keys asked for in one call to the cache. */
const KEYS_PER_CALL = 256

/** Why the signal of a command is aborted when its time is over, and not because the worker stops. */
const DEADLINE = new Error('the deadline of the command has passed')

/** A command being carried out. */
type Course = {
  readonly command: WarmCommand
  readonly origin: Origin
  readonly budget: ByteBudget
  readonly traceparent: string | null
  readonly signal: AbortSignal
  readonly results: Map<number, Finished>
}

type Finished = FileResult & { readonly finishedAtMs: number }

export class CommandRunner {
  readonly #deps: WarmDependencies
  readonly #settings: WarmSettings
  readonly #loader: FileLoader
  readonly #slots: Slots
  readonly #pressure: PressureGauge

  constructor(deps: WarmDependencies, settings: WarmSettings) {
    this.#deps = deps
    this.#settings = settings
    this.#loader = new FileLoader(deps, settings)
    this.#slots = new Slots(settings.filesInFlightMax)
    this.#pressure = new PressureGauge(deps, settings.pressureSampleMs)
  }

  /** Rejects with the reason of `stop` when that is aborted before every file has its outcome. */
  async run(command: WarmCommand, span: ActiveSpan, stop: AbortSignal): Promise<WarmOutcome> {
    const results = new Map<number, Finished>()
    const origin = this.#deps.origins(command.workspace)
    if (origin === null) {
      for (const index of command.files.keys()) this.#finish(results, index, skipped('workspace'))
    } else {
      const ending = new AbortController()
      const signal = AbortSignal.any([stop, this.#deadline(command, ending.signal)])
      const budget = new ByteBudget(command.bytesMax)
      try {
        await this.#runFiles({ command, origin, budget, traceparent: span.traceparent, signal, results })
      } finally {
        ending.abort()
      }
      stop.throwIfAborted()
    }
    return this.#outcome(command, results)
  }

  /** Aborted with DEADLINE when the command's time is over; measured from now on by the clock that never goes back. */
  #deadline(command: WarmCommand, ended: AbortSignal): AbortSignal {
    const over = new AbortController()
    const leftMs = command.deadlineMs - this.#deps.clock.now()
    if (leftMs <= 0) over.abort(DEADLINE)
    else
      this.#deps.clock.sleep(Math.min(leftMs, TIMER_MS_MAX), ended).then(
        () => over.abort(DEADLINE),
        () => {},
      )
    return over.signal
  }

  async #runFiles(course: Course): Promise<void> {
    const open = await this.#settleWithoutLoading(course)
    const running: Promise<void>[] = []
    try {
      for (const { index, file, producer } of open) {
        if (!(await this.#begin(course, index))) continue
        const loading = this.#loadInSlot(course, { index, file, producer })
        loading.catch(() => {})
        running.push(loading)
      }
    } finally {
      // Also when the worker stops: nothing of a command is put into the cache after its end.
      await Promise.allSettled(running)
    }
    await Promise.all(running)
  }

  /** Finishes what the command or the cache settles already; returns the other files in the order of need. */
  async #settleWithoutLoading(course: Course): Promise<readonly OpenFile[]> {
    const open: OpenFile[] = []
    for (const index of orderOfNeed(course.command.files)) {
      const file = course.command.files[index]
      const producer = this.#deps.layers.get(file?.layer ?? '')
      if (file === undefined) continue
      const settled = settledByCommand(file, this.#deps.layers)
      if (settled !== null) this.#finish(course.results, index, settled)
      else if (producer !== undefined) open.push({ index, file, producer })
    }
    const named = open.filter(({ file }) => file.version !== null)
    for (let at = 0; at < named.length; at += KEYS_PER_CALL) {
      await this.#finishPresent(course, named.slice(at, at + KEYS_PER_CALL))
    }
    return open.filter(({ index }) => !course.results.has(index))
  }

  async #finishPresent(course: Course, files: readonly OpenFile[]): Promise<void> {
    const { workspace } = course.command
    const keys = files.map(({ file, producer }) =>
      this.#loader.keyOf({ workspace, file, producer }, file.version ?? ''),
    )
    const present = await this.#guarded(() => this.#loader.renew(keys, course.signal))
    for (const [at, { index, file }] of files.entries()) {
      if ('outcome' in present) this.#finish(course.results, index, present)
      else if (present[at] === true) this.#finish(course.results, index, { ...ended('present'), version: file.version })
    }
  }

  /** Waits for a slot and holds it if the file is to be loaded; else finishes the file and holds none. */
  async #begin(course: Course, index: number): Promise<boolean> {
    const { command, budget, signal, results } = course
    const taken = await this.#guarded(async () => {
      await this.#slots.take(signal)
      return null
    })
    if (taken !== null) {
      this.#finish(results, index, taken)
      return false
    }
    const verdict = await this.#guarded(async () => {
      const pressure = await this.#loader.askCache(signal, () => this.#pressure.current())
      const paused = this.#deps.paused(command.workspace)
      const now = { nowMs: this.#deps.clock.now(), paused, pressure, leftBytes: budget.leftBytes }
      return reasonToSkip(command, now)
    }).catch((error) => {
      this.#slots.release()
      throw error
    })
    if (verdict === null) return true
    this.#slots.release()
    this.#finish(results, index, typeof verdict === 'string' ? skipped(verdict) : verdict)
    return false
  }

  async #loadInSlot(course: Course, { index, file, producer }: OpenFile): Promise<void> {
    const { command, origin, budget, traceparent, signal, results } = course
    const atWork: Promise<unknown>[] = []
    const occupied = (work: Promise<unknown>): void => {
      atWork.push(work)
    }
    const { id: commandId, workspace } = command
    const task = { commandId, workspace, file, producer, origin, budget, traceparent, signal, occupied }
    try {
      this.#finish(results, index, await this.#guarded(() => this.#loader.load(task)))
    } finally {
      // A read that nobody waits for still holds its memory and its thread, so it keeps its slot until it ends.
      Promise.allSettled(atWork).then(() => this.#slots.release())
    }
  }

  /** Turns the end of the command's time, and a cache that is away, into the result of a file. */
  async #guarded<Result>(work: () => Promise<Result>): Promise<Result | FileResult> {
    try {
      return await work()
    } catch (error) {
      if (error === DEADLINE) return skipped('deadline')
      if (error instanceof ForewarmError && error.code === 'FW_CACHE_UNAVAILABLE') return ended('failed', 'cache')
      throw error
    }
  }

  #finish(results: Map<number, Finished>, index: number, result: FileResult): void {
    results.set(index, { ...result, finishedAtMs: this.#deps.clock.now() })
  }

  #outcome(command: WarmCommand, results: ReadonlyMap<number, Finished>): WarmOutcome {
    return {
      commandId: command.id,
      workspace: command.workspace,
      shard: command.shard,
      runId: command.runId,
      worker: this.#settings.worker,
      issuedAtMs: command.issuedAtMs,
      mode: command.mode,
      firstFile: command.firstFile,
      pressure: 0,
      files: command.files.map((file, index) => warmedFile(file, results.get(index))),
    }
  }
}

type OpenFile = { readonly index: number; readonly file: CommandFile; readonly producer: LayerProducer }

/** Longest time that a timer takes: 2^31 - 1 ms, 24 days. No command is at work for so long. */
const TIMER_MS_MAX = 2_147_483_647

function warmedFile(file: CommandFile, result: Finished | undefined): WarmedFile {
  if (result === undefined) throw new Error('a file of a command has no outcome')
  const { path, layer, reason, probability, horizonAtMs } = file
  return { path, layer, reason, probability, horizonAtMs, ...result }
}
