/** Brings the fingerprint of one file into the cache: what it imports, presence, value, pointer. */
import { fingerprint, fingerprintJson } from '../../dependencies/fingerprint.ts'
import { type ErrorCode, ForewarmError } from '../../ports/errors.ts'
import type { GraphSnapshot } from '../../ports/import-graphs.ts'
import type { ClosureLayer } from '../../ports/layer.ts'
import { layerPointerKey } from '../../warming/cache-key.ts'
import { ended, type FileResult, skipped } from '../../warming/decide.ts'
import { contentVersionOf, incrementalVersion, pointerText } from '../../warming/incremental.ts'
import type { CachedValues } from './cached-values.ts'
import type { WarmDependencies } from './dependencies.ts'
import { type FileTask, nameOf, orFailure } from './file-task.ts'

type FingerprintDependencies = Pick<WarmDependencies, 'cache' | 'sha256Hex' | 'beat'>

type ClosureTask = FileTask & { readonly layer: ClosureLayer }

/** The fingerprint of a file as the origin has it now. */
type Current = { readonly valueVersion: string; readonly json: string; readonly snapshot: GraphSnapshot }

/** Nothing is held off by a lease: whoever makes the same fingerprint at the same time reads nothing more for it. */
export class FingerprintLoader {
  readonly #deps: FingerprintDependencies
  readonly #values: CachedValues

  constructor(deps: FingerprintDependencies, values: CachedValues) {
    this.#deps = deps
    this.#values = values
  }

  /** Rejects with the signal's reason; failures of origin, graph and cache are results. */
  load(task: ClosureTask): Promise<FileResult> {
    return orFailure(task, async () => {
      const current = await this.#current(task)
      if ('outcome' in current) return current
      const { valueVersion, json } = current
      const present = await this.#values.presentResult(task, valueVersion)
      if (!present) await task.gate.enterFile()
      const result = present || (await this.#values.put(task, new TextEncoder().encode(json), valueVersion))
      if (result.version !== null) await this.#point(task, current)
      return result
    })
  }

  /** The version of the value of a file as it is now, or the result of a file that has none. */
  versionOf(task: ClosureTask): Promise<string | FileResult> {
    return orFailure(task, async () => {
      const current = await this.#current(task)
      return 'outcome' in current ? current : current.valueVersion
    })
  }

  async #current(task: ClosureTask): Promise<Current | FileResult> {
    const { workspace, revision, file, graphSinceMs: sinceMs, signal } = task
    const wish = { workspace, revision, sinceMs, onProgress: this.#deps.beat }
    const snapshot = await inGraph(() => task.layer.snapshot(wish, signal))
    const closure = await inGraph(() => snapshot.closure(file.path, signal))
    if (closure === null) return ended('missing')
    if (closure === 'incomplete') return skipped('closure')
    const print = fingerprint(closure[0], closure, this.#deps.sha256Hex)
    const valueVersion = incrementalVersion(print)
    if (!isWanted(file.version, valueVersion)) return ended('missing', 'version')
    return { valueVersion, json: fingerprintJson(print), snapshot }
  }

  /** Only forward: what was seen earlier never takes the place of what was seen later. */
  async #point(task: ClosureTask, { valueVersion, snapshot }: Current): Promise<void> {
    const { cache, sha256Hex } = this.#deps
    const text = pointerText(valueVersion, snapshot.tree)
    const ofCommit = snapshot.revision === null ? [] : [snapshot.revision]
    const revisions = task.revision === null || snapshot.revision === null ? [null, ...ofCommit] : ofCommit
    for (const revision of revisions) {
      const key = layerPointerKey(nameOf(task), revision, sha256Hex)
      await this.#values.ask(task.signal, () => cache.movePointer(key, text, snapshot.takenAtMs))
    }
  }
}

/** Whether the fingerprint that there is serves a command that names this version: of the value, or of the file alone. */
const isWanted = (wanted: string | null, valueVersion: string): boolean =>
  wanted === null || wanted === valueVersion || wanted === contentVersionOf(valueVersion)

const OF_THE_CACHE: ReadonlySet<ErrorCode> = new Set(['FW_CACHE_UNAVAILABLE', 'FW_CACHE_FULL'])

/** Without listing, notes or readable files there is no graph: that is a file's result, and no end of the worker. */
async function inGraph<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof ForewarmError) || OF_THE_CACHE.has(cause.code)) throw cause
    throw new ForewarmError('FW_ORIGIN_UNAVAILABLE', `the imports cannot be followed: ${cause.message}`, { cause })
  }
}
