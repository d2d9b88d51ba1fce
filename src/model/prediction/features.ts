import type { CacheView } from './cache-view.ts'
import type { Candidates } from './candidates.ts'
import { SOURCE, SOURCES, UNKNOWN } from './candidates.ts'
import type { CoAccess } from './co-access.ts'
import type { FileTable } from './file-table.ts'
import type { FileTree } from './file-tree.ts'
import { log2Bucket, mix } from './grow.ts'
import type { OpenSession } from './open-sessions.ts'
import { OCCURRENCES, type SequenceStore } from './sequences.ts'
import type { Siblings } from './siblings.ts'

/** Hashed features of a candidate. */
export const FEATURES = 24

/** What features are computed from. */
export type FeatureContext = {
  readonly files: FileTable
  readonly store: SequenceStore
  readonly coAccess: CoAccess
  readonly siblings: Siblings
  readonly tree: FileTree | null
  readonly view: CacheView
  /** Cache movements at a file's last read by anybody, 0 when nobody read it. */
  readonly lastReadMoves: (file: number) => number
  /** Stable hash of an analyzer's name, by its number. */
  readonly analyzerHash: (analyzer: number) => number
  /** Keeps what is learned of one workspace's paths apart from the others'. */
  readonly salt: number
}

/** Writes the `FEATURES` hashes of candidate `slot` to `out` from `at` on. */
export function writeFeatures(
  context: FeatureContext,
  session: OpenSession,
  example: { candidates: Candidates; slot: number; out: Int32Array; at: number },
): void {
  const { candidates, slot, out, at } = example
  const { files, store, coAccess, view } = context
  const file = candidates.files[slot] ?? 0
  const sources = candidates.sources[slot] ?? 0
  const analyzer = context.analyzerHash(session.analyzer)
  const seen = presence(session, file, store)
  const votes = VOTES.ahead
  const behind = VOTES.behind
  const quality = Math.round((candidates.quality[slot] ?? 0) * 7)
  const distance = candidates.distance[slot] ?? UNKNOWN
  const distanceBucket = distance >= UNKNOWN ? 15 : log2Bucket(distance, 12)
  const dueMoves = distance >= UNKNOWN ? UNKNOWN : distance * session.movesPerRead
  const dueBucket = dueMoves >= UNKNOWN ? 15 : Math.min(14, Math.round((8 * dueMoves) / view.residence))
  const lastRead = session.readAt.get(file)
  const again = lastRead === undefined ? 0 : 1 + log2Bucket(session.reads - lastRead, 14)
  const strength = Math.round((candidates.strength[slot] ?? 0) * 9)
  const support = log2Bucket(Math.round(candidates.support[slot] ?? 0), 6)
  const recalls = recallBucket(session, 0) | (recallBucket(session, 3) << 2) | (recallBucket(session, 4) << 4)
  const importers = Math.min(6, session.importedBy.get(file) ?? 0)
  const siblings = log2Bucket(session.directoryReads.get(files.directory(file)) ?? 0, 6)
  const popularity = log2Bucket(Math.round(coAccess.reads(file) * 2), 7)
  const everRead = context.lastReadMoves(file)
  const recency = everRead === 0 ? 0 : 1 + log2Bucket(Math.round((16 * (view.moves - everRead)) / view.residence), 12)
  const known = seen === 0 ? 0 : 1
  const ordinal = Math.min(4, ordinalOf(session, store))
  out[at] = 1
  out[at + 1] = mix(mix(101, analyzer), sources)
  out[at + 2] = mix(mix(mix(102, seen), ordinal), Math.min(again, 2))
  out[at + 3] = mix(mix(mix(103, sources & 64), votes * 8 + Math.min(6, session.pointers.length)), quality * 8 + behind)
  out[at + 4] = mix(mix(104, distanceBucket), quality * 8 + votes)
  out[at + 5] = mix(mix(105, dueBucket), sources & 3)
  out[at + 6] = mix(mix(106, again), sources)
  out[at + 7] = mix(mix(107, strength), support)
  out[at + 8] = mix(mix(108, recalls), sources)
  out[at + 9] = mix(mix(109, precisionBucket(session, sources)), sources)
  out[at + 10] = mix(mix(110, analyzer), mix(files.extension(file), known))
  out[at + 11] = mix(mix(111, analyzer), mix(files.top(file) ^ context.salt, known))
  out[at + 12] = mix(mix(112, importers), mix(recallBucket(session, 3), again === 0 ? 0 : 1))
  out[at + 13] = mix(mix(113, siblings), mix(sources, known))
  out[at + 14] = mix(mix(114, popularity), (everRead === 0 ? 0 : 1) + (context.tree?.knows(file) ? 2 : 0))
  out[at + 15] = mix(mix(115, files.hash(file) ^ context.salt), analyzer)
  out[at + 16] = mix(mix(116, recency), strength)
  out[at + 17] = mix(mix(117, log2Bucket(session.reads, 12)), mix(sources, analyzer))
  const { burst } = session
  const last = session.recent[0] ?? file
  const above = files.path(file) > files.path(last) ? 1 : 0
  const near = files.directory(file) === files.directory(last) ? 0 : files.top(file) === files.top(last) ? 1 : 2
  const ascending = Math.min(3, Math.floor(burst.ascending * 4))
  const turn = above * 12 + near * 4 + ascending
  const company = burst.company.get(file)
  const any = company === undefined ? 0 : 1 + Math.round((1 - company.none) * 10)
  const voices = company === undefined ? 0 : Math.min(4, company.voices)
  const burstReads = log2Bucket(burst.reads, 7)
  const fresh = log2Bucket(Math.min(1e9, burst.gapMs), 30) >> 1
  const rank = context.siblings.rank(file, files.directory(file))
  out[at + 18] = mix(mix(201, turn), burstReads)
  out[at + 19] = mix(mix(202, turn), sources)
  out[at + 20] = mix(mix(203, any * 8 + voices), turn)
  out[at + 21] = mix(mix(204, any * 8 + voices), mix(burstReads, popularity))
  out[at + 22] = mix(mix(205, rank), mix(turn, popularity))
  out[at + 23] = mix(mix(206, fresh), mix(burstReads, strength))
  if ((sources & SOURCE.clock) !== 0) setApart(out, at, mix(quality, seen))
}

