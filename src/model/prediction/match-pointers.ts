import { type Candidates, SOURCE } from './candidates.ts'
import { REACH_MAX, type Reach } from './decision.ts'
import type { OpenSession } from './open-sessions.ts'
import { OCCURRENCES, type Sequence, type SequenceStore } from './sequences.ts'

/**
 * A place in an earlier session at which the present one seems to be. What followed there is what to expect here.
 * The idea is that of prediction by partial matching and of LZ77's match pointers (Curewitz, Krishnan, Vitter 1993,
 * "Practical prefetching via data compression"), loosened: reads may be skipped, and may come in another order.
 */
export type MatchPointer = {
  readonly id: number
  readonly sequence: Sequence
  position: number
  /** Share of the session's latest reads that the pointer found, 0 to 1. */
  quality: number
  misses: number
  /** Everything up to here has been named. */
  namedTo: number
}

const POINTERS_MAX = 8
const POINTERS_MIN = 4
const SEEDS_MAX = 3
/** A pointer that missed so many reads may be given up for a new one. */
const SILENCE_MIN = 3
const SCAN_AHEAD = 96
const SCAN_BACK = 48
const MISSES_MAX = 24
const NAMED_AT_ONCE = 160
/** Distances at which a file is weighed once more on its way towards us, beside the first time. */
const CHECKPOINTS = [1, 3, 8, 20, 48, 120]

/** Moves every pointer past the file just read, drops those that lost the session; says whether any expected it. */
export function advancePointers(session: OpenSession, file: number): boolean {
  const { pointers } = session
  let expected = false
  session.pointerBits = 0
  for (let at = pointers.length - 1; at >= 0; at--) {
    const pointer = pointers[at]
    if (pointer === undefined) continue
    if (follow(pointer, file)) expected = true
    const lost = pointer.misses > MISSES_MAX || (pointer.misses > 6 && pointer.quality < 0.15)
    const done = pointer.sequence.closed && pointer.position >= pointer.sequence.length - 1
    if (lost || done || pointer.sequence.forgotten) pointers.splice(at, 1)
    else session.pointerBits |= bitOf(pointer.id)
  }
  return expected
}

/** The bit of a sequence in `OpenSession.pointerBits`. */
export const bitOf = (id: number): number => 1 << (id & 31)

function follow(pointer: MatchPointer, file: number): boolean {
  const { files, length } = pointer.sequence
  const last = Math.min(length - 1, pointer.position + SCAN_AHEAD)
  for (let at = pointer.position + 1; at <= last; at++) {
    if (files[at] !== file) continue
    pointer.position = at
    return found(pointer)
  }
  for (let at = pointer.position; at >= 0 && at > pointer.position - SCAN_BACK; at--) {
    if (files[at] === file) return found(pointer)
  }
  pointer.misses++
  pointer.quality *= 0.92
  return false
}

function found(pointer: MatchPointer): true {
  pointer.quality += (1 - pointer.quality) * 0.08
  pointer.misses = 0
  return true
}

/**
 * Looks for earlier sessions that read `file` too: the analyzer's own first, then any. A session that jumps to where
 * no pointer stands, as parallel workers do, gets pointers there, in place of those that were silent longest.
 */
export function seedPointers(
  session: OpenSession,
  at: { file: number; expected: boolean },
  store: SequenceStore,
): void {
  const { file, expected } = at
  if (expected && session.pointers.length >= POINTERS_MIN) return
  seedFrom(session, { analyzer: session.analyzer, file, quality: 0.4 }, store)
  if (session.pointers.length >= 2) return
  for (let analyzer = 0; analyzer < store.analyzers(); analyzer++) {
    if (analyzer !== session.analyzer) seedFrom(session, { analyzer, file, quality: 0.2 }, store)
    if (session.pointers.length >= 2) return
  }
}

