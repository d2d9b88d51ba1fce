import type { CacheKey } from '../../ports/cache.ts'
import { valueKey } from '../../warming/cache-key.ts'
import { type FileResult, skipped } from '../../warming/decide.ts'
import { pointerOf } from '../lookup.ts'
import { attempt } from './attempts.ts'
import type { WarmDependencies, WarmSettings } from './dependencies.ts'
import { type FileTask, nameOf, type ValueOf } from './file-task.ts'
import { RoomMaker } from './room-maker.ts'

/** What a worker asks of the cache and puts there; tries again as the settings say. */
export class CachedValues {
  readonly #deps: WarmDependencies
  readonly #settings: WarmSettings
  readonly #room: RoomMaker

  constructor(deps: WarmDependencies, settings: WarmSettings) {
    this.#deps = deps
    this.#settings = settings
    this.#room = new RoomMaker(deps)
  }

  /** Renews what is in the cache already; returns for each key whether it is. */
  async renew(keys: readonly CacheKey[], signal: AbortSignal): Promise<readonly boolean[]> {
    if (keys.length === 0) return []
    return this.ask(signal, () => this.#deps.cache.renew(keys))
  }

  /** Which keys are in the cache, without renewing them. */
  async has(keys: readonly CacheKey[], signal: AbortSignal): Promise<readonly boolean[]> {
    if (keys.length === 0) return []
    return this.ask(signal, () => this.#deps.cache.has(keys))
  }

  /** The versions that the pointers of some files name, in their order, where the cache holds their values; else null. */
  async formerVersions(
    workspace: string,
    files: readonly Omit<ValueOf, 'workspace'>[],
    signal: AbortSignal,
  ): Promise<readonly (string | null)[]> {
    const versions = await this.ask(signal, () =>
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
  ask<Answer>(signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> {
    const { clock, random } = this.#deps
    const { retry: schedule, attemptMs } = this.#settings
    return attempt({ clock, random, schedule, attemptMs, lateAs: 'FW_CACHE_UNAVAILABLE', signal }, ask)
  }

  /** The key of a file's value when its version is known. */
  keyOf(of: ValueOf, version: string): CacheKey {
    return valueKey({ ...nameOf(of), version }, this.#deps.sha256Hex)
  }

  /** The result of a file whose value is there, which is renewed; else false. */
  async presentResult(task: FileTask, version: string): Promise<FileResult | false> {
    const [present] = await this.renew([this.keyOf(task, version)], task.signal)
    return present === true && { outcome: 'present', detail: '', version, bytes: 0 }
  }

  /** Puts a value, if pressure and budgets let it in. */
  async put(task: FileTask, value: Uint8Array, version: string): Promise<FileResult> {
    const key = this.keyOf(task, version)
    // Reading and waiting may have taken long, and only now is it sure where the value goes.
    if (value.byteLength > this.#settings.fileBytesMax) return skipped('size')
    await task.gate.enterBytes(value.byteLength)
    const reason = await this.ask(task.signal, () => task.gate.reasonToSkip(key))
    if (reason !== null) return skipped(reason)
    if (!task.budget.take(value.byteLength)) return skipped('limit')
    const { commandId, traceparent, predicted } = task
    const source = { kind: 'warm', commandId, traceparent, predicted } as const
    let stored = false
    try {
      await this.#room.before(value.byteLength, task.signal)
      const result = await this.ask(task.signal, () => this.#deps.cache.put(key, value, source))
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
}
