import { Burst } from './burst.ts'
import { SOURCES } from './candidates.ts'
import { IntMap } from './int-map.ts'
import { LIMITS } from './limits.ts'
import type { MatchPointer } from './match-pointers.ts'

/** A session that still reads: its position, its pointers into earlier sessions, and how each source did for it. */
export class OpenSession {
  readonly id: string
  readonly sequence: number
  readonly analyzer: number
  readonly startMs: number
  /** Position of each file's last read. */
  readonly readAt = new IntMap()
  /** How often a file that was read imports this one. */
  readonly importedBy = new IntMap()
  /** Reads by directory hash. */
  readonly directoryReads = new IntMap()
  readonly pointers: MatchPointer[] = []
  /** A bit for each sequence that a pointer stands in, by the last five of its number: most sequences have none. */
  pointerBits = 0
  /** Files named so far, by the sources that named them. */
  readonly named = new IntMap()
  /** Share of the latest reads that the source had named before. */
  readonly recall = new Float64Array(SOURCES)
  /** Files that the source named, and how many of those were read later, fading. */
  readonly namedCount = new Float64Array(SOURCES)
  readonly namedRead = new Float64Array(SOURCES)
  reads = 0
  lastMs: number
  lastMoves: number
  /** Movements of the cache a read of this session, smoothed: its share of the traffic, inverted. */
  movesPerRead = 8
  msPerRead = 20
  /** What the session reads without a pause: a commit, one walk of a tool. */
  readonly burst = new Burst()
  /** The latest files read, newest first. */
  readonly recent: number[] = []
  /** The latest files that the session read for the first time, newest first. */
  readonly firsts: number[] = []

  constructor(id: string, where: { sequence: number; analyzer: number; timeMs: number; moves: number }) {
    this.id = id
    this.sequence = where.sequence
    this.analyzer = where.analyzer
    this.startMs = where.timeMs
    this.lastMs = where.timeMs
    this.lastMoves = where.moves
  }
}

/** Open sessions in order of their last read; the idle and the surplus ones close. */
export class OpenSessions {
  readonly #open = new Map<string, OpenSession>()

  get(id: string): OpenSession | undefined {
    return this.#open.get(id)
  }

  values(): IterableIterator<OpenSession> {
    return this.#open.values()
  }

  /** Those that have read something since the cache's clock showed `sinceMoves`: the sessions of the moment. */
  since(sinceMoves: number): OpenSession[] {
    const moment: OpenSession[] = []
    for (const session of this.#open.values()) if (session.lastMoves >= sinceMoves) moment.push(session)
    return moment
  }

  add(session: OpenSession): void {
    this.#open.set(session.id, session)
  }

  /** Puts the session last in line for closing. */
  renew(session: OpenSession): void {
    this.#open.delete(session.id)
    this.#open.set(session.id, session)
  }

  /** Takes out the sessions that have ended by `nowMs`: those idle too long, and the oldest beyond the cap. */
  takeEnded(nowMs: number): OpenSession[] {
    const ended: OpenSession[] = []
    for (const session of this.#open.values()) {
      const idle = nowMs - session.lastMs > LIMITS.idleMs
      if (!idle && this.#open.size <= LIMITS.openSessionsMax) break
      this.#open.delete(session.id)
      ended.push(session)
    }
    return ended
  }
}