function seedFrom(
  session: OpenSession,
  from: { analyzer: number; file: number; quality: number },
  store: SequenceStore,
): void {
  const row = store.row(from.analyzer, from.file)
  if (row === 0) return
  for (let nth = 0, placed = 0; nth < OCCURRENCES && placed < SEEDS_MAX; nth++) {
    const id = store.occurrence(row, nth)
    if (id === 0) return
    const at = store.position(row, nth)
    const context = contextAt(session, store.get(id), at)
    if (id === session.sequence) continue
    if (place(session, { id, at, quality: from.quality + 0.15 * context }, store)) placed++
  }
}

/** How many of the session's two reads before this one stand just before the place too. */
function contextAt(session: OpenSession, sequence: Sequence | undefined, at: number): number {
  if (sequence === undefined) return 0
  let same = 0
  for (let back = 1; back <= 2; back++) {
    const before = session.recent[back]
    if (before === undefined) break
    for (let place = Math.max(0, at - 4); place < at; place++) {
      if (sequence.files[place] === before) {
        same++
        break
      }
    }
  }
  return same
}

function place(
  session: OpenSession,
  where: { id: number; at: number; quality: number },
  store: SequenceStore,
): boolean {
  const { id, at, quality } = where
  const sequence = store.get(id)
  const { pointers } = session
  if (sequence === undefined || pointers.some((one) => one.id === id && Math.abs(one.position - at) < SCAN_BACK))
    return false
  if (pointers.length >= POINTERS_MAX) {
    const silent = longestSilent(pointers)
    if ((pointers[silent]?.misses ?? 0) < SILENCE_MIN) return false
    pointers.splice(silent, 1)
  }
  session.pointerBits |= bitOf(id)
  pointers.push({ id, sequence, position: at, quality, misses: 0, namedTo: at })
  return true
}

function longestSilent(pointers: readonly MatchPointer[]): number {
  let silent = 0
  for (let at = 1; at < pointers.length; at++) {
    if ((pointers[at]?.misses ?? 0) > (pointers[silent]?.misses ?? 0)) silent = at
  }
  return silent
}

function endOf(pointer: MatchPointer, reach: Reach): number {
  const { sequence, position } = pointer
  let end = Math.min(sequence.length - 1, position + reach.reads)
  const last = Math.min(sequence.length - 1, position + REACH_MAX)
  while (end < last && sequence.betweenMs(position, end + 1) <= reach.ms) end++
  return end
}

/** Names what stands ahead of the pointers: each file as it comes into sight, and again at the checkpoints. */
export function nameAhead(session: OpenSession, reach: Reach, candidates: Candidates): void {
  for (const pointer of session.pointers) {
    const end = endOf(pointer, reach)
    const from = Math.max(pointer.namedTo, pointer.position) + 1
    const to = Math.min(end, from + NAMED_AT_ONCE - 1)
    for (let at = from; at <= to; at++) name(pointer, at, candidates)
    pointer.namedTo = Math.max(pointer.namedTo, to)
    for (const checkpoint of CHECKPOINTS) {
      const at = pointer.position + checkpoint
      if (at > pointer.namedTo) break
      if (at < pointer.sequence.length) name(pointer, at, candidates)
    }
  }
}

/** Names the whole window ahead of every pointer, whatever was named before. */
export function nameWindow(session: OpenSession, reach: number, candidates: Candidates): void {
  for (const pointer of session.pointers) {
    const end = Math.min(pointer.sequence.length - 1, pointer.position + reach)
    for (let at = pointer.position + 1; at <= end; at++) name(pointer, at, candidates)
  }
}

function name(pointer: MatchPointer, at: number, candidates: Candidates): void {
  const { sequence, position, quality } = pointer
  const slot = candidates.add(sequence.files[at] ?? 0, SOURCE.sequence)
  if (slot >= 0) candidates.due(slot, { distance: at - position, dueMs: sequence.betweenMs(position, at), quality })
}
