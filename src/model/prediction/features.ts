import type { CacheView } from './cache-view.ts'
import type { Candidates } from './candidates.ts'
import { SOURCE, SOURCE_AT, SOURCES, UNKNOWN } from './candidates.ts'
import type { CoAccess } from './co-access.ts'
import { type Expectation, stayBucket } from './expectation.ts'
import type { FileTable } from './file-table.ts'
import type { FileTree } from './file-tree.ts'
import { log2Bucket, mix } from './grow.ts'
import { NONE } from './int-map.ts'
import { bitOf } from './match-pointers.ts'
import type { OpenSession } from './open-sessions.ts'
import { OCCURRENCES, type SequenceStore } from './sequences.ts'
import type { Siblings } from './siblings.ts'

/** Hashed features of a candidate. */
export const FEATURES = 26

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
  /** What the sessions of the moment say of a file. */
  readonly expectation: (file: number) => Expectation
}

/** What holds for every candidate of a session at one read: found out once, not anew for each. */
export type Standing = {
  readonly session: OpenSession
  readonly analyzer: number
  /** The session's place among its analyzer's. */
  readonly ordinal: number
  readonly recalls: number
  readonly importRecall: number
  /** By source: how well it has done for this session. */
  readonly precision: Int32Array
  readonly readsBucket: number
  readonly last: LastRead | null
  readonly ascending: number
  readonly burstReads: number
  readonly fresh: number
}

type LastRead = { readonly path: string; readonly directory: number; readonly top: number }

/** Finds out what holds for every candidate of a session now. */
export function standingOf({ analyzerHash, files, store }: FeatureContext, session: OpenSession): Standing {
  const importRecall = recallBucket(session, SOURCE_AT.imports)
  const sequenceRecall = recallBucket(session, SOURCE_AT.sequence)
  const { burst } = session
  const [file] = session.recent
  return {
    session,
    analyzer: analyzerHash(session.analyzer),
    ordinal: ordinalOf(session, store),
    recalls: sequenceRecall | (importRecall << 2) | (recallBucket(session, SOURCE_AT.tree) << 4),
    importRecall,
    precision: Int32Array.from({ length: SOURCES }, (_, source) => precisionOf(session, source)),
    readsBucket: log2Bucket(session.reads, 12),
    last:
      file === undefined ? null : { path: files.path(file), directory: files.directory(file), top: files.top(file) },
    ascending: Math.min(3, Math.floor(burst.ascending * 4)),
    burstReads: log2Bucket(burst.reads, 7),
    fresh: log2Bucket(Math.min(1e9, burst.gapMs), 30) >> 1,
  }
}

/** Writes the `FEATURES` hashes of candidate `slot` to `out` from `at` on. */
export function writeFeatures(
  context: FeatureContext,
  standing: Standing,
  example: { candidates: Candidates; slot: number; out: Int32Array; at: number },
): void {
  const { candidates, slot, out, at } = example
  const { files, store, coAccess, view } = context
  const { session, analyzer, recalls, importRecall } = standing
  const file = candidates.files[slot] ?? 0
  const sources = candidates.sources[slot] ?? 0
  const seen = presence(standing, file, store)
  const votes = VOTES.ahead
  const behind = VOTES.behind
  const quality = Math.round((candidates.quality[slot] ?? 0) * 7)
  const distance = candidates.distance[slot] ?? UNKNOWN
  const distanceBucket = distance >= UNKNOWN ? 15 : log2Bucket(distance, 12)
  const dueMoves = distance >= UNKNOWN ? UNKNOWN : distance * session.movesPerRead
  const dueBucket = dueMoves >= UNKNOWN ? 15 : Math.min(14, Math.round((8 * dueMoves) / view.residence))
  const lastRead = session.readAt.get(file)
  const again = lastRead === NONE ? 0 : 1 + log2Bucket(session.reads - lastRead, 14)
  const strength = Math.round((candidates.strength[slot] ?? 0) * 9)
  const support = log2Bucket(Math.round(candidates.support[slot] ?? 0), 6)
  const importers = Math.min(6, Math.max(0, session.importedBy.get(file)))
  const siblings = log2Bucket(session.directoryReads.get(files.directory(file)), 6)
  const popularity = log2Bucket(Math.round(coAccess.reads(file) * 2), 7)
  const everRead = context.lastReadMoves(file)
  const recency = everRead === 0 ? 0 : 1 + log2Bucket(Math.round((16 * (view.moves - everRead)) / view.residence), 12)
  const known = seen === 0 ? 0 : 1
  const ordinal = Math.min(4, standing.ordinal)
  out[at] = 1
  out[at + 1] = mix(mix(101, analyzer), sources)
  out[at + 2] = mix(mix(mix(102, seen), ordinal), Math.min(again, 2))
  out[at + 3] = mix(mix(103, votes * 8 + Math.min(6, session.pointers.length)), quality * 8 + behind)
  out[at + 4] = mix(mix(104, distanceBucket), quality * 8 + votes)
  out[at + 5] = mix(mix(105, dueBucket), sources & SOURCE.sequence)
  out[at + 6] = mix(mix(106, again), sources)
  out[at + 7] = mix(mix(107, strength), support)
  out[at + 8] = mix(mix(108, recalls), sources)
  out[at + 9] = mix(mix(109, precisionBucket(standing, sources)), sources)
  out[at + 10] = mix(mix(110, analyzer), mix(files.extension(file), known))
  out[at + 11] = mix(mix(111, analyzer), mix(files.top(file) ^ context.salt, known))
  out[at + 12] = mix(mix(112, importers), mix(importRecall, again === 0 ? 0 : 1))
  out[at + 13] = mix(mix(113, siblings), mix(sources, known))
  out[at + 14] = mix(mix(114, popularity), (everRead === 0 ? 0 : 1) + (context.tree?.knows(file) ? 2 : 0))
  out[at + 15] = mix(mix(115, files.hash(file) ^ context.salt), analyzer)
  out[at + 16] = mix(mix(116, recency), strength)
  out[at + 17] = mix(mix(117, standing.readsBucket), mix(sources, analyzer))
  writeMoment(context, standing, { file, sources, popularity, strength, distance: distanceBucket, out, at: at + 18 })
  if ((sources & SOURCE.clock) !== 0) setApart(out, at, mix(quality, seen))
}

