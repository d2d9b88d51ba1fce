import type { ScorerTables } from './shared-weights.ts'

/** What a head predicts: read soon, read before the cache's residence is over; among the session's next 20. */
export const HEAD = { near: 0, full: 1, next20: 2 } as const
/** Heads that learn from the same examples have their weights side by side: what one fetches the other finds. */
const STAY_HEADS = 2

const TABLE_BITS = 18
const TABLE_SIZE = 1 << TABLE_BITS
const MASK = TABLE_SIZE - 1
const LEARNING_RATE = 0.05
/** Rankings settle at once, and their lists are samples: they can follow faster. */
const RANKING_RATE = 0.12
const PRIOR_LOGIT = -0.6
/** Keeps the first steps finite. */
const EVIDENCE_MIN = 0.05
/** Changes with the features and the tables: weights of another form are of no use. */
const FORM = 4

type Table = { readonly weight: Float32Array; readonly evidence: Float32Array }
type Shape = { readonly count: number; readonly head: number }

/**
 * Online logistic regressions over hashed features, one a head, with per-weight steps (AdaGrad: Duchi, Hazan, Singer
 * 2011; the hashing and the online form as in McMahan et al. 2013, "Ad click prediction"). Weights know no path:
 * features are hashes of buckets, so one scorer may serve all workspaces of a tenant.
 */
export class Scorer {
  readonly #stay = tableOf(STAY_HEADS)
  readonly #next20 = tableOf(1)

  /** All that is learned, to be shared with other processes (shared-weights.ts). */
  readonly learned: ScorerTables = { form: FORM, tables: [this.#stay, this.#next20] }

  /** Probability by `head` of the example whose `count` feature hashes stand at `from`. */
  score(features: Int32Array, from: number, { count, head }: Shape): number {
    return head === HEAD.next20
      ? probability(this.#next20, features, { from, count, heads: 1, head: 0 })
      : probability(this.#stay, features, { from, count, heads: STAY_HEADS, head })
  }

  /** One step towards `label` (0 or 1). */
  learn(features: Int32Array, from: number, { count, head, label }: Shape & { readonly label: number }): void {
    if (head === HEAD.next20)
      step(this.#next20, features, { from, count, heads: 1, head: 0, label, rate: RANKING_RATE })
    else step(this.#stay, features, { from, count, heads: STAY_HEADS, head, label, rate: LEARNING_RATE })
  }
}

function tableOf(heads: number): Table {
  return { weight: new Float32Array(TABLE_SIZE * heads), evidence: new Float32Array(TABLE_SIZE * heads) }
}

/** An example, and the place of its head among those of the table. */
type Example = Shape & { readonly from: number; readonly heads: number }

function probability({ weight }: Table, features: Int32Array, { from, count, heads, head }: Example): number {
  let logit = PRIOR_LOGIT
  const end = from + count
  for (let at = from; at < end; at++) logit += weight[((features[at] ?? 0) & MASK) * heads + head] ?? 0
  return 1 / (1 + Math.exp(-logit))
}

function step(
  table: Table,
  features: Int32Array,
  example: Example & { readonly label: number; readonly rate: number },
): void {
  const { weight, evidence } = table
  const { from, count, heads, head } = example
  const gradient = probability(table, features, example) - example.label
  const [square, pace] = [gradient * gradient, example.rate * gradient]
  const end = from + count
  for (let at = from; at < end; at++) {
    const place = ((features[at] ?? 0) & MASK) * heads + head
    const sum = (evidence[place] ?? 0) + square
    evidence[place] = sum
    weight[place] = (weight[place] ?? 0) - pace / Math.sqrt(sum + EVIDENCE_MIN)
  }
}
