import type { Candidates } from './candidates.ts'
import { FEATURES } from './features.ts'
import type { OpenSession } from './open-sessions.ts'
import { HEAD, type Scorer } from './scorer.ts'

/** Distinct files that a ranking looks ahead. */
export const RANK_HORIZON = 20

type Probe = {
  readonly at: number
  readonly files: Int32Array
  readonly features: Int32Array
  readonly seen: Set<number>
}

/**
 * Teaches the ranking: now and then, a session's whole list of candidates is kept until its next twenty distinct files
 * are known. One list a session at a time bounds both memory and work.
 */
export class RankProbes {
  readonly #probes = new WeakMap<OpenSession, Probe>()

  wants(session: OpenSession): boolean {
    return !this.#probes.has(session)
  }

  open(session: OpenSession, candidates: Candidates): { features: Int32Array } {
    const features = new Int32Array(candidates.size * FEATURES)
    const files = candidates.files.slice(0, candidates.size)
    this.#probes.set(session, { at: session.reads, files, features, seen: new Set() })
    return { features }
  }

  read(session: OpenSession, file: number, scorer: Scorer): void {
    const probe = this.#probes.get(session)
    if (probe === undefined) return
    probe.seen.add(file)
    if (probe.seen.size < RANK_HORIZON) return
    this.#probes.delete(session)
    probe.files.forEach((candidate, slot) => {
      const label = probe.seen.has(candidate) ? 1 : 0
      scorer.learn(probe.features, slot * FEATURES, { count: FEATURES, head: HEAD.next20, label })
    })
  }
}
