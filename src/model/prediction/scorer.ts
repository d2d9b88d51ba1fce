import type { ScorerTables } from './shared-weights.ts'

/** What a head predicts: read before a quarter, half, all of the cache's residence is over; among the session's next 20. */
export const HEAD = { near: 0, half: 1, full: 2, next20: 3 } as const
export const HEADS = 4

const TABLE_BITS = 17
const TABLE_SIZE = 1 << TABLE_BITS
const MASK = TABLE_SIZE - 1
const LEARNING_RATE = 0.05
/** Rankings settle at once, and their lists are samples: they can follow faster. */
const RANKING_RATE = 0.12
const PRIOR_LOGIT = -0.6
/** Changes with the features and the tables: weights of another form are of no use. */
const FORM = 2

/**
 * Online logistic regressions over hashed features, one a head, with per-weight steps (AdaGrad: Duchi, Hazan, Singer
 * 2011; the hashing and the online form as in McMahan et al. 2013, "Ad click prediction"). Weights know no path:
 * features are hashes of buckets, so one scorer may serve all workspaces of a tenant.
 */
export class Scorer {
  readonly #weight = new Float32Array(TABLE_SIZE * HEADS)
  readonly #gradient = new Float32Array(TABLE_SIZE * HEADS)

  /** All that is learned, to be shared with other processes (shared-weights.ts). */
  readonly learned: ScorerTables = { form: FORM, tables: [{ weight: this.#weight, evidence: this.#gradient }] }

  /** Probability by `head` of the example whose `count` feature hashes stand at `from`. */
  score(features: Int32Array, from: number, shape: { count: number; head: number }): number {
    let logit = PRIOR_LOGIT
    const end = from + shape.count
    for (let at = from; at < end; at++) logit += this.#weight[((features[at] ?? 0) & MASK) * HEADS + shape.head] ?? 0
    return 1 / (1 + Math.exp(-logit))
  }

  /** One step towards `label` (0 or 1). */
  learn(features: Int32Array, from: number, example: { count: number; head: number; label: number }): void {
    const gradient = this.score(features, from, example) - example.label
    const end = from + example.count
    const rate = example.head === HEAD.next20 ? RANKING_RATE : LEARNING_RATE
    for (let at = from; at < end; at++) {
      const place = ((features[at] ?? 0) & MASK) * HEADS + example.head
      const sum = (this.#gradient[place] ?? 0) + gradient * gradient
      this.#gradient[place] = sum
      this.#weight[place] = (this.#weight[place] ?? 0) - (rate * gradient) / Math.sqrt(sum + 0.05)
    }
  }
}
