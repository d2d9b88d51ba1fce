import type { Sha256Hex } from '../identity.ts'
import { shortId } from '../identity.ts'
import { FileCounts } from './file-counts.ts'
import type { Prediction } from './prediction.ts'

/** A file of a shard that has been read and not been evicted since. */
export class FileRow extends FileCounts<FileRef> {
  readonly ref: FileRef
  older: FileRow | null = null
  newer: FileRow | null = null

  constructor(ref: FileRef, path: string) {
    super(path)
    this.ref = ref
  }
}

/**
 * The one object of a shard for a file's id, whether or not the file has a row, so that lists compare by pointer and a
 * file that comes back after its eviction is the same neighbour as before.
 */
export class FileRef {
  /** First 32 bits of the id. */
  readonly high: number
  /** Last 32 bits of the id. */
  readonly low: number
  /** Null as long as only the id has been seen. */
  path: string | null = null
  row: FileRow | null = null
  /** Open predictions of the file, oldest first. */
  predictions: Prediction[] = []
  rowDirty = false
  predictionsDirty = false
  /** Next one with the same table slot. */
  sameSlot: FileRef | null = null
  /** Last sweep that found this ref in use. */
  sweep = 0
  #id: string | null = null

  constructor(high: number, low: number) {
    this.high = high
    this.low = low
  }

  /** The id as 16 hex digits. */
  get id(): string {
    this.#id ??= hex32(this.high) + hex32(this.low)
    return this.#id
  }
}

const hex32 = (value: number): string => value.toString(16).padStart(8, '0')

/** All refs of a shard, by path and by id. */
export class RefTable {
  readonly #byPath = new Map<string, FileRef>()
  /** By the id's first 30 bits, which stay small integers; the few that share them are chained. */
  readonly #byId = new Map<number, FileRef>()
  readonly #sha256Hex: Sha256Hex
  #size = 0
  #sweepAt = 4_096
  #sweeps = 0

  constructor(sha256Hex: Sha256Hex) {
    this.#sha256Hex = sha256Hex
  }

  get size(): number {
    return this.#size
  }

  /** The ref of a path that has been seen, if any. */
  known(path: string): FileRef | null {
    return this.#byPath.get(path) ?? null
  }

  ofPath(path: string): FileRef {
    const known = this.#byPath.get(path)
    if (known !== undefined) return known
    const ref = this.ofHex(shortId(path, this.#sha256Hex))
    this.name(ref, path)
    return ref
  }

  /** Notes the path of a ref that was known by its id. */
  name(ref: FileRef, path: string): void {
    ref.path = path
    this.#byPath.set(path, ref)
  }

  ofHex(id: string): FileRef {
    return this.ofId(Number.parseInt(id.slice(0, 8), 16), Number.parseInt(id.slice(8), 16))
  }

  ofId(high: number, low: number): FileRef {
    const first = this.#byId.get(high >>> 2) ?? null
    for (let ref = first; ref !== null; ref = ref.sameSlot) {
      if (ref.high === high && ref.low === low) return ref
    }
    const ref = new FileRef(high, low)
    ref.sameSlot = first
    this.#byId.set(high >>> 2, ref)
    this.#size += 1
    return ref
  }

  /**
   * Forgets refs that nothing names any more, once there are twice as many as at the last sweep. `used` calls its
   * argument for every ref that a list of the shard holds; refs with a row or open predictions are kept anyway.
   */
  sweep(used: (mark: (ref: FileRef) => void) => void): void {
    if (this.#size < this.#sweepAt) return
    this.#sweeps += 1
    const mark = (ref: FileRef): void => {
      ref.sweep = this.#sweeps
    }
    used(mark)
    for (const [slot, first] of this.#byId) this.#sweepSlot(slot, first)
    this.#sweepAt = 2 * this.#size + 4_096
  }

  #sweepSlot(slot: number, first: FileRef): void {
    let kept: FileRef | null = null
    for (let ref: FileRef | null = first; ref !== null; ) {
      const next: FileRef | null = ref.sameSlot
      if (
        ref.sweep === this.#sweeps ||
        ref.row !== null ||
        ref.predictions.length > 0 ||
        ref.rowDirty ||
        ref.predictionsDirty
      ) {
        ref.sameSlot = kept
        kept = ref
      } else {
        if (ref.path !== null) this.#byPath.delete(ref.path)
        this.#size -= 1
      }
      ref = next
    }
    if (kept === null) this.#byId.delete(slot)
    else this.#byId.set(slot, kept)
  }
}
