import { type Candidates, sourcesOf } from './candidates.ts'
import { cutOff, FAR_WEIGHT, isLate, RENEW_AGE, UNREAD_MS } from './decision.ts'
import { FEATURES, type FeatureContext, type Standing, standingOf, writeFeatures } from './features.ts'
import type { FileFates } from './file-fates.ts'
import type { FileTable } from './file-table.ts'
import { LIMITS } from './limits.ts'
import type { OpenSession } from './open-sessions.ts'
import type { Prediction, PredictorOptions } from './predictor.ts'
import { HEAD } from './scorer.ts'
import type { Settlement } from './settlement.ts'
import type { SharedState } from './shared-state.ts'

/**
 * A candidate worth a warm: `gain` is the probability that decides, `probability` that of a read before the entry
 * leaves.
 */
export type Weighed = { readonly slot: number; readonly gain: number; readonly probability: number }

/** What candidates are weighed by. */
export type Moment = {
  readonly context: FeatureContext
  readonly session: OpenSession
  readonly candidates: Candidates
}

/** Milliseconds since the Unix epoch. */
type Times = { readonly nowMs: number; readonly expectedAtMs: number }

export type WeigherParts = {
  readonly aggressiveness: PredictorOptions['aggressiveness']
  readonly shared: Pick<SharedState, 'view' | 'scorer' | 'worth'>
  readonly settlement: Settlement
  readonly files: FileTable
  readonly fates: FileFates
  /** A file's place in the shared view. */
  readonly nodeOf: (file: number) => number
}

/** Gives candidates their probabilities, and says which of them are worth a warm now. */
export class Weigher {
  readonly #aggressiveness: PredictorOptions['aggressiveness']
  readonly #shared: WeigherParts['shared']
  readonly #settlement: Settlement
  readonly #files: FileTable
  readonly #fates: FileFates
  readonly #nodeOf: (file: number) => number
  readonly #features = new Int32Array(LIMITS.candidatesMax * FEATURES)

  constructor({ aggressiveness, shared, settlement, files, fates, nodeOf }: WeigherParts) {
    this.#aggressiveness = aggressiveness
    this.#shared = shared
    this.#settlement = settlement
    this.#files = files
    this.#fates = fates
    this.#nodeOf = nodeOf
  }

  /** The candidates that are worth a warm, least likely first; all that are weighed are waited for, to learn from. */
  weigh({ context, session, candidates }: Moment): Weighed[] {
    const chosen: Weighed[] = []
    const { view, scorer } = this.#shared
    const far = this.far()
    const least = this.threshold(far)
    const { moves, residence, latencyMoves } = view
    const speed = { msPerRead: session.msPerRead, latencyMs: view.latencyMs }
    let standing: Standing | null = null
    for (let slot = 0; slot < candidates.size; slot++) {
      const file = candidates.files[slot] ?? 0
      if (view.age(this.#nodeOf(file)) < RENEW_AGE) continue
      const at = slot * FEATURES
      standing ??= standingOf(context, session)
      writeFeatures(context, standing, { candidates, slot, out: this.#features, at })
      const gain = this.#probabilityOf(at, far)
      const promised = far === 0 ? gain : Number.NaN
      const when = { moves, residence, latencyMoves, scorer, promised, overMs: view.wastedAtMs }
      this.#settlement.add(file, { from: at, all: this.#features }, when)
      if (gain >= least && !this.#fates.isRefused(file) && !isLate(candidates, slot, speed)) {
        // A read soon is one before the entry leaves, too; the two heads learn apart, and do not know that.
        const full = scorer.score(this.#features, at, { count: FEATURES, head: HEAD.full })
        chosen.push({ slot, gain, probability: Math.max(gain, full) })
      }
    }
    return chosen.sort((a, b) => a.gain - b.gain)
  }

  /** The probability from which on a warm pays now. */
  threshold(far: number): number {
    return cutOff(this.#aggressiveness, this.#shared.worth.dearness(this.#shared.view), far)
  }

  /** The far horizon's weight, 0 to 1: the longer a warm is on its way, the less one can wait for better evidence. */
  far(): number {
    const { latencyMoves, residence } = this.#shared.view
    return Math.min(1, (FAR_WEIGHT * latencyMoves) / residence)
  }

  #probabilityOf(at: number, far: number): number {
    const { scorer } = this.#shared
    const full = far === 0 ? 0 : scorer.score(this.#features, at, { count: FEATURES, head: HEAD.full })
    const near = far === 1 ? 0 : scorer.score(this.#features, at, { count: FEATURES, head: HEAD.near })
    return near + (full - near) * far
  }

  /** The probability that decides of one candidate, 0 to 1; nothing is learned from it. */
  probability({ context, session, candidates }: Moment, slot: number): number {
    writeFeatures(context, standingOf(context, session), { candidates, slot, out: this.#features, at: 0 })
    return this.#probabilityOf(0, this.far())
  }

  /** The prediction of a candidate that was chosen; its warm counts as under way from now on. */
  predict(candidates: Candidates, { slot, probability }: Weighed, { nowMs, expectedAtMs }: Times): Prediction {
    const file = candidates.files[slot] ?? 0
    const { view } = this.#shared
    view.warm(this.#nodeOf(file))
    const leavesMs = nowMs + UNREAD_MS
    const reason = sourcesOf(candidates.sources[slot] ?? 0)[0] ?? ''
    const horizonAtMs = Math.max(expectedAtMs + view.latencyMs, leavesMs)
    return { path: this.#files.path(file), probability, reason, expectedAtMs, horizonAtMs }
  }
}
