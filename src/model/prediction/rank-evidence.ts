import type { Candidates } from './candidates.ts'
import { SOURCE } from './candidates.ts'
import { grownInt32 } from './grow.ts'
import type { MatchPointer } from './match-pointers.ts'
import type { OpenSession } from './open-sessions.ts'
import { OCCURRENCES, type Sequence, type SequenceStore } from './sequences.ts'

/** Pointers whose word counts by itself, the best first; the others only vote. */
export const VOICES = 4
/** Distinct files that each pointer is followed ahead, and reads that it is followed at most. */
const AHEAD = 44
const SCAN = 400
/** Reads of the session itself that are looked back on. */
const BEHIND = 256
const BEHIND_NEAR = 48
/** A depth that no file has. */
const UNREAD = 255
/** Earlier reads of the file just read, in this session, from which it may go on as it did then. */
const ECHOES = 3
const ECHO_SCAN = 2048
const ECHO_AHEAD = 16
/** Earlier sessions that are followed from each file first read lately, how far, and over how many reads. */
const TRAILS = 2
const TRAIL_AHEAD = 10
const TRAIL_SCAN = 160

/**
 * What speaks for each file of a ranking: where it stands ahead of each pointer, counted in distinct files, how often
 * and how lately the session itself read it, and what followed the last times that the session was here.
 */
export class RankEvidence {
  /** By slot and voice: distinct files that stand before it, `AHEAD` when that pointer does not see it. */
  readonly ahead: Int32Array
  /** Sum over the pointers of their quality, less the further they have to go. */
  readonly weight: Float64Array
  readonly votes: Int32Array
  /** Reads in the session's latest reads, near and far. */
  readonly near: Int32Array
  readonly far: Int32Array
  /** Distinct files that the session read since it read this one, `UNREAD` when it did not lately. */
  readonly depth: Int32Array
  /** Distinct files among the latest reads: how fast the session goes through files. */
  distinctNear = 0
  readonly echo: Int32Array
  readonly echoes: Int32Array
  /** Unread files that stood between the file and one first read lately, in an earlier session; and how often. */
  readonly trail: Int32Array
  readonly trails: Int32Array
  readonly voices: MatchPointer[] = []
  #seen = new Int32Array(1024)
  #round = 0

  constructor(max: number) {
    this.ahead = new Int32Array(max * VOICES)
    this.weight = new Float64Array(max)
    this.votes = new Int32Array(max)
    this.near = new Int32Array(max)
    this.far = new Int32Array(max)
    this.depth = new Int32Array(max)
    this.echo = new Int32Array(max)
    this.echoes = new Int32Array(max)
    this.trail = new Int32Array(max)
    this.trails = new Int32Array(max)
  }

  /** Names what stands ahead of the pointers, and what the session read lately. `candidates` must be empty. */
  gather(session: OpenSession, store: SequenceStore, candidates: Candidates): void {
    this.#clear(candidates.max)
    this.voices.length = 0
    this.voices.push(...session.pointers.toSorted((a, b) => b.quality - a.quality))
    const own = store.get(session.sequence)
    const current = session.recent[0] ?? -1
    this.voices.forEach((pointer, voice) => {
      this.#follow(pointer, { voice, current }, candidates)
    })
    for (const file of session.firsts) this.#nameTrails(session, file, { store, candidates })
    if (own === undefined) return
    this.#nameRecent(own, candidates)
    this.#nameEchoes(own, current, candidates)
  }

  #clear(max: number): void {
    this.ahead.fill(AHEAD, 0, max * VOICES)
    this.weight.fill(0)
    this.votes.fill(0)
    this.near.fill(0)
    this.far.fill(0)
    this.depth.fill(UNREAD)
    this.distinctNear = 0
    this.echo.fill(ECHO_AHEAD)
    this.echoes.fill(0)
    this.trail.fill(TRAIL_AHEAD)
    this.trails.fill(0)
  }

  #follow(pointer: MatchPointer, as: { voice: number; current: number }, candidates: Candidates): void {
    const { sequence, position, quality } = pointer
    const end = Math.min(sequence.length, position + 1 + SCAN)
    let distinct = 0
    this.#round++
    for (let at = position + 1; at < end && distinct < AHEAD; at++) {
      const file = sequence.files[at] ?? 0
      if (file === as.current || this.#again(file)) continue
      const slot = candidates.add(file, SOURCE.sequence)
      if (slot < 0) return
      candidates.due(slot, { distance: at - position, dueMs: 0, quality })
      if (as.voice < VOICES) this.ahead[slot * VOICES + as.voice] = distinct
      this.weight[slot] = (this.weight[slot] ?? 0) + quality * (1 - distinct / AHEAD)
      this.votes[slot] = (this.votes[slot] ?? 0) + 1
      distinct++
    }
  }

  /** Names what the session has not read yet of what followed `file` in the analyzer's latest sessions. */
  #nameTrails(session: OpenSession, file: number, by: { store: SequenceStore; candidates: Candidates }): void {
    const { store, candidates } = by
    const row = store.row(session.analyzer, file)
    for (let nth = 0, found = 0; nth < OCCURRENCES && found < TRAILS; nth++) {
      const sequence = store.get(store.occurrence(row, nth))
      if (sequence === undefined || store.occurrence(row, nth) === session.sequence) continue
      found++
      this.#round++
      const from = store.position(row, nth) + 1
      const end = Math.min(sequence.length, from + TRAIL_SCAN)
      for (let at = from, distinct = 0; at < end && distinct < TRAIL_AHEAD; at++) {
        const next = sequence.files[at] ?? 0
        if (session.readAt.has(next) || this.#again(next)) continue
        const slot = candidates.add(next, SOURCE.sequence)
        if (slot < 0) return
        this.trail[slot] = Math.min(this.trail[slot] ?? 0, distinct++)
        this.trails[slot] = (this.trails[slot] ?? 0) + 1
      }
    }
  }

  #nameRecent(own: Sequence, candidates: Candidates): void {
    for (let at = own.length - 2, back = 0, depth = 0; at >= 0 && back < BEHIND; at--, back++) {
      const slot = candidates.add(own.files[at] ?? 0, 0)
      if (slot < 0) return
      if (this.far[slot] === 0) {
        this.depth[slot] = depth++
        if (back < BEHIND_NEAR) this.distinctNear++
      }
      this.far[slot] = (this.far[slot] ?? 0) + 1
      if (back < BEHIND_NEAR) this.near[slot] = (this.near[slot] ?? 0) + 1
    }
  }

  #nameEchoes(own: Sequence, current: number, candidates: Candidates): void {
    const least = Math.max(0, own.length - ECHO_SCAN)
    for (let at = own.length - 2, found = 0; at >= least && found < ECHOES; at--) {
      if (own.files[at] !== current) continue
      found++
      this.#round++
      for (let next = at + 1, distinct = 0; next < own.length && distinct < ECHO_AHEAD; next++) {
        const file = own.files[next] ?? 0
        if (file === current || this.#again(file)) continue
        const slot = candidates.add(file, 0)
        if (slot < 0) return
        this.echo[slot] = Math.min(this.echo[slot] ?? 0, distinct++)
        this.echoes[slot] = (this.echoes[slot] ?? 0) + 1
      }
    }
  }

  /** Whether the file was met in this round before. */
  #again(file: number): boolean {
    if (file >= this.#seen.length) this.#seen = grownInt32(this.#seen, file + 1)
    if (this.#seen[file] === this.#round) return true
    this.#seen[file] = this.#round
    return false
  }
}
