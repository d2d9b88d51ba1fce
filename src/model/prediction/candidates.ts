import { grownInt32 } from './grow.ts'

/** Kinds of evidence; a candidate carries a bit for each that named it. */
export const SOURCE = {
  sequence: 1,
  coAccess: 2,
  imports: 4,
  tree: 8,
  kin: 16,
  clock: 32,
  sibling: 64,
  precedent: 128,
} as const
export const SOURCES = 8

/** Which bit is whose: places in tables that have one number a kind. */
export const SOURCE_AT = { sequence: 0, coAccess: 1, imports: 2, tree: 3 } as const

/** Names of the bits, lowest first, as `reason` tells them. */
const SOURCE_NAMES = ['sequence', 'co-access', 'import', 'tree', 'kin', 'clock', 'sibling', 'precedent'] as const

/** What a predictor can do without: a kind of evidence that names nothing, or renewals. */
export const EVIDENCE = [...SOURCE_NAMES, 'renewal'] as const
export type Evidence = (typeof EVIDENCE)[number]

/** The files weighed at one read, each once, with the evidence of every source merged. Reused from read to read. */
export class Candidates {
  readonly files: Int32Array
  readonly sources: Int32Array
  /** Reads of the session until the file is due, by the nearest source; `UNKNOWN` when none says. */
  readonly distance: Float64Array
  readonly dueMs: Float64Array
  /** Strongest co-access, 0 to 1. */
  readonly strength: Float64Array
  /** Events in which the pair was seen. */
  readonly support: Float64Array
  /** Agreement of the best match pointer with the session so far, 0 to 1. */
  readonly quality: Float64Array
  size = 0
  /**
   * By file: its slot, if it has one; else whatever was there. Which of the two holds is seen from the slot, which names
   * its file: nothing is cleared from read to read (sparse sets: Briggs, Torczon 1993).
   */
  #slotOf = new Int32Array(1024)
  readonly max: number
  /** Bits of the sources that name nothing. */
  readonly #silent: number

  constructor(max: number, without: readonly Evidence[] = []) {
    this.max = max
    this.#silent = SOURCE_NAMES.reduce((bits, name, at) => bits | (without.includes(name) ? 1 << at : 0), 0)
    this.files = new Int32Array(max)
    this.sources = new Int32Array(max)
    this.distance = new Float64Array(max)
    this.dueMs = new Float64Array(max)
    this.strength = new Float64Array(max)
    this.support = new Float64Array(max)
    this.quality = new Float64Array(max)
  }

  get full(): boolean {
    return this.size >= this.max
  }

  clear(): void {
    this.size = 0
  }

  /** The file's place, made when it is new; -1 when there is no room, or the source is to name nothing. */
  add(file: number, source: number): number {
    if ((source & this.#silent) !== 0) return -1
    if (file >= this.#slotOf.length) this.#slotOf = grownInt32(this.#slotOf, file + 1)
    const known = this.#slotOf[file] ?? 0
    if (known < this.size && this.files[known] === file) {
      this.sources[known] = (this.sources[known] ?? 0) | source
      return known
    }
    if (this.full) return -1
    const slot = this.size++
    this.#slotOf[file] = slot
    this.files[slot] = file
    this.sources[slot] = source
    this.distance[slot] = UNKNOWN
    this.dueMs[slot] = UNKNOWN
    this.strength[slot] = 0
    this.support[slot] = 0
    this.quality[slot] = 0
    return slot
  }

  /** Notes that the file is due in `distance` reads and `dueMs`, by a pointer of `quality`. */
  due(slot: number, due: { distance: number; dueMs: number; quality: number }): void {
    if (due.distance < (this.distance[slot] ?? 0)) {
      this.distance[slot] = due.distance
      this.dueMs[slot] = due.dueMs
    }
    if (due.quality > (this.quality[slot] ?? 0)) this.quality[slot] = due.quality
  }
}

export const UNKNOWN = 1e9

/** Names of the kinds of evidence whose bits are set, the lowest first. */
export const sourcesOf = (bits: number): readonly string[] =>
  SOURCE_NAMES.filter((_, source) => ((bits >> source) & 1) === 1)
