import { type Candidates, SOURCE } from './candidates.ts'
import type { FileTable } from './file-table.ts'

const LATEST_MAX = 12

/** The files of a directory that were read last, by anybody: work stays in a place for a while (spatial locality). */
export class Siblings {
  readonly #latest = new Map<number, number[]>()

  observe(file: number, files: FileTable): void {
    const directory = files.directory(file)
    const latest = this.#latest.get(directory)
    if (latest === undefined) {
      this.#latest.set(directory, [file])
      return
    }
    const at = latest.indexOf(file)
    if (at === 0) return
    if (at > 0) latest.splice(at, 1)
    latest.unshift(file)
    if (latest.length > LATEST_MAX) latest.pop()
  }

  /** Place of `file` among its directory's latest, 0 the newest; -1 when it is none of them. */
  rank(file: number, directory: number): number {
    return this.#latest.get(directory)?.indexOf(file) ?? -1
  }

  name(file: number, files: FileTable, candidates: Candidates): void {
    for (const other of this.#latest.get(files.directory(file)) ?? []) {
      if (other !== file) candidates.add(other, SOURCE.sibling)
    }
  }
}
