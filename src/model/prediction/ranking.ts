import { Candidates } from './candidates.ts'
import type { CoAccess } from './co-access.ts'
import type { FeatureContext } from './features.ts'
import type { FileTree } from './file-tree.ts'
import type { ImportGraph } from './import-graph.ts'
import type { Kin } from './kin.ts'
import { LIMITS } from './limits.ts'
import type { OpenSession } from './open-sessions.ts'
import { RankEvidence } from './rank-evidence.ts'
import { RANK_FEATURES, type RankStanding, rankStandingOf, writeRankFeatures } from './rank-features.ts'
import { HEAD, type Scorer } from './scorer.ts'

/** Distinct files that a ranking looks ahead. */
const RANK_HORIZON = 20

/** What names files for a ranking beside the pointers and the session itself. */
export type RankSources = {
  readonly coAccess: CoAccess
  readonly imports: ImportGraph
  readonly kin: Kin
  readonly tree: FileTree | null
}

/** A sample of a ranking's candidates that waits for the session's next files. */
type Probe = {
  readonly files: number[]
  readonly features: Int32Array
  /** Reads of the session before it: what was read later stands at this position or after. */
  readonly since: number
  /** Distinct files read since. */
  distinct: number
}

/** Probes of a session that wait at once, and distinct files between two of them. */
const PROBES_MAX = 7
const PROBE_STEP = 3
/** One in so many candidates is kept by a probe: many small lists teach more than few whole ones. */
const SAMPLED = 3

/**
 * Ranks the files that a session reads next, whatever is cached; what the ranking does not find among the candidates it
 * cannot rank. It is taught by samples of its own lists, each kept until the session's next twenty distinct files are
 * known. Few lists a session at a time bound both memory and work.
 */
export class Ranking {
  readonly #candidates = new Candidates(LIMITS.rankedMax)
  readonly #evidence = new RankEvidence(LIMITS.rankedMax)
  readonly #features = new Int32Array(RANK_FEATURES)
  readonly #probes = new WeakMap<OpenSession, Probe[]>()
  readonly #scorer: Scorer

  constructor(scorer: Scorer) {
    this.#scorer = scorer
  }

  /** Candidates with their probability to be among the next twenty, likeliest first. */
  rank(session: OpenSession, context: FeatureContext, sources: RankSources): { file: number; probability: number }[] {
    const standing = this.#name(session, context, sources)
    const scored: { file: number; probability: number }[] = []
    for (let slot = 0; slot < this.#candidates.size; slot++) {
      this.#write(context, standing, { slot, out: this.#features, at: 0 })
      const probability = this.#scorer.score(this.#features, 0, { count: RANK_FEATURES, head: HEAD.next20 })
      scored.push({ file: this.#candidates.files[slot] ?? 0, probability })
    }
    return scored.sort((a, b) => b.probability - a.probability)
  }

  /** Learns from the lists whose time has come: `file` is being read, and not noted in `session.readAt` yet. */
  learn(session: OpenSession, file: number): void {
    const probes = this.#probes.get(session)
    if (probes === undefined) return
    const before = session.readAt.get(file)
    for (const probe of probes) if (before < probe.since) probe.distinct++
    if ((probes[0]?.distinct ?? 0) < RANK_HORIZON) return
    const { files, features, since } = probes.shift() ?? NO_PROBE
    for (let nth = 0; nth < files.length; nth++) {
      const candidate = files[nth] ?? 0
      const label = candidate === file || session.readAt.get(candidate) >= since ? 1 : 0
      this.#scorer.learn(features, nth * RANK_FEATURES, { count: RANK_FEATURES, head: HEAD.next20, label })
    }
  }

  /** Keeps a list to learn from, when the session has moved on far enough since the last. */
  probe(session: OpenSession, context: FeatureContext, sources: RankSources): void {
    const probes = this.#probes.get(session) ?? []
    if (probes.length >= PROBES_MAX || (probes.at(-1)?.distinct ?? PROBE_STEP) < PROBE_STEP) return
    const standing = this.#name(session, context, sources)
    const files: number[] = []
    const features = new Int32Array(Math.ceil(this.#candidates.size / SAMPLED) * RANK_FEATURES)
    for (let slot = session.reads % SAMPLED; slot < this.#candidates.size; slot += SAMPLED) {
      this.#write(context, standing, { slot, out: features, at: files.length * RANK_FEATURES })
      files.push(this.#candidates.files[slot] ?? 0)
    }
    probes.push({ files, features, since: session.reads, distinct: 0 })
    this.#probes.set(session, probes)
  }

  #name(session: OpenSession, context: FeatureContext, sources: RankSources): RankStanding {
    const candidates = this.#candidates
    candidates.clear()
    this.#evidence.gather(session, context.store, candidates)
    nameRelated(session, sources, candidates)
    return rankStandingOf(context, session, this.#evidence)
  }

  #write(context: FeatureContext, standing: RankStanding, to: { slot: number; out: Int32Array; at: number }): void {
    writeRankFeatures(context, standing, { ...to, candidates: this.#candidates, evidence: this.#evidence })
  }
}

/** Names what goes with the session's six latest files, by every source but the pointers. */
export function nameRelated(session: OpenSession, sources: RankSources, candidates: Candidates): void {
  for (let nth = 0; nth < Math.min(6, session.recent.length); nth++) {
    const file = session.recent[nth] ?? 0
    sources.coAccess.name(file, candidates)
    sources.kin.name(file, candidates)
    sources.imports.name(session, file, candidates)
    if (nth < 2) sources.tree?.name(session, file, candidates)
  }
}

const NO_PROBE: Probe = { files: [], features: new Int32Array(0), since: 0, distinct: 0 }
