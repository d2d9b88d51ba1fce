import type { LogRecord } from '../../ports/event-log.ts'
import type { ModelStore } from '../../ports/model-store.ts'
import type { IngestTopic } from './fence.ts'
import { asIngest } from './item.ts'

/** What is kept of a partition's starts, as a shared value. */
type Note = {
  /** The process that started last. */
  readonly owner: string
  /** How far the partition's fences were then. */
  readonly progress: string
  /** Starts in a row from there, each by another process. */
  readonly starts: number
  readonly suspect: Suspect | null
}

/** The last record that its partition handled by itself. */
type Suspect = {
  readonly topic: IngestTopic
  readonly offset: number
  /** Processes that ended during it. */
  readonly hits: number
  /** It has not come to an end. */
  readonly pending: boolean
  /** Nothing else was handled in the process beside it. */
  readonly alone: boolean
  /** A process ended while nothing else was handled. */
  readonly guilty: boolean
}

/** Starts without progress after which records are handled one by one. */
const STARTS_MAX = 2
/**
 * Finds records that kill the process. It costs one shared value a start: only when a partition was started from the
 * same fences again and again are records handled one by one, each noted before and after. Who is killed from outside
 * always leaves some record behind, and who is killed often the same one, so the record that a process did not come back
 * from is only a suspect: the next process handles it before anything else, and when that one ends as well it is set
 * aside. Any progress in between, or an end in order, begins the count anew.
 */
export class CrashGuard {
  readonly #store: ModelStore
  readonly #name: string
  readonly #owner: string
  #version = 0
  #alone = false
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

  /** The record to handle before any other of the process; null for none. */
  get suspected(): { readonly topic: IngestTopic; readonly offset: number } | null {
    const { suspect } = this.#note
    return this.cautious && suspect !== null && !suspect.guilty && suspect.hits > 0 ? suspect : null
  }

  /** How often a process ended during this record, when it is to be set aside; 0 otherwise. */
  killed(record: LogRecord): number {
    const { suspect } = this.#note
    return isSame(suspect, record) && suspect.guilty ? suspect.hits + STARTS_MAX : 0
  }

  /** Does something during which the process handles nothing but this partition. */
  async alone<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#alone = true
    try {
      return await work()
    } finally {
      this.#alone = false
    }
  }

  /** Notes the record that is handled next. */
  async before(record: LogRecord): Promise<void> {
    const { suspect } = this.#note
    const { offset } = record
    const hits = isSame(suspect, record) ? suspect.hits : 0
    const next = { topic: asIngest(record.topic), offset, hits, pending: true, alone: this.#alone, guilty: false }
    await this.#keep({ ...this.#note, suspect: next })
  }

  /** Notes that the record came to an end, whatever that was: the process lives. */
  async after(): Promise<void> {
    const { suspect } = this.#note
    if (suspect?.pending) await this.#keep({ ...this.#note, suspect: { ...suspect, pending: false } })
  }

  /** Notes an end in order, or that the dangerous part is over. */
  async end(): Promise<void> {
    if (this.#note.starts > 0) await this.#keep({ ...this.#note, starts: 0, suspect: null })
  }

  /** A start from where the last one began. The same process that gets its partition again did not crash. */
  #again(before: Note): Note {
    if (before.owner === this.#owner) return before
    const { suspect } = before
    const hit = suspect?.pending && { ...suspect, hits: suspect.hits + 1, pending: false, guilty: suspect.alone }
    return { ...before, owner: this.#owner, starts: before.starts + 1, suspect: hit || suspect }
  }

  /** Another owner's note is as good: whoever wrote last has the partition. */
  async #keep(note: Note): Promise<void> {
    this.#note = note
    const value = new TextEncoder().encode(JSON.stringify(note))
    if (await this.#store.share(this.#name, value, this.#version)) this.#version += 1
  }
}

const isSame = (suspect: Suspect | null, { topic, offset }: LogRecord): suspect is Suspect =>
  suspect?.topic === topic && suspect.offset === offset
