import { type Candidates, SOURCE } from './candidates.ts'
import type { FileTable } from './file-table.ts'
import { stemOf } from './file-table.ts'
import { hashText } from './grow.ts'

const KIN_MAX = 8

/** Files of one stem: a module and its test, a header and its body, a story and its component. */
export class Kin {
  readonly #byStem = new Map<number, number[]>()
  readonly #stemOf: number[] = []

  /** Files must come in order of their ids. */
  add(file: number, files: FileTable): void {
    const stem = hashText(stemOf(files.path(file)))
    this.#stemOf[file] = stem
    const kin = this.#byStem.get(stem)
    if (kin === undefined) this.#byStem.set(stem, [file])
    else {
      kin.push(file)
      if (kin.length > KIN_MAX) kin.shift()
    }
  }

  name(file: number, candidates: Candidates): void {
    for (const other of this.#byStem.get(this.#stemOf[file] ?? 0) ?? []) {
      if (other !== file) candidates.add(other, SOURCE.kin)
    }
  }
}
