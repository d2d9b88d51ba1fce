/** Carries out one warm command: every file of it ends in exactly one outcome. */
import type { WarmedFile, WarmOutcome } from '../../model/outcome.ts'
import { isOfClosure } from '../../ports/layer.ts'
import type { ActiveSpan } from '../../ports/telemetry.ts'
import { ByteBudget } from '../../warming/byte-budget.ts'
import { type CommandFile, isPrediction, type WarmCommand } from '../../warming/command.ts'
import { ended, type FileResult, settledByCommand, skipped } from '../../warming/decide.ts'
import { contentVersionOf } from '../../warming/incremental.ts'
import { orderOfNeed } from '../../warming/order.ts'
import { type Claim, Slots } from '../slots.ts'
import { CachedValues } from './cached-values.ts'
import { type Course, DEADLINE, type Finished, guarded, inCalls, type OpenFile } from './course.ts'
import type { WarmDependencies, WarmSettings } from './dependencies.ts'
import type { FileTask } from './file-task.ts'
import { Gate } from './gate.ts'
import { SharedLimits } from './limits.ts'
import { FileLoader } from './load-file.ts'
import { FingerprintLoader } from './load-fingerprint.ts'
import { Places } from './places.ts'
import { PressureGauge } from './pressure-gauge.ts'

export class CommandRunner {
  readonly #deps: WarmDependencies
  readonly #settings: WarmSettings
  readonly #values: CachedValues
  readonly #files: FileLoader
  readonly #fingerprints: FingerprintLoader
  readonly #places: Places
  readonly pressure: PressureGauge
  readonly #limits: SharedLimits
  #claims = 0

  constructor(deps: WarmDependencies, settings: WarmSettings) {
    this.#deps = deps
    this.#settings = settings
    this.#places = new Places(deps, settings)
    this.#values = new CachedValues(deps, settings)
    this.#files = new FileLoader(deps, settings, { values: this.#values, slots: this.#places.all })
    this.#fingerprints = new FingerprintLoader(deps, this.#values)
    this.pressure = new PressureGauge(deps, settings.pressureSampleMs)
    const askCache = this.#values.ask.bind(this.#values)
    this.#limits = new SharedLimits({ ...deps, askCache }, settings.limits)
  }

  /** Share of its files in flight that the governor leaves to a workspace now, 0..1. */
  governorLevel(workspace: string): number {
    return this.#places.levelOf(workspace)
  }

