import type { FileTable } from './file-table.ts'
import { grownInt32 } from './grow.ts'
import { LIMITS } from './limits.ts'
import type { SessionSequence } from './predictor.ts'

/** The reads of one session in order. Once closed it never changes again. */
export class Sequence {
  readonly analyzer: number
  /** This is the analyzer's `ordinal`-th session. */
  readonly ordinal: number
  readonly startMs: number
  files = new Int32Array(32)
  #offsetsMs = new Int32Array(32)
  length = 0
  closed = false
  forgotten = false

  constructor(analyzer: number, ordinal: number, startMs: number) {
    this.analyzer = analyzer
    this.ordinal = ordinal
    this.startMs = startMs
  }

  append(file: number, timeMs: number): void {
    const at = this.length
    if (at >= LIMITS.sequenceReadsMax) return
    if (at >= this.files.length) {
      this.files = grownInt32(this.files, at + 1)
      this.#offsetsMs = grownInt32(this.#offsetsMs, at + 1)
    }
    this.files[at] = file
    this.#offsetsMs[at] = Math.min(0x7fffffff, Math.max(0, timeMs - this.startMs))
    this.length = at + 1
  }

  /** Gives back the spare room. */
  close(): void {
    this.files = this.files.slice(0, this.length)
    this.#offsetsMs = this.#offsetsMs.slice(0, this.length)
    this.closed = true
  }

  /** Milliseconds between the reads at two positions. */
  betweenMs(from: number, to: number): number {
    return (this.#offsetsMs[to] ?? 0) - (this.#offsetsMs[from] ?? 0)
  }

  timeMs(at: number): number {
    return this.startMs + (this.#offsetsMs[at] ?? 0)
  }
}

/** Positions a file keeps per analyzer: enough to find the last runs, few enough to stay small. */
export const OCCURRENCES = 8
const CELLS = 3

/**
 * Closed and open sequences, and where each file occurred first in the last few sequences of each analyzer: the index
 * that turns "this file was just read" into "we are here in that earlier session".
 */
export class SequenceStore {
  readonly #byId = new Map<number, Sequence>()
  readonly #closed: number[] = []
  #oldestClosed = 0
  #nextId = 1
  #keptReads = 0
  /** By analyzer, then file: row number in the occurrence table. */
  readonly #rowOf: Int32Array[] = []
  #table = new Int32Array(1024 * OCCURRENCES * CELLS)
  #rows = 1
  readonly #latestOf: number[] = []
  readonly #ordinals: number[] = []

  open(analyzer: number, startMs: number): number {
    const ordinal = (this.#ordinals[analyzer] ?? 0) + 1
    this.#ordinals[analyzer] = ordinal
    const id = this.#nextId++
    this.#byId.set(id, new Sequence(analyzer, ordinal, startMs))
    this.#latestOf[analyzer] = id
    return id
  }

  get(id: number): Sequence | undefined {
    return this.#byId.get(id)
  }

  /** Sessions of the analyzer so far. */
  sessionsOf(analyzer: number): number {
    return this.#ordinals[analyzer] ?? 0
  }

  /** Id of the analyzer's latest sequence, 0 when it has none. */
  latest(analyzer: number): number {
    return this.#latestOf[analyzer] ?? 0
  }

  append(id: number, file: number, timeMs: number): void {
    const sequence = this.#byId.get(id)
    if (sequence === undefined) return
    const at = sequence.length
    sequence.append(file, timeMs)
    if (sequence.length > at) this.#remember(sequence, file, { id, at })
  }

  close(id: number): void {
    const sequence = this.#byId.get(id)
    if (sequence === undefined || sequence.closed) return
    sequence.close()
    this.#closed.push(id)
    this.#keptReads += sequence.length
    while (this.#keptReads > LIMITS.historyReadsMax || this.#closed.length - this.#oldestClosed > LIMITS.sequencesMax) {
      this.#forgetOldest()
    }
  }

  /** Closed sequences kept, oldest first. */
  *kept(): Generator<Sequence> {
    for (let at = this.#oldestClosed; at < this.#closed.length; at++) {
      const sequence = this.#byId.get(this.#closed[at] ?? 0)
      if (sequence !== undefined) yield sequence
    }
  }

  /** Row of the occurrence table for `analyzer` and `file`, 0 when there is none. */
  row(analyzer: number, file: number): number {
    return this.#rowOf[analyzer]?.[file] ?? 0
  }

  /** Sequence id of the row's `nth` latest occurrence, 0 when there are fewer. */
  occurrence(row: number, nth: number): number {
    return this.#table[(row * OCCURRENCES + nth) * CELLS] ?? 0
  }

  position(row: number, nth: number): number {
    return this.#table[(row * OCCURRENCES + nth) * CELLS + 1] ?? 0
  }

  /** Ordinal, among the analyzer's sessions, of the session of that occurrence. */
  ordinal(row: number, nth: number): number {
    return this.#table[(row * OCCURRENCES + nth) * CELLS + 2] ?? 0
  }

  /** Files that `analyzer` has read before: how many analyzers know this file at all. */
  analyzers(): number {
    return this.#rowOf.length
  }

  #remember(sequence: Sequence, file: number, where: { id: number; at: number }): void {
    const row = this.#rowFor(sequence.analyzer, file)
    const base = row * OCCURRENCES * CELLS
    // Only the first read in a session is kept: later ones are found by following the sequence itself.
    for (let nth = 0; nth < OCCURRENCES; nth++) if (this.#table[base + nth * CELLS] === where.id) return
    this.#table.copyWithin(base + CELLS, base, base + (OCCURRENCES - 1) * CELLS)
    this.#table[base] = where.id
    this.#table[base + 1] = where.at
    this.#table[base + 2] = sequence.ordinal
  }

  #rowFor(analyzer: number, file: number): number {
    let rows = this.#rowOf[analyzer] ?? new Int32Array(1024)
    if (file >= rows.length) rows = grownInt32(rows, file + 1)
    this.#rowOf[analyzer] = rows
    const known = rows[file] ?? 0
    if (known !== 0) return known
    const row = this.#rows++
    rows[file] = row
    if ((row + 1) * OCCURRENCES * CELLS > this.#table.length) {
      this.#table = grownInt32(this.#table, (row + 1) * OCCURRENCES * CELLS)
    }
    return row
  }

  #forgetOldest(): void {
    const id = this.#closed[this.#oldestClosed++] ?? 0
    const sequence = this.#byId.get(id)
    if (sequence !== undefined) {
      this.#keptReads -= sequence.length
      sequence.forgotten = true
    }
    this.#byId.delete(id)
    if (this.#oldestClosed > 1024) {
      this.#closed.splice(0, this.#oldestClosed)
      this.#oldestClosed = 0
    }
  }
}

/** The reads of a sequence by path. */
export const readsOf = (sequence: Sequence, files: FileTable): SessionSequence['reads'] =>
  Array.from(sequence.files.subarray(0, sequence.length), (file, at) => ({
    path: files.path(file),
    timeMs: sequence.timeMs(at),
  }))
