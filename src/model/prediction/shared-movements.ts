import { RowFormatError, RowReader } from '../rows/row-reader.ts'
import { RowWriter } from '../rows/row-writer.ts'
import type { CacheView, Movement } from './cache-view.ts'

/** Version of the bytes. */
const VERSION = 1
/** Movements told at once: the latest, since what stood before them has been pushed out or moved again. */
const TOLD_MAX = 16_384
const MOVEMENTS: readonly Movement[] = ['read', 'warm', 'drop']
/** Entries of a process have numbers below this. */
const ENTRIES_MAX = 2 ** 30

/** By another process's number of an entry, its place here. */
type Entries = Map<number, number>

/**
 * What processes that believe in the same cache tell one another: which entries they have moved to the front, by numbers
 * of their own. Each then orders the entries of all, so it knows when its own have to leave, as one process would. No name
 * of a file is told, for nothing but the order counts.
 */
export class SharedMovements {
  readonly #view: CacheView
  #untold: number[] = []
  readonly #processes = new Map<string, Entries>()
  /** By place here, whose entry it is. */
  readonly #owners = new Map<number, { readonly entries: Entries; readonly entry: number }>()
  /** While true, what moves is history that others have seen: they are not told. */
  isSilent = false

  constructor(view: CacheView) {
    this.#view = view
    view.listen({
      moved: (node, movement) => this.#note(node, movement),
      othersLeft: (node) => this.#forget(node),
    })
  }

  /** How often the cache has turned over so far: movements of all processes that are known here, by its files. */
  get turns(): number {
    return this.#view.moves / this.#view.capacityFiles
  }

  /** What has moved here since the last call, as bytes; null when that is nothing. */
  changes(): Uint8Array | null {
    if (this.#untold.length === 0) return null
    const told = this.#untold.slice(-TOLD_MAX)
    this.#untold = []
    const writer = new RowWriter().start(VERSION)
    writer.uint(told.length)
    for (const movement of told) writer.uint(movement)
    return writer.finish().slice()
  }

  /** Takes in what `process` has told. Throws RowFormatError, and changes nothing then. */
  takeIn(process: string, bytes: Uint8Array): void {
    const told = decode(bytes)
    const entries = this.#processes.get(process) ?? new Map<number, number>()
    this.#processes.set(process, entries)
    for (const { entry, movement } of told) {
      const node = entries.get(entry)
      if (movement !== 'drop') this.#view.othersMoved(node ?? this.#enter(entries, entry), movement)
      else if (node !== undefined) this.#forget(node)
    }
  }

  /** The process is gone: nobody will say any more what it still holds, and its entries leave in their turn. */
  leave(process: string): void {
    this.#processes.delete(process)
  }

  #enter(entries: Entries, entry: number): number {
    const node = this.#view.allocate()
    entries.set(entry, node)
    this.#owners.set(node, { entries, entry })
    return node
  }

  #forget(node: number): void {
    const owner = this.#owners.get(node)
    if (owner === undefined) return
    owner.entries.delete(owner.entry)
    this.#owners.delete(node)
    this.#view.release(node)
  }

  #note(node: number, movement: Movement): void {
    if (this.isSilent) return
    this.#untold.push(node * MOVEMENTS.length + MOVEMENTS.indexOf(movement))
    if (this.#untold.length > 2 * TOLD_MAX) this.#untold = this.#untold.slice(-TOLD_MAX)
  }
}

function decode(bytes: Uint8Array): { readonly entry: number; readonly movement: Movement }[] {
  const reader = new RowReader(bytes, VERSION)
  return Array.from({ length: reader.count() }, () => {
    const told = reader.uint()
    const movement = MOVEMENTS[told % MOVEMENTS.length]
    const entry = Math.floor(told / MOVEMENTS.length)
    if (movement === undefined || entry >= ENTRIES_MAX) throw new RowFormatError('a movement names no entry')
    return { entry, movement }
  })
}
