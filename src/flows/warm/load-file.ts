/** Brings one file of a command into the cache: presence, lease, origin, layer, cache. */
import type { CacheKey } from '../../ports/cache.ts'
import { ForewarmError } from '../../ports/errors.ts'
import type { OriginFile } from '../../ports/origin.ts'
import { unversionedLeaseKey } from '../../warming/cache-key.ts'
import { ended, type FileResult, skipped } from '../../warming/decide.ts'
import { produceValue } from '../produce.ts'
import { attempt } from './attempts.ts'
import type { CachedValues } from './cached-values.ts'
import type { WarmDependencies, WarmSettings } from './dependencies.ts'
import { type FileTask, nameOf, orFailure, type ProducerTask } from './file-task.ts'
import type { GovernedSlots } from './governed-slots.ts'
import { OriginReads } from './origin-reads.ts'
import { Releases } from './releases.ts'

/** The version that the origin has told, if it knew, and when it was asked. */
type Asked = { readonly version: string | null; readonly askedAtMs: number }

type CacheParts = { readonly values: CachedValues; readonly slots: GovernedSlots }

export class FileLoader {
  readonly #deps: WarmDependencies
  readonly #settings: WarmSettings
  readonly #values: CachedValues
  readonly #origins: OriginReads
  readonly #slots: GovernedSlots
  readonly #releases = new Releases()
  #holders = 0

  /** `slots` note the time of calls to the cache. */
  constructor(deps: WarmDependencies, settings: WarmSettings, { values, slots }: CacheParts) {
    this.#slots = slots
    this.#deps = deps
    this.#settings = settings
    this.#values = values
    this.#origins = new OriginReads(deps, settings)
  }

  /** Rejects with the signal's reason; other failures of origin and cache are results. */
  load(task: ProducerTask): Promise<FileResult> {
    return orFailure(task, async () => {
      const askedAtMs = this.#deps.clock.monotonicMs()
      const version = task.file.version ?? (await this.#origins.versionNow(task))
      const present = version !== null && (await this.#values.presentResult(task, version))
      if (present) return present
      await task.gate.enterFile()
      return this.#loadAlone(task, { version, askedAtMs })
    })
  }

  /** The version that the origin holds now, read and hashed if it must be; or the result of a file that has none. */
  versionOf(task: FileTask): Promise<string | FileResult> {
    return orFailure(task, async () => {
      const version = await this.#origins.versionNow(task)
      if (version !== null) return version
      const read = await this.#origins.read(task, this.#settings.fileBytesMax)
      return 'outcome' in read ? read : read.version
    })
  }

  /** Loads as the only worker that does; while another one does, waits for its value as long as its lease may last. */
  async #loadAlone(task: ProducerTask, { version, askedAtMs }: Asked): Promise<FileResult> {
    const { cache, clock } = this.#deps
    const { leaseMs, leasePollMs, worker } = this.#settings
    const key =
      version === null ? unversionedLeaseKey(nameOf(task), this.#deps.sha256Hex) : this.#values.keyOf(task, version)
    this.#holders += 1
    const holder = `${worker}/${this.#holders}`
    const untilMs = clock.monotonicMs() + leaseMs
    let known = version
    // Of all calls this one always takes the cache the same: its time tells how busy the cache is.
    const lease = () => this.#slots.timed(() => cache.lease(key, holder, leaseMs))
    let hasWaited = false
    while (!(await this.#values.ask(task.signal, lease))) {
      hasWaited = true
      if (clock.monotonicMs() >= untilMs) return skipped('held')
      await clock.sleep(leasePollMs, task.signal)
      const present = known !== null && (await this.#values.presentResult(task, known))
      if (present) return present
    }
    try {
      // Whoever held the lease before may have read the file, and put the value, between our look and our lease.
      if (hasWaited || this.#releases.maySince(key, askedAtMs)) known ??= await this.#origins.versionNow(task)
      const present = known !== null && (await this.#values.presentResult(task, known))
      return present || (await this.#readAndPut(task))
    } finally {
      if (version === null) this.#releases.add(key, clock.monotonicMs())
      await this.#release(key, holder)
    }
  }

  async #readAndPut(task: ProducerTask): Promise<FileResult> {
    if (this.#deps.paused(task.workspace)) return skipped('paused')
    const read = await this.#origins.read(task, Math.min(this.#settings.fileBytesMax, task.budget.leftBytes))
    if ('outcome' in read) return read
    const wanted = task.file.version
    if (wanted !== null && wanted !== read.version) return ended('missing', 'version')
    const value = await this.#produce(task, read)
    return value instanceof Uint8Array ? this.#values.put(task, value, read.version) : value
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

  /** A lease that cannot be given back ends by itself. */
  async #release(key: CacheKey, holder: string): Promise<void> {
    try {
      await this.#deps.cache.release(key, holder)
    } catch (error) {
      if (!(error instanceof ForewarmError && error.retriable)) throw error
    }
  }
}
