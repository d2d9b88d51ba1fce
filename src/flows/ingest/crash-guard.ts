import type { LogRecord } from '../../ports/event-log.ts'
import type { ModelStore } from '../../ports/model-store.ts'

/** What is kept of a partition's starts, as a shared value. */
type Note = {
  /** The process that started last. */
  readonly owner: string
  /** How far the partition's fences were then. */
  readonly progress: string
  /** Starts in a row from there, each by another process. */
  readonly starts: number
  /** The last record that was handled alone. `pending`: it has not come to an end. `hits`: processes that ended so. */
  readonly suspect: {
    readonly topic: string
    readonly offset: number
    readonly hits: number
    readonly pending: boolean
  } | null
}

/** Starts without progress after which records are handled one by one. */
const STARTS_MAX = 2
/** Processes that ended during the same record after which it is set aside. */
const HITS_MAX = 2

/**
 * Finds records that kill the process. It costs one shared value a start: only when a partition was started from the
 * same fences again and again are records handled one by one, each noted before and after, and the one that two
 * processes did not come back from is set aside. Any progress in between, or an end in order, begins the count anew.
 */
export class CrashGuard {
  readonly #store: ModelStore
  readonly #name: string
  readonly #owner: string
  #version = 0
  #note: Note

  /** `owner`: a word that no other process has. */
  constructor(store: ModelStore, partition: number, owner: string) {
    this.#store = store
    this.#name = `ingest.starts.${partition}`
    this.#owner = owner
    this.#note = { owner, progress: '', starts: 0, suspect: null }
  }

  /** Notes a start with the fences as they are. */
  async begin(progress: string): Promise<void> {
    const shared = await this.#store.shared(this.#name)
    this.#version = shared?.version ?? 0
    const before = shared === null ? null : (JSON.parse(new TextDecoder().decode(shared.value)) as Note)
    const fresh = before === null || before.progress !== progress
    if (fresh) await this.#keep({ owner: this.#owner, progress, starts: 1, suspect: null })
    else await this.#keep(this.#again(before))
  }

  /** Whether records are to be handled one by one, with `before` and `after` called around each. */
  get cautious(): boolean {
    return this.#note.starts > STARTS_MAX
  }

  /** How often a process ended during this record, when that is often enough to set it aside; 0 otherwise. */
  killed(record: LogRecord): number {
    const { suspect } = this.#note
    if (suspect === null || suspect.topic !== record.topic || suspect.offset !== record.offset) return 0
    return suspect.hits >= HITS_MAX ? suspect.hits + STARTS_MAX : 0
  }

  /** Notes the record that is handled next. */
  async before({ topic, offset }: LogRecord): Promise<void> {
    const { suspect } = this.#note
    const hits = suspect?.topic === topic && suspect.offset === offset ? suspect.hits : 0
    await this.#keep({ ...this.#note, suspect: { topic, offset, hits, pending: true } })
  }

  /** Notes that the record came to an end, whatever that was: the process lives. */
  async after(): Promise<void> {
    const { suspect } = this.#note
    if (suspect !== null) await this.#keep({ ...this.#note, suspect: { ...suspect, pending: false } })
  }

  /** Notes an end in order, or that the dangerous part is over. */
  async end(): Promise<void> {
    if (this.#note.starts > 0) await this.#keep({ ...this.#note, starts: 0, suspect: null })
  }

  /** A start from where the last one began. The same process that gets its partition again did not crash. */
  #again(before: Note): Note {
    if (before.owner === this.#owner) return before
    const suspect = before.suspect?.pending
      ? { ...before.suspect, hits: before.suspect.hits + 1, pending: false }
      : before.suspect
    return { ...before, owner: this.#owner, starts: before.starts + 1, suspect }
  }

  /** Another owner's note is as good: whoever wrote last has the partition. */
  async #keep(note: Note): Promise<void> {
    this.#note = note
    const value = new TextEncoder().encode(JSON.stringify(note))
    if (await this.#store.share(this.#name, value, this.#version)) this.#version += 1
  }
}
