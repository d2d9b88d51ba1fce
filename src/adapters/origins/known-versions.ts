import type { Stats } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { ForewarmError } from '../../ports/errors.ts'
import { NOTES_PER_CALL_MAX, type NoteStore } from '../../ports/notes.ts'

/** Where versions are noted, for processes that come later. */
export type VersionNotes = {
  /** Called when it is first needed. */
  readonly store: () => NoteStore
  readonly group: string
}

/** Files whose versions are remembered, and noted; about 300 bytes each. */
const FILES_MAX = 50_000

/** States noted of one path: machines that share the notes have files of their own. */
const STATES_MAX = 4

/** Names of notes are at most so long; longer paths are read each time. */
const NAME_BYTES_MAX = 1_024

/**
 * A version is remembered only of a file that has rested so long: within the granularity of its time stamps a file can
 * change again and look the same (git calls such entries racily clean).
 */
const SETTLED_MS = 2_000

/** Notes only save time: a store that is slower is not waited for, one that fails is asked again after a while. */
const LOAD_WAIT_MS = 1_000
const LOAD_AGAIN_MS = 10_000
const FLUSH_MS = 500

export const isSettled = ({ ctimeMs }: Pick<Stats, 'ctimeMs'>): boolean => Date.now() - ctimeMs > SETTLED_MS

/** What the system tells of a file. */
export type FileState = Pick<Stats, 'ino' | 'size' | 'mtimeMs' | 'ctimeMs'>

/** What identifies a file's state to the system; times are told to less than a microsecond. */
export const signatureOf = ({ ino, size, mtimeMs, ctimeMs }: FileState): string =>
  [ino, size, mtimeMs, ctimeMs].join('/')

type Noted = readonly (readonly [signature: string, version: string])[]

/** Versions of files that were read, by path and state: in memory, and in the notes if there are any. */
export class KnownVersions {
  readonly #versions = new LRUCache<string, string>({ max: FILES_MAX })
  readonly #notes: VersionNotes | null
  readonly #pending = new Map<string, readonly [signature: string, version: string]>()
  #loading: Promise<void> | null = null
  #flushing: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | null = null
  #count = 0

  constructor(notes: VersionNotes | null) {
    this.#notes = notes
  }

  /** The version of a file in this state, if it is known. */
  async get(path: string, stats: FileState): Promise<string | null> {
    const key = keyOf(path, signatureOf(stats))
    const known = this.#versions.get(key)
    if (known !== undefined || this.#notes === null) return known ?? null
    this.#loading ??= this.#load(this.#notes)
    await Promise.race([this.#loading, delay(LOAD_WAIT_MS, undefined, { ref: false })])
    return this.#versions.get(key) ?? null
  }

  /** Remembers what was read of a file in this state; not of one that could change and keep it. */
  keep(path: string, stats: FileState, version: string): void {
    if (!isSettled(stats)) return
    const signature = signatureOf(stats)
    const key = keyOf(path, signature)
    if (this.#versions.get(key) === version) return
    this.#versions.set(key, version)
    if (this.#notes === null || !isName(path)) return
    this.#pending.set(path, [signature, version])
    if (this.#pending.size >= NOTES_PER_CALL_MAX) this.#flush()
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref()
  }

  /** Resolves once all is noted that can be. */
  async close(): Promise<void> {
    this.#flush()
    await this.#flushing
  }

  async #load({ store, group }: VersionNotes): Promise<void> {
    try {
      for await (const chunk of store().scan(group)) {
        this.#count += chunk.length
        for (const [path, bytes] of chunk)
          for (const [signature, version] of decode(bytes)) this.#versions.set(keyOf(path, signature), version)
      }
    } catch (cause) {
      if (!(cause instanceof ForewarmError)) throw cause
      setTimeout(() => {
        this.#loading = null
      }, LOAD_AGAIN_MS).unref()
    }
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const { size } = this.#pending
    if (this.#notes === null || size === 0) return
    const some = [...this.#pending]
    this.#pending.clear()
    const notes = this.#notes
    this.#flushing = this.#flushing.then(() => this.#note(notes, some)).catch(passing)
  }

  async #note(
    { store, group }: VersionNotes,
    some: readonly (readonly [path: string, noted: Noted[number]])[],
  ): Promise<void> {
    const before = await store().get(
      group,
      some.map(([path]) => path),
    )
    this.#count += before.filter((bytes) => bytes === null).length
    // Of files that are gone nobody tells: when there are too many notes they are begun anew.
    if (this.#count > FILES_MAX) {
      await store().drop(group)
      this.#count = some.length
    }
    const notes = some.map(([name, [signature, version]], at) => {
      const others = decode(before[at] ?? null).filter(([other]) => other !== signature)
      return { name, value: encode([[signature, version] as const, ...others].slice(0, STATES_MAX)) }
    })
    await store().put(group, notes)
  }
}

const keyOf = (path: string, signature: string): string => `${signature} ${path}`

const isName = (path: string): boolean => path.isWellFormed() && Buffer.byteLength(path) <= NAME_BYTES_MAX

const encode = (noted: Noted): Uint8Array => new TextEncoder().encode(JSON.stringify(noted))

/** Nothing for what another version of forewarm has written: the file is read again. */
function decode(bytes: Uint8Array | null): Noted {
  try {
    const noted: unknown = JSON.parse(new TextDecoder().decode(bytes ?? undefined))
    return Array.isArray(noted) ? noted.filter(isNoted) : []
  } catch {
    return []
  }
}

const isNoted = (one: unknown): one is Noted[number] =>
  Array.isArray(one) && one.length === 2 && one.every((part) => typeof part === 'string')

/** What could not be noted is read again by the next process. */
function passing(cause: unknown): void {
  if (!(cause instanceof ForewarmError)) throw cause
}
