/** Brings one file of a command into the cache: presence, lease, origin, layer, cache. */
import type { CacheKey } from '../../ports/cache.ts'
import { ForewarmError } from '../../ports/errors.ts'
import type { Layer, LayerProducer } from '../../ports/layer.ts'
import type { Origin, OriginFile, OriginRead } from '../../ports/origin.ts'
import type { ByteBudget } from '../../warming/byte-budget.ts'
import { unversionedLeaseKey, valueKey } from '../../warming/cache-key.ts'
import type { CommandFile } from '../../warming/command.ts'
import { ended, type FileResult, skipped } from '../../warming/decide.ts'
import type { LayerName } from '../../warming/layers.ts'
import { pointerOf } from '../lookup.ts'
import { produceValue } from '../produce.ts'
import { type AttemptOptions, attempt } from './attempts.ts'
import type { WarmDependencies, WarmSettings } from './dependencies.ts'
import type { Gate } from './gate.ts'
import type { GovernedSlots } from './governed-slots.ts'
import { Releases } from './releases.ts'
import { RoomMaker } from './room-maker.ts'

/** One file on its way. */
export type FileTask = {
  readonly commandId: string
  readonly workspace: string
  readonly revision: string | null
  readonly file: CommandFile
  readonly layer: Layer
  readonly origin: Origin
  /** Since when the imports of a tree that may change must have been looked at. */
  readonly graphSinceMs: number
  /** Where the time of its reads is noted. */
  readonly originSlots: GovernedSlots
  readonly budget: ByteBudget
  readonly gate: Gate
  /** Another version of the file that the cache holds; null where there is none or nobody asks. */
  readonly formerVersion: string | null
  readonly traceparent: string | null
  /** Aborted at the command's deadline and when the worker stops. */
  readonly signal: AbortSignal
  /** Says that the origin is at work until this settles, also when nobody waits for its answer any more. */
  readonly occupied: (work: Promise<unknown>) => void
}

/** The version that the origin has told, if it knew, and when it was asked. */
type Asked = { readonly version: string | null; readonly askedAtMs: number }

/** A file whose value is made of its bytes alone. */
export type ProducerTask = FileTask & { readonly layer: LayerProducer }

/** Names a value but for its version. */
export type ValueOf = Pick<FileTask, 'workspace'> & {
  readonly file: Pick<CommandFile, 'path'>
  readonly layer: LayerName
}

export const nameOf = ({ workspace, file, layer }: ValueOf) => ({
  workspace,
  layer: layer.name,
  producerVersion: layer.version,
  path: file.path,
})

export class FileLoader {
  readonly #deps: WarmDependencies
  readonly #settings: WarmSettings
  readonly #room: RoomMaker
  readonly #slots: GovernedSlots
  readonly #releases = new Releases()
  #holders = 0

  /** `slots` note the time of calls to the cache. */
  constructor(deps: WarmDependencies, settings: WarmSettings, slots: GovernedSlots) {
    this.#slots = slots
    this.#deps = deps
    this.#settings = settings
    this.#room = new RoomMaker(deps)
  }

