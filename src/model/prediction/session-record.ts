import { type Candidates, SOURCES } from './candidates.ts'
import type { OpenSession } from './open-sessions.ts'

const RECENT = 13
const FIRSTS = 6

/** Puts `file` at the head of the latest distinct files. */
export function remember(recent: number[], file: number): void {
  const at = recent.indexOf(file)
  if (at === 0) return
  if (at > 0) recent.splice(at, 1)
  recent.unshift(file)
  if (recent.length > RECENT) recent.pop()
}

/** Puts a file that the session had not read before at the head of the latest such files. */
export function rememberFirst(firsts: number[], file: number): void {
  firsts.unshift(file)
  if (firsts.length > FIRSTS) firsts.pop()
}

/** Keeps the session's own speed: movements of the cache, and milliseconds, from read to read. */
export function pace(session: OpenSession, now: { timeMs: number; moves: number }): void {
  const rate = session.reads < 20 ? 0.2 : 0.05
  session.movesPerRead += (Math.min(1e4, now.moves - session.lastMoves + 1) - session.movesPerRead) * rate
  session.msPerRead += (now.timeMs - session.lastMs - session.msPerRead) * rate
  session.lastMoves = now.moves
  session.lastMs = now.timeMs
}

/** Counts for each source whether it had named the file that is being read. */
export function judgeSources(session: OpenSession, file: number): void {
  if (session.readAt.has(file)) return
  const named = Math.max(0, session.named.get(file))
  for (let source = 0; source < SOURCES; source++) {
    const hit = (named >> source) & 1
    session.recall[source] = (session.recall[source] ?? 0) * 0.95 + hit * 0.05
    session.namedRead[source] = (session.namedRead[source] ?? 0) + hit
  }
}

/** Counts for each source the files that it names for the first time, of those that the session has not read yet. */
export function countNamed(session: OpenSession, candidates: Candidates): void {
  for (let slot = 0; slot < candidates.size; slot++) {
    const file = candidates.files[slot] ?? 0
    if (session.readAt.has(file)) continue
    const before = Math.max(0, session.named.get(file))
    const added = (candidates.sources[slot] ?? 0) & ~before
    if (added === 0) continue
    session.named.set(file, before | added)
    for (let source = 0; source < SOURCES; source++) {
      if ((added >> source) & 1) session.namedCount[source] = (session.namedCount[source] ?? 0) + 1
    }
  }
}
