import type { CacheView } from './cache-view.ts'
import { REFUSED_SHARE } from './decision.ts'
import type { FileTable } from './file-table.ts'

/**
 * What becomes of files beside reads: a worker turns one down, the repository changes or deletes it, a run brings it in.
 * The belief about the cache follows, and what was turned down is not asked for at every read that names it. At most one
 * entry a known file.
 */
export class FileFates {
  readonly #files: FileTable
  readonly #view: CacheView
  readonly #nodeOf: (file: number) => number
  /** Until when by the cache's clock a file is not to be asked for. */
  readonly #refusedTo = new Map<number, number>()

  /** `nodeOf` tells a file's place in the view. */
  constructor(files: FileTable, view: CacheView, nodeOf: (file: number) => number) {
    this.#files = files
    this.#view = view
    this.#nodeOf = nodeOf
  }

  /** What was asked for does not come: `never` until somebody reads it, else not now. */
  notWarmed(path: string, fate: 'never' | 'later'): void {
    const file = this.#files.find(path)
    if (file === undefined) return
    const node = this.#nodeOf(file)
    if (this.#view.isUnread(node)) this.#view.drop(node)
    const { moves, residence } = this.#view
    this.#refusedTo.set(file, fate === 'never' ? Number.POSITIVE_INFINITY : moves + residence * REFUSED_SHARE)
  }

  /** The file has another version now, whose value nobody has yet; or, deleted, none at all. */
  changed(path: string, isDeleted: boolean): void {
    const file = this.#files.find(path)
    if (file === undefined) return
    this.#view.drop(this.#nodeOf(file))
    if (isDeleted) this.#refusedTo.set(file, Number.POSITIVE_INFINITY)
    else this.#refusedTo.delete(file)
  }

  /** The file was brought into the cache though nobody here asked for it. */
  cameIn(path: string): void {
    const file = this.#files.find(path)
    if (file === undefined) return
    this.#refusedTo.delete(file)
    this.#view.warm(this.#nodeOf(file))
  }

  /** Somebody reads the file: so it is there to be read. */
  wasRead(file: number): void {
    this.#refusedTo.delete(file)
  }

  isRefused(file: number): boolean {
    const until = this.#refusedTo.get(file)
    if (until === undefined) return false
    if (this.#view.moves < until) return true
    this.#refusedTo.delete(file)
    return false
  }
}