  /** Renews what is in the cache already; returns for each key whether it is. Tries again as the settings say. */
  async renew(keys: readonly CacheKey[], signal: AbortSignal): Promise<readonly boolean[]> {
    if (keys.length === 0) return []
    return this.askCache(signal, () => this.#deps.cache.renew(keys))
  }

  /** Which keys are in the cache, without renewing them. Tries again as the settings say. */
  async has(keys: readonly CacheKey[], signal: AbortSignal): Promise<readonly boolean[]> {
    if (keys.length === 0) return []
    return this.askCache(signal, () => this.#deps.cache.has(keys))
  }

  /** The versions that the pointers of some files name, in their order, where the cache holds their values; else null. */
  async formerVersions(
    workspace: string,
    files: readonly Omit<ValueOf, 'workspace'>[],
    signal: AbortSignal,
  ): Promise<readonly (string | null)[]> {
    const versions = await this.askCache(signal, () =>
      Promise.all(files.map(({ file, layer }) => pointerOf(this.#deps, nameOf({ workspace, file, layer })))),
    )
    const named = files.flatMap(({ file, layer }, at) => {
      const version = versions[at] ?? null
      return version === null ? [] : [{ at, version, key: this.keyOf({ workspace, file, layer }, version) }]
    })
    const present = await this.has(
      named.map(({ key }) => key),
      signal,
    )
    const found = new Map(named.filter((_, one) => present[one] === true).map(({ at, version }) => [at, version]))
    return files.map((_, at) => found.get(at) ?? null)
  }

  /** Asks the cache, and again if it is away for the moment. */
  askCache<Answer>(signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> {
    return this.#attempt({ lateAs: 'FW_CACHE_UNAVAILABLE', signal }, ask)
  }

  /** The key of a file's value when its version is known. */
  keyOf(of: ValueOf, version: string): CacheKey {
    return valueKey({ ...nameOf(of), version }, this.#deps.sha256Hex)
  }

  /** Rejects with the signal's reason; other failures of origin and cache are results. */
  load(task: ProducerTask): Promise<FileResult> {
    return this.orFailure(task, async () => {
      const askedAtMs = this.#deps.clock.monotonicMs()
      const version = task.file.version ?? (await this.#versionNow(task))
      const present = version !== null && (await this.presentResult(task, version))
      if (present) return present
      await task.gate.enterFile()
      return this.#loadAlone(task, { version, askedAtMs })
    })
  }

  /** The version that the origin holds now, read and hashed if it must be; or the result of a file that has none. */
  versionOf(task: FileTask): Promise<string | FileResult> {
    return this.orFailure(task, async () => {
      const version = await this.#versionNow(task)
      if (version !== null) return version
      const read = await this.#read(task, this.#settings.fileBytesMax)
      return read.outcome === 'read' ? read.file.version : this.#refused(read)
    })
  }

  /** Rejects with the signal's reason; failures of origin and cache become results. */
  async orFailure<Result>(task: FileTask, work: () => Promise<Result>): Promise<Result | FileResult> {
    try {
      return await work()
    } catch (error) {
      task.signal.throwIfAborted()
      if (!(error instanceof ForewarmError)) throw error
      if (error.code === 'FW_ORIGIN_UNAVAILABLE') return ended('failed', 'origin')
      if (error.code === 'FW_CACHE_UNAVAILABLE') return ended('failed', 'cache')
      throw error
    }
  }

  /** The version that the origin holds now, if it can tell without reading the file. */
  #versionNow(task: FileTask): Promise<string | null> {
    return this.#askOrigin(task, (signal) => task.origin.version(task.file.path, signal))
  }

  /** The result of a file whose value is there, which is renewed; else false. */
  async presentResult(task: FileTask, version: string): Promise<FileResult | false> {
    const [present] = await this.renew([this.keyOf(task, version)], task.signal)
    return present === true && { outcome: 'present', detail: '', version, bytes: 0 }
  }

  /** Loads as the only worker that does; while another one does, waits for its value as long as its lease may last. */
  async #loadAlone(task: ProducerTask, { version, askedAtMs }: Asked): Promise<FileResult> {
    const { cache, clock } = this.#deps
    const { leaseMs, leasePollMs, worker } = this.#settings
    const key = version === null ? unversionedLeaseKey(nameOf(task), this.#deps.sha256Hex) : this.keyOf(task, version)
    this.#holders += 1
    const holder = `${worker}/${this.#holders}`
    const untilMs = clock.monotonicMs() + leaseMs
    let known = version
    // Of all calls this one always takes the cache the same: its time tells how busy the cache is.
    const lease = () => this.#slots.timed(() => cache.lease(key, holder, leaseMs))
    let hasWaited = false
    while (!(await this.askCache(task.signal, lease))) {
      hasWaited = true
      if (clock.monotonicMs() >= untilMs) return skipped('held')
      await clock.sleep(leasePollMs, task.signal)
      const present = known !== null && (await this.presentResult(task, known))
      if (present) return present
    }
    try {
      // Whoever held the lease before may have read the file, and put the value, between our look and our lease.
      if (hasWaited || this.#releases.maySince(key, askedAtMs)) known ??= await this.#versionNow(task)
      const present = known !== null && (await this.presentResult(task, known))
      return present || (await this.#readAndPut(task))
    } finally {
      if (version === null) this.#releases.add(key, clock.monotonicMs())
      await this.#release(key, holder)
    }
  }

  async #readAndPut(task: ProducerTask): Promise<FileResult> {
    if (this.#deps.paused(task.workspace)) return skipped('paused')
    const read = await this.#read(task, Math.min(this.#settings.fileBytesMax, task.budget.leftBytes))
    if (read.outcome !== 'read') return this.#refused(read)
    const wanted = task.file.version
    if (wanted !== null && wanted !== read.file.version) return ended('missing', 'version')
    const value = await this.#produce(task, read.file)
    return value instanceof Uint8Array ? this.put(task, value, read.file.version) : value
  }

  /** The layer's value, or the result of a file that has none: whatever its producer does, it fails this file alone. */
  async #produce(task: ProducerTask, { bytes, version }: OriginFile): Promise<Uint8Array | FileResult> {
    const { layer, workspace, revision, signal: ending } = task
    const file = { workspace, path: task.file.path, bytes, version, revision }
    const make = (signal: AbortSignal) => produceValue(layer, file, signal)
    try {
      const value = await (layer.isBounded === true ? make(ending) : this.#inTime(make, ending))
      return value ?? skipped('language')
    } catch (error) {
      ending.throwIfAborted()
      if (!(error instanceof ForewarmError)) throw error
      this.#deps.logger.warn({ layer: layer.name, cause: error.message }, 'a layer could not be made of a file')
      return ended('failed', 'layer')
    }
  }

  #inTime<Result>(work: (signal: AbortSignal) => Promise<Result>, signal: AbortSignal): Promise<Result> {
    const { clock, random } = this.#deps
    const schedule = { attemptsMax: 1, baseMs: 0, capMs: 0 }
    const { produceMs: attemptMs } = this.#settings
    return attempt({ clock, random, schedule, attemptMs, lateAs: 'FW_LAYER_FAILED', signal }, work)
  }

  #read(task: FileTask, bytesMax: number): Promise<OriginRead> {
    const { origin, originSlots, file } = task
    return this.#askOrigin(task, (signal) =>
      originSlots.timed(() => origin.read(file.path, { bytesMax, signal }), isSmall),
    )
  }

  #askOrigin<Answer>(task: FileTask, ask: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    const options = { lateAs: 'FW_ORIGIN_UNAVAILABLE', signal: task.signal } as const
    return this.#attempt({ ...options, before: () => task.gate.enterRequest() }, (signal) => {
      const work = ask(signal)
      task.occupied(work)
      return work
    })
  }

  #refused(read: Exclude<OriginRead, { outcome: 'read' }>): FileResult {
    if (read.outcome === 'missing') return ended('missing')
    if (read.outcome === 'denied') return ended('denied', read.detail)
    return skipped(read.bytes > this.#settings.fileBytesMax ? 'size' : 'limit')
  }

  /** Puts a value, if pressure and budgets let it in. */
  async put(task: FileTask, value: Uint8Array, version: string): Promise<FileResult> {
    const key = this.keyOf(task, version)
    // Reading and waiting may have taken long, and only now is it sure where the value goes.
    if (value.byteLength > this.#settings.fileBytesMax) return skipped('size')
    await task.gate.enterBytes(value.byteLength)
    const reason = await this.askCache(task.signal, () => task.gate.reasonToSkip(key))
    if (reason !== null) return skipped(reason)
    if (!task.budget.take(value.byteLength)) return skipped('limit')
    const source = { kind: 'warm', commandId: task.commandId, traceparent: task.traceparent } as const
    let stored = false
    try {
      await this.#room.before(value.byteLength, task.signal)
      const result = await this.askCache(task.signal, () => this.#deps.cache.put(key, value, source))
      stored = result === 'stored'
      const isRefreshed = task.formerVersion !== null && task.formerVersion !== version
      if (stored) {
        return { outcome: isRefreshed ? 'refreshed' : 'warmed', detail: '', version, bytes: value.byteLength }
      }
      if (result === 'full') return skipped('pressure')
      await this.renew([key], task.signal)
      return { outcome: 'present', detail: '', version, bytes: 0 }
    } finally {
      if (!stored) task.budget.giveBack(value.byteLength)
    }
  }

  /** A lease that cannot be given back ends by itself. */
  async #release(key: CacheKey, holder: string): Promise<void> {
    try {
      await this.#deps.cache.release(key, holder)
    } catch (error) {
      if (!(error instanceof ForewarmError && error.retriable)) throw error
    }
  }

  #attempt<Result>(
    options: Pick<AttemptOptions, 'lateAs' | 'signal' | 'before'>,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const { clock, random } = this.#deps
    const { retry: schedule, attemptMs } = this.#settings
    return attempt({ clock, random, schedule, attemptMs, ...options }, work)
  }
}

/** Reads of longer files take longer for that alone, and say nothing of how busy the origin is. */
const SMALL_BYTES = 65_536

const isSmall = (read: OriginRead): boolean => read.outcome === 'read' && read.file.bytes.byteLength <= SMALL_BYTES
