import { log2Bucket } from './grow.ts'
import { bitOf } from './match-pointers.ts'
import type { OpenSession } from './open-sessions.ts'
import { OCCURRENCES, type SequenceStore } from './sequences.ts'

/** The bucket of a file that nobody is known to come to. */
const NOT_DUE = 15

/** What the sessions of the moment say of a file, whoever reads it next. */
export type Expectation = {
  /** Open sessions that have it ahead of one of their match pointers. */
  sessions: number
  /** Match pointers that have it ahead, of all those sessions. */
  pointers: number
  /** Movements of the cache until the nearest of them is due, `Infinity` when there is none. */
  dueMoves: number
  /** Agreement of the best of those pointers with its session, 0 to 1. */
  quality: number
  /** Open sessions that have read it. */
  readBy: number
}

/**
 * Whether sessions that are reading now will come to a file: where it stands in the earlier sessions that they follow.
 * An entry at the end of its stay has this beside its own rhythm: what was warmed ahead and not read yet is on its way.
 */
export function expectationOf(file: number, sessions: readonly OpenSession[], store: SequenceStore): Expectation {
  const expectation = { sessions: 0, pointers: 0, dueMoves: Number.POSITIVE_INFINITY, quality: 0, readBy: 0 }
  for (const session of sessions) {
    if (session.readAt.has(file)) expectation.readBy++
    const row = store.row(session.analyzer, file)
    if (row === 0 || session.pointers.length === 0) continue
    const before = expectation.pointers
    for (let nth = 0; nth < OCCURRENCES; nth++) {
      const id = store.occurrence(row, nth)
      if (id === 0) break
      if ((session.pointerBits & bitOf(id)) === 0) continue
      for (const pointer of session.pointers) {
        if (pointer.id !== id) continue
        const distance = store.position(row, nth) - pointer.position
        if (distance <= 0) continue
        expectation.pointers++
        expectation.dueMoves = Math.min(expectation.dueMoves, distance * session.movesPerRead)
        expectation.quality = Math.max(expectation.quality, pointer.quality)
      }
    }
    if (expectation.pointers > before) expectation.sessions++
  }
  return expectation
}

/** Bucket of a time in movements of the cache, in sixteenths of a residence: by doublings, 15 for one that never comes. */
export const stayBucket = (moves: number, residence: number): number =>
  Number.isFinite(moves) ? log2Bucket(Math.round((16 * moves) / residence), 14) : NOT_DUE
