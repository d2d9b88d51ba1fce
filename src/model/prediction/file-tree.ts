import { type Candidates, SOURCE } from './candidates.ts'
import type { FileTable } from './file-table.ts'
import { directoryOf } from './file-table.ts'
import { grownInt32 } from './grow.ts'
import type { OpenSession } from './open-sessions.ts'

const NEXT = 4
const AHEAD = [12, 13, 32, 33, 80, 81]
const SIBLINGS_MAX = 40

/**
 * The files of the tree in order, directory by directory. Searchers, formatters and linters walk it; the next files of
 * the walk need no history. Fixed once given.
 */
export class FileTree {
  readonly #order: Int32Array
  #placeOf = new Int32Array(0)
  readonly #files: FileTable

  constructor(paths: readonly string[], files: FileTable) {
    this.#files = files
    const keyed = paths.map((path) => ({ path, directory: directoryOf(path) }))
    keyed.sort((a, b) => (a.directory === b.directory ? order(a.path, b.path) : order(a.directory, b.directory)))
    this.#order = Int32Array.from(keyed, ({ path }) => files.intern(path))
    this.#placeOf = grownInt32(this.#placeOf, files.size)
    this.#order.forEach((file, place) => {
      this.#placeOf[file] = place + 1
    })
  }

  /** Whether the file stood in the tree before anybody read it. */
  knows(file: number): boolean {
    return (this.#placeOf[file] ?? 0) > 0
  }

  /** Names the tree's next files, and the siblings when the session enters a directory. */
  name(session: OpenSession, file: number, candidates: Candidates): void {
    const place = (this.#placeOf[file] ?? 0) - 1
    if (place < 0) return
    for (let step = 1; step <= NEXT; step++) this.#nameAt(session, place + step, candidates)
    for (const step of AHEAD) this.#nameAt(session, place + step, candidates)
    this.#nameAt(session, place - 1, candidates)
    if (session.directoryReads.get(this.#files.directory(file)) <= 1) this.#nameSiblings(session, file, candidates)
  }

  #nameSiblings(session: OpenSession, file: number, candidates: Candidates): void {
    const place = (this.#placeOf[file] ?? 0) - 1
    const directory = this.#files.directory(file)
    for (const step of [1, -1]) {
      for (let at = place + step, count = 0; count < SIBLINGS_MAX; at += step, count++) {
        const sibling = this.#order[at]
        if (sibling === undefined || this.#files.directory(sibling) !== directory) break
        this.#nameAt(session, at, candidates)
      }
    }
  }

  #nameAt(session: OpenSession, place: number, candidates: Candidates): void {
    const file = this.#order[place]
    if (file !== undefined && !session.readAt.has(file)) candidates.add(file, SOURCE.tree)
  }
}

/** Order by code units, the same on every machine. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
