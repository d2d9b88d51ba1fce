import type { FileRef } from './file-ref.ts'

/** How far one publisher has come within a session. */
export type PublisherMark = { readonly publisher: string; next: number }

/** Publishers that an open or closed session remembers; the least recently used leaves. */
const PUBLISHERS_MAX = 16

/** What stays of a session after its end. */
export type ClosedSession = {
  readonly id: string
  readonly analyzer: string
  readonly revision: string | null
  readonly firstMs: number
  readonly lastMs: number
  /** Touch of the access that opened it; names its sequence. */
  readonly opened: number
  /** Accesses. */
  readonly position: number
  /** Entries of the sequence: the accesses, as long as it was not full. */
  readonly length: number
  readonly publishers: PublisherMark[]
}

/** A session that may still read. */
export class Session {
  readonly id: string
  readonly analyzer: string
  readonly revision: string | null
  readonly opened: number
  readonly firstMs: number
  lastMs: number
  /** Touch of its last access. */
  touch = 0
  /** The shard's watermark when its last access was folded. */
  markMs = 0
  position = 0
  previous: FileRef | null = null
  /** Last distinct files, most recent first. */
  window: FileRef[] = []
  /** Files of the whole sequence. */
  sequence: FileRef[] = []
  /** Times of the sequence from entry `timesFrom` on: chunks that are saved need none. */
  timesMs: number[] = []
  timesFrom = 0
  /** First chunk of the sequence that is not saved yet; -1 when all are. */
  dirtyChunk = -1
  dirty = false
  /** Least recently used first. */
  publishers: PublisherMark[] = []
  older: Session | null = null
  newer: Session | null = null

  constructor(opening: Pick<Session, 'id' | 'analyzer' | 'revision' | 'opened' | 'firstMs'>) {
    this.id = opening.id
    this.analyzer = opening.analyzer
    this.revision = opening.revision
    this.opened = opening.opened
    this.firstMs = opening.firstMs
    this.lastMs = opening.firstMs
  }
}

/** The number that is expected next of a publisher; 0 when it is not remembered. */
export function expectedNext(marks: readonly PublisherMark[], publisher: string): number {
  for (let at = marks.length - 1; at >= 0; at -= 1) {
    const mark = marks[at]
    if (mark?.publisher === publisher) return mark.next
  }
  return 0
}

/** Notes how far a publisher has come and makes it the most recently used. */
export function notePublisher(marks: PublisherMark[], publisher: string, next: number): void {
  const last = marks[marks.length - 1]
  if (last?.publisher === publisher) {
    last.next = next
    return
  }
  const at = marks.findIndex((mark) => mark.publisher === publisher)
  if (at >= 0) marks.splice(at, 1)
  marks.push({ publisher, next })
  if (marks.length > PUBLISHERS_MAX) marks.shift()
}

/** The files that an analyzer's sessions read, with how many of them did. */
export class Profile {
  readonly analyzer: string
  epoch = 0
  sessions = 0
  /** Number of the last closing that counted here. */
  closing = 0
  /** In the order of their last increase, most recent last. */
  files = new Map<FileRef, number>()

  constructor(analyzer: string) {
    this.analyzer = analyzer
  }
}
