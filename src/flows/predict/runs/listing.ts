import { ForewarmError } from '../../../ports/errors.ts'
import type { Origin } from '../../../ports/origin.ts'
import { PLAN_ENTRIES_MAX } from '../../../warming/run/plan.ts'

/** The files of a workspace at one revision, listed once for a whole planning, and only if somebody asks. */
export class Listing {
  readonly #origin: Origin
  readonly #isName: (path: string) => boolean
  #files: Promise<ReadonlySet<string>> | null = null
  #listed: ReadonlySet<string> | null = null
  #ignored: Promise<readonly string[]> | null = null

  /** `isName` says whether a record can carry a path; files of other names cannot be warmed by anybody. */
  constructor(origin: Origin, isName: (path: string) => boolean) {
    this.#origin = origin
    this.#isName = isName
  }

  /** Rejects with FW_ORIGIN_UNLISTABLE where the origin has no listing, and as it does when it cannot be reached. */
  files(signal: AbortSignal): Promise<ReadonlySet<string>> {
    this.#files ??= this.#list(signal)
    return this.#files
  }

  /** Files and folders (with a slash at their end) that the workspace's own rules leave out. */
  ignored(signal: AbortSignal): Promise<readonly string[]> {
    this.#ignored ??= this.#origin.ignored?.(signal) ?? Promise.resolve([])
    return this.#ignored
  }

  /** As `files`, but null where the origin has no listing. */
  async filesIfListed(signal: AbortSignal): Promise<ReadonlySet<string> | null> {
    try {
      return await this.files(signal)
    } catch (cause) {
      if (cause instanceof ForewarmError && cause.code === 'FW_ORIGIN_UNLISTABLE') return null
      throw cause
    }
  }

  /** Whether these are all files that there are; false as long as nobody has asked for the files. */
  isWithin(paths: readonly string[]): boolean {
    if (this.#listed === null || paths.length < this.#listed.size) return false
    const named = new Set(paths)
    for (const path of this.#listed) if (!named.has(path)) return false
    return true
  }

  async #list(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const files = new Set<string>()
    for await (const { path } of this.#origin.list(signal)) {
      signal.throwIfAborted()
      if (this.#isName(path)) files.add(path)
      if (files.size > PLAN_ENTRIES_MAX) throw tooMany()
    }
    this.#listed = files
    return files
  }
}

const tooMany = (): ForewarmError =>
  new ForewarmError(
    'FW_STRATEGY_INVALID',
    `the workspace has more than ${PLAN_ENTRIES_MAX} files: name those to warm by a list, by changes or by what is read most`,
  )
