import type { CacheView } from './cache-view.ts'
import { type Candidates, sourcesOf, UNKNOWN } from './candidates.ts'
import { isLate, RENEW_AGE, UNREAD_SHARE_MAX } from './decision.ts'
import type { FileFates } from './file-fates.ts'
import type { FileTable } from './file-table.ts'
import type { OpenSession } from './open-sessions.ts'

/**
 * What comes of a file that is named at a moment of a session: it is worth a `warm`; or it is `unlikely` (below the
 * threshold), `cached` as far as the predictor knows, `asked` for already and not read since, `refused` by a worker of
 * late, due before a warm could be there (`late`), or one more than unread warms may take room for (`full`).
 */
export type Fate = 'warm' | 'unlikely' | 'cached' | 'asked' | 'refused' | 'late' | 'full'

/** A file that is named at a moment of a session, with what speaks for it. */
export type WeighedFile = {
  readonly path: string
  /** Names of the evidence that named it. */
  readonly sources: readonly string[]
  /** Calibrated probability of a read, 0..1. */
  readonly probability: number
  /** Reads of the session until it is due, by the nearest sequence; null when none dates it. */
  readonly distance: number | null
  /** Milliseconds until it is due; null when no sequence dates it. */
  readonly dueMs: number | null
  /** Strongest co-access with what was just read, 0..1, and the events that it was seen in, faded. */
  readonly strength: number
  readonly support: number
  readonly fate: Fate
}

/** A session at its latest read. */
export type WeighedSession = {
  readonly session: string
  readonly analyzer: string
  readonly reads: number
  /** Event time of the latest read. */
  readonly lastReadMs: number
  /** Probability from which on a warm pays now. */
  readonly threshold: number
  /** The likeliest first. */
  readonly files: readonly WeighedFile[]
}

/** What a predictor knows of the candidates. */
export type Moment = {
  readonly session: OpenSession
  readonly analyzer: string
  readonly candidates: Candidates
  readonly threshold: number
  readonly view: CacheView
  readonly files: FileTable
  readonly fates: FileFates
  /** Place of a file in the view. */
  readonly nodeOf: (file: number) => number
  readonly probabilityOf: (slot: number) => number
}

/** Weighs all candidates and changes nothing: what is told to people must not move what is done. */
export function weighMoment(moment: Moment): WeighedSession {
  const { session, analyzer, candidates, threshold, view } = moment
  const files: WeighedFile[] = []
  for (let slot = 0; slot < candidates.size; slot++) files.push(weighed(moment, slot))
  files.sort((one, other) => other.probability - one.probability)
  let room = Math.floor(view.capacityFiles * UNREAD_SHARE_MAX - view.unread)
  const told = files.map((file) => (file.fate === 'warm' && room-- <= 0 ? { ...file, fate: 'full' as const } : file))
  return { session: session.id, analyzer, reads: session.reads, lastReadMs: session.lastMs, threshold, files: told }
}

function weighed(moment: Moment, slot: number): WeighedFile {
  const { candidates } = moment
  const file = candidates.files[slot] ?? 0
  const distance = candidates.distance[slot] ?? UNKNOWN
  const probability = moment.probabilityOf(slot)
  return {
    path: moment.files.path(file),
    sources: sourcesOf(candidates.sources[slot] ?? 0),
    probability,
    distance: distance >= UNKNOWN ? null : distance,
    dueMs: distance >= UNKNOWN ? null : (candidates.dueMs[slot] ?? 0),
    strength: candidates.strength[slot] ?? 0,
    support: candidates.support[slot] ?? 0,
    fate: fateOf(moment, { file, slot, probability }),
  }
}

function fateOf(
  { session, candidates, view, fates, nodeOf, threshold }: Moment,
  { file, slot, probability }: { file: number; slot: number; probability: number },
): Fate {
  const node = nodeOf(file)
  if (view.age(node) < RENEW_AGE) return view.isUnread(node) ? 'asked' : 'cached'
  if (probability < threshold) return 'unlikely'
  if (fates.isRefused(file)) return 'refused'
  return isLate(candidates, slot, { msPerRead: session.msPerRead, latencyMs: view.latencyMs }) ? 'late' : 'warm'
}