/** What holds of a file in a session that reads does not hold of one that is only expected: it has its own weights. */
function setApart(out: Int32Array, at: number, evidence: number): void {
  for (let nth = 0; nth < FEATURES; nth++) out[at + nth] = mix(out[at + nth] ?? 0, SOURCE.clock)
  out[at + 16] = mix(mix(118, evidence), SOURCE.clock)
}

const VOTES = { ahead: 0, behind: 0 }

/**
 * Which of the analyzer's last six sessions read the file, as bits; bit 6 stands for sessions that began after this
 * one. Leaves in `VOTES` how many pointers have it ahead of them, and how many behind.
 */
function presence(session: OpenSession, file: number, store: SequenceStore): number {
  VOTES.ahead = 0
  VOTES.behind = 0
  const row = store.row(session.analyzer, file)
  if (row === 0) return 0
  const own = ordinalOf(session, store)
  let seen = 0
  for (let nth = 0; nth < OCCURRENCES; nth++) {
    const id = store.occurrence(row, nth)
    if (id === 0) break
    if (id === session.sequence) continue
    const gap = own - store.ordinal(row, nth)
    if (gap <= 0) seen |= 64
    else if (gap <= 6) seen |= 1 << (gap - 1)
    else seen |= 128
    for (const pointer of session.pointers) {
      if (pointer.id !== id) continue
      if (store.position(row, nth) > pointer.position) VOTES.ahead++
      else VOTES.behind++
    }
  }
  return seen
}

/** The session's place among its analyzer's; one that is only expected comes after all others. */
function ordinalOf(session: OpenSession, store: SequenceStore): number {
  return store.get(session.sequence)?.ordinal ?? store.sessionsOf(session.analyzer) + 1
}

function recallBucket(session: OpenSession, source: number): number {
  const recall = session.recall[source] ?? 0
  return recall < 0.15 ? 0 : recall < 0.5 ? 1 : recall < 0.85 ? 2 : 3
}

/** How well the best of the candidate's sources has done for this session. */
function precisionBucket(session: OpenSession, sources: number): number {
  let best = 0
  for (let source = 0; source < SOURCES; source++) {
    if ((sources & (1 << source)) === 0) continue
    const named = session.namedCount[source] ?? 0
    if (named < 4) continue
    best = Math.max(best, 1 + Math.round((10 * (session.namedRead[source] ?? 0)) / named))
  }
  return Math.min(11, best)
}