  /** Rejects with the reason of `stop` when that is aborted before every file has its outcome. */
  async run(command: WarmCommand, span: ActiveSpan, stop: AbortSignal): Promise<WarmOutcome> {
    const results = new Map<number, Finished>()
    let pressure = 0
    const origin = this.#deps.origins(command.workspace)?.at(command.revision) ?? null
    if (origin === null) {
      for (const index of command.files.keys()) this.#finish(results, index, skipped('workspace'))
    } else {
      const ending = new AbortController()
      const signal = AbortSignal.any([stop, this.#deadline(command, ending.signal)])
      const budget = new ByteBudget(command.bytesMax)
      const own = command.parallelMax === 0 ? null : new Slots(command.parallelMax)
      const claim = this.#claimOf(command)
      const places = { own, origin: this.#places.ofOrigin(command.workspace), claim }
      const gate = new Gate(
        { ...this.#deps, pressure: this.pressure, limits: this.#limits },
        { command, budget, claim, signal },
      )
      const graphSinceMs = graphSince(command, this.#deps.clock.now())
      const { traceparent } = span
      const course = { command, origin, graphSinceMs, budget, gate, places, traceparent, signal, results }
      try {
        await (command.mode === 'check' ? this.#checkFiles(course) : this.#warmFiles(course))
      } finally {
        ending.abort()
      }
      stop.throwIfAborted()
      pressure = gate.pressureMet
    }
    return this.#outcome(command, results, pressure)
  }

  /** A prediction is worth nothing once its file has been read; a run can wait. What came first is to end first. */
  #claimOf({ runId }: WarmCommand): Claim {
    this.#claims += 1
    return { urgency: runId === null ? 'urgent' : 'patient', turn: this.#claims }
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

  async #warmFiles(course: Course): Promise<void> {
    const open = this.#open(course)
    const named = open.filter(isNamed)
    for (const files of inCalls(named)) await this.#finishPresent(course, files)
    const absent = open.filter(({ index }) => !course.results.has(index))
    if (absent.length === 0) await guarded(() => course.gate.reasonToSkip(null))
    const formerVersions = await this.#formerVersions(course, absent)
    await this.#inSlots(course, absent, async ({ index }, task) => {
      const formerVersion = formerVersions.get(index) ?? null
      this.#finish(course.results, index, await guarded(() => this.#load({ ...task, formerVersion })))
    })
  }

  /** Says of each file whether it is in the cache, and changes nothing there. */
  async #checkFiles(course: Course): Promise<void> {
    const open = this.#open(course)
    const versions = new Map(open.map(({ index, file }) => [index, file.version]))
    const unnamed = open.filter((one) => !isNamed(one))
    await this.#inSlots(course, unnamed, async ({ index }, task) => {
      const found = await guarded(() => this.#versionOf(task))
      if (typeof found === 'string') versions.set(index, found)
      else this.#finish(course.results, index, found)
    })
    for (const files of inCalls(open.filter(({ index }) => !course.results.has(index)))) {
      const keys = files.map((one) => this.#keyOf(course, one, versions.get(one.index) ?? ''))
      const answers = await guarded(() => this.#values.has(keys, course.signal))
      for (const [at, { index }] of files.entries()) {
        if ('outcome' in answers) this.#finish(course.results, index, answers)
        else this.#finish(course.results, index, checked(answers[at] === true, versions.get(index) ?? null))
      }
    }
  }

  #load(task: FileTask): Promise<FileResult> {
    const { layer } = task
    return isOfClosure(layer) ? this.#fingerprints.load({ ...task, layer }) : this.#files.load({ ...task, layer })
  }

  #versionOf(task: FileTask): Promise<string | FileResult> {
    const { layer } = task
    return isOfClosure(layer) ? this.#fingerprints.versionOf({ ...task, layer }) : this.#files.versionOf(task)
  }

  /** Finishes what the command alone settles; returns the other files in the order of need. */
  #open(course: Course): readonly OpenFile[] {
    const open: OpenFile[] = []
    for (const index of orderOfNeed(course.command.files)) {
      const file = course.command.files[index]
      const layer = this.#deps.layers.get(file?.layer ?? '')
      if (file === undefined) continue
      const settled = settledByCommand(file, this.#deps.layers)
      if (settled !== null) this.#finish(course.results, index, settled)
      else if (layer !== undefined) open.push({ index, file, layer })
    }
    return open
  }

  async #finishPresent(course: Course, files: readonly OpenFile[]): Promise<void> {
    const keys = files.map((one) => this.#keyOf(course, one, one.file.version ?? ''))
    const present = await guarded(() => this.#values.renew(keys, course.signal))
    for (const [at, { index, file }] of files.entries()) {
      if ('outcome' in present) this.#finish(course.results, index, present)
      else if (present[at] === true) this.#finish(course.results, index, { ...ended('present'), version: file.version })
    }
  }

  /** For the files of a run: the version that the path's pointer names, where the cache still holds its value. */
  async #formerVersions(course: Course, files: readonly OpenFile[]): Promise<ReadonlyMap<number, string>> {
    const former = new Map<number, string>()
    if (course.command.runId === null) return former
    const { workspace } = course.command
    for (const some of inCalls(files)) {
      const found = await guarded(() => this.#values.formerVersions(workspace, some, course.signal))
      if ('outcome' in found) return former
      for (const [at, { index }] of some.entries()) {
        const version = found[at] ?? null
        if (version !== null) former.set(index, version)
      }
    }
    return former
  }

  #keyOf(course: Course, { file, layer }: OpenFile, version: string) {
    return this.#values.keyOf({ workspace: course.command.workspace, file, layer }, version)
  }

  /** Does the work on each file that is to be begun, in a slot of its own; ends when all have ended. */
  async #inSlots(
    course: Course,
    files: readonly OpenFile[],
    work: (one: OpenFile, task: FileTask) => Promise<void>,
  ): Promise<void> {
    const running: Promise<void>[] = []
    try {
      for (const one of files) {
        if (!(await this.#begin(course, one))) continue
        const working = this.#inSlot(course, one, work)
        working.catch(() => {})
        running.push(working)
      }
    } finally {
      // Also when the worker stops: nothing of a command is put into the cache after its end.
      await Promise.allSettled(running)
    }
    await Promise.all(running)
  }

  /** Waits for a slot and holds it if the file is to be loaded; else finishes the file and holds none. */
  async #begin(course: Course, one: OpenFile): Promise<boolean> {
    const { command, gate, signal, results } = course
    const { index, file } = one
    const taken = await guarded(async () => {
      await this.#places.take(course.places, signal)
      return null
    })
    if (taken !== null) {
      this.#finish(results, index, taken)
      return false
    }
    if (command.mode === 'check') return true
    const verdict = await guarded(async () => {
      const key = file.version === null ? null : this.#keyOf(course, one, file.version)
      return this.#values.ask(signal, () => gate.reasonToSkip(key))
    }).catch((error) => {
      this.#places.leave(course.places)
      throw error
    })
    if (verdict === null) return true
    this.#places.leave(course.places)
    this.#finish(results, index, typeof verdict === 'string' ? skipped(verdict) : verdict)
    return false
  }

  async #inSlot(course: Course, one: OpenFile, work: (one: OpenFile, task: FileTask) => Promise<void>): Promise<void> {
    const { command, origin, places, graphSinceMs, budget, gate, traceparent, signal } = course
    const { file, layer } = one
    const atWork: Promise<unknown>[] = []
    const occupied = (work: Promise<unknown>): void => {
      atWork.push(work)
    }
    const { id: commandId, workspace, revision } = command
    const of = { commandId, predicted: isPrediction(command), workspace, revision }
    const where = { ...of, file, layer, origin, originSlots: places.origin, graphSinceMs }
    try {
      await work(one, { ...where, formerVersion: null, budget, gate, traceparent, signal, occupied })
    } finally {
      // A read that nobody waits for still holds its memory and its thread, so it keeps its slot until it ends.
      Promise.allSettled(atWork).then(() => this.#places.leave(course.places))
    }
  }

  #finish(results: Map<number, Finished>, index: number, result: FileResult): void {
    this.#deps.beat()
    results.set(index, { ...result, finishedAtMs: this.#deps.clock.now() })
  }

  #outcome(command: WarmCommand, results: ReadonlyMap<number, Finished>, pressure: number): WarmOutcome {
    return {
      commandId: command.id,
      workspace: command.workspace,
      shard: command.shard,
      runId: command.runId,
      worker: this.#settings.worker,
      issuedAtMs: command.issuedAtMs,
      mode: command.mode,
      firstFile: command.firstFile,
      pressure,
      files: command.files.map((file, index) => warmedFile(file, results.get(index))),
    }
  }
}

const checked = (isThere: boolean, version: string | null): FileResult => ({
  ...ended(isThere ? 'present' : 'cold'),
  version,
})

/** Commands of a run follow one another fast: they share a look at the imports that is no older than this. */
const GRAPH_AGE_MS = 2_000

/** A prediction may rest on a change: then the imports as they were before its command are of no use. */
const graphSince = ({ runId, issuedAtMs }: WarmCommand, nowMs: number): number =>
  runId === null ? Math.min(issuedAtMs, nowMs) : nowMs - GRAPH_AGE_MS

/** Whether the command names the version of the value itself. */
const isNamed = ({ file: { version }, layer }: OpenFile): boolean =>
  version !== null && (!isOfClosure(layer) || contentVersionOf(version) !== null)

/** Longest time that a timer takes: 2^31 - 1 ms, 24 days. No command is at work for so long. */
const TIMER_MS_MAX = 2_147_483_647

function warmedFile(file: CommandFile, result: Finished | undefined): WarmedFile {
  if (result === undefined) throw new Error('a file of a command has no outcome')
  const { path, layer, reason, probability, horizonAtMs } = file
  return { path, layer, reason, probability, horizonAtMs, ...result }
}