type Moment = {
  readonly file: number
  readonly sources: number
  readonly popularity: number
  readonly strength: number
  readonly distance: number
  readonly out: Int32Array
  readonly at: number
}

/** The file's place in the burst, in its directory, and before the other sessions of the moment. */
function writeMoment(context: FeatureContext, standing: Standing, moment: Moment): void {
  const { file, sources, popularity, strength, distance, out, at } = moment
  const { files, view } = context
  const { session, last, burstReads, fresh } = standing
  const above = last !== null && files.path(file) > last.path ? 1 : 0
  const near = last === null || files.directory(file) === last.directory ? 0 : files.top(file) === last.top ? 1 : 2
  const turn = above * 12 + near * 4 + standing.ascending
  const company = session.burst.company.get(file)
  const any = company === undefined ? 0 : 1 + Math.round((1 - company.none) * 10)
  const voices = company === undefined ? 0 : Math.min(4, company.voices)
  const rank = context.siblings.rank(file, files.directory(file))
  out[at] = mix(mix(201, turn), burstReads)
  out[at + 1] = mix(mix(202, turn), sources)
  out[at + 2] = mix(mix(203, any * 8 + voices), turn)
  out[at + 3] = mix(mix(204, any * 8 + voices), mix(burstReads, popularity))
  out[at + 4] = mix(mix(205, rank), mix(turn, popularity))
  out[at + 5] = mix(mix(206, fresh), mix(burstReads, strength))
  const expected = context.expectation(file)
  out[at + 6] = mix(mix(207, stayBucket(expected.dueMoves, view.residence)), distance)
  out[at + 7] = mix(208, Math.min(3, expected.sessions) * 4 + Math.min(3, expected.readBy))
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
function presence({ session, ordinal }: Standing, file: number, store: SequenceStore): number {
  VOTES.ahead = 0
  VOTES.behind = 0
  const row = store.row(session.analyzer, file)
  if (row === 0) return 0
  let seen = 0
  for (let nth = 0; nth < OCCURRENCES; nth++) {
    const id = store.occurrence(row, nth)
    if (id === 0) break
    if (id === session.sequence) continue
    const gap = ordinal - store.ordinal(row, nth)
    if (gap <= 0) seen |= 64
    else if (gap <= 6) seen |= 1 << (gap - 1)
    else seen |= 128
    if ((session.pointerBits & bitOf(id)) === 0) continue
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

/** How well a source has done for this session; 0 while it has named too little. */
function precisionOf(session: OpenSession, source: number): number {
  const named = session.namedCount[source] ?? 0
  return named < 4 ? 0 : 1 + Math.round((10 * (session.namedRead[source] ?? 0)) / named)
}

/** How well the best of the candidate's sources has done. */
function precisionBucket({ precision }: Standing, sources: number): number {
  let best = 0
  for (let source = 0; source < SOURCES; source++) {
    if ((sources & (1 << source)) !== 0) best = Math.max(best, precision[source] ?? 0)
  }
  return Math.min(11, best)
}
