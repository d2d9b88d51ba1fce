import { RowFormatError } from '../../model/rows/row-reader.ts'
import type { NoteStore } from '../../ports/notes.ts'
import type { Log } from '../../ports/telemetry.ts'

/** Changes read at once. */
const READ_AT_ONCE = 16
/** Lost turns after which what was learned waits for the next call. */
const TURNS_MAX = 20

/** Name of the note that holds everything, and of the one that holds the number of the change that follows them. */
const WHOLE = 'whole'
const HEAD = 'head'

export type SharedLogDeps = { readonly notes: NoteStore; readonly logger: Log }

export type SharedLogOptions = {
  /** The notes' own, before the form. */
  readonly name: string
  /** Changes after which everything is written down whole; those from before the time before then leave. */
  readonly wholeEvery: number
}

/** What a process learns and takes over from others, as bytes. */
export interface Shared {
  /** Names the form of the bytes: only those of one form belong together. */
  readonly form: string
  /** What was learned here and not told yet; null when there is nothing. */
  changes(): Uint8Array | null
  /** Others see now what `changes` gave. */
  told(bytes: Uint8Array): void
  /** Takes over what another process has told. Throws RowFormatError, and changes nothing then. */
  takeIn(bytes: Uint8Array): void
  /** Everything, for those who begin; null when that is nothing. */
  all(): Uint8Array | null
}

/**
 * What several processes learn, as a log of changes in the notes of the model store. Each change has a number; who writes
 * one has read all before it, and a number is given once (`putNew`), so that all come to the same and nobody's learning
 * replaces another's. Now and then everything is written down whole, for those who begin.
 */
export class SharedLog {
  readonly #deps: SharedLogDeps
  readonly #shared: Shared
  readonly #group: string
  readonly #wholeEvery: number
  /** Number of the next change. */
  #next = 0

  constructor(deps: SharedLogDeps, { name, wholeEvery }: SharedLogOptions, shared: Shared) {
    this.#deps = deps
    this.#shared = shared
    this.#group = `${name}/${shared.form}`
    this.#wholeEvery = wholeEvery
  }

  /**
   * Takes in what others have learned and tells them what was learned here. Rejects with FW_STORE_UNAVAILABLE; nothing is
   * lost then, and the next call tells it.
   */
  async sync(): Promise<void> {
    for (let turn = 0; turn < TURNS_MAX; turn += 1) {
      await this.#hear()
      if (await this.#tell()) return
    }
  }

  async #hear(): Promise<void> {
    for (;;) {
      const names = Array.from({ length: READ_AT_ONCE }, (_, nth) => String(this.#next + nth))
      const [head, ...found] = await this.#deps.notes.get(this.#group, [HEAD, ...names])
      const at = head === null || head === undefined ? 0 : numberOf(head)
      // Whoever begins, or was away for long, misses changes that have left.
      if (found[0] === null && at > this.#next) await this.#begin(at)
      else if (!this.#takeInAll(found)) return
    }
  }

  async #begin(at: number): Promise<void> {
    const [whole] = await this.#deps.notes.get(this.#group, [WHOLE])
    if (whole !== null && whole !== undefined) this.#takeIn(whole)
    this.#next = at
  }

  /** False when there is no more. */
  #takeInAll(changes: readonly (Uint8Array | null)[]): boolean {
    for (const bytes of changes) {
      if (bytes === null) return false
      this.#takeIn(bytes)
      this.#next += 1
    }
    return true
  }

  /** Damaged bytes cost what they told, and no more. */
  #takeIn(bytes: Uint8Array): void {
    try {
      this.#shared.takeIn(bytes)
    } catch (cause) {
      if (!(cause instanceof RowFormatError)) throw cause
      this.#deps.logger.warn(
        { group: this.#group, change: this.#next, error: cause.message },
        'what another process has learned cannot be read: passed over',
      )
    }
  }

  /** False when another process was first. */
  async #tell(): Promise<boolean> {
    const bytes = this.#shared.changes()
    if (bytes === null) return true
    const name = String(this.#next)
    if (!(await this.#deps.notes.putNew(this.#group, name, bytes)) && !(await this.#isThere(name, bytes))) return false
    this.#shared.told(bytes)
    this.#next += 1
    if (this.#next % this.#wholeEvery === 0) await this.#writeWhole()
    return true
  }

  /** Whether a first try has written it though its answer was lost. */
  async #isThere(name: string, bytes: Uint8Array): Promise<boolean> {
    const [there] = await this.#deps.notes.get(this.#group, [name])
    return there?.length === bytes.length && there.every((byte, at) => byte === bytes[at])
  }

  async #writeWhole(): Promise<void> {
    const value = this.#shared.all()
    if (value === null) return
    const every = this.#wholeEvery
    const left = Array.from({ length: every }, (_, nth) => this.#next - 2 * every + nth)
    await this.#deps.notes.put(this.#group, [
      { name: WHOLE, value },
      { name: HEAD, value: bytesOf(this.#next) },
      ...left.filter((change) => change >= 0).map((change) => ({ name: String(change), value: null })),
    ])
  }
}

const bytesOf = (number: number): Uint8Array => new TextEncoder().encode(String(number))

const numberOf = (bytes: Uint8Array): number => Number(new TextDecoder().decode(bytes))
