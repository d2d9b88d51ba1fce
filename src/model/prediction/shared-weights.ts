import { RowFormatError, RowReader } from '../rows/row-reader.ts'
import { RowWriter } from '../rows/row-writer.ts'

/** A table that a scorer learns: each weight with the evidence it rests on (AdaGrad's sum of squared gradients, >= 0). */
export type WeightTable = { readonly weight: Float32Array; readonly evidence: Float32Array }

/** All that a scorer learns. `form` changes with the features or the meaning of a place: other forms are not merged. */
export type ScorerTables = { readonly form: number; readonly tables: readonly WeightTable[] }

/** Version of the bytes. */
const VERSION = 1
/** Ends a table: no place follows another by nothing. */
const END = 0
/** Weights travel in steps of this size, ... */
const WEIGHT_STEP = 1 / 1024
const WEIGHT_MAX = 64
/** ... evidence in sixteenths of a doubling from this size on. */
const EVIDENCE_UNIT = 1 / 64
/** Evidence is a sum of squares of at most 1 each: more than a scorer can gather. */
const EVIDENCE_MAX = 2 ** 53
/** What has moved less is told when it has moved further: a weight by this, ... */
const WEIGHT_CHANGE_MIN = 0.01
/** ... evidence by this share of what it was. */
const EVIDENCE_CHANGE_MIN = 0.1

type Place = { readonly table: WeightTable; readonly base: WeightTable; readonly at: number }
type Value = { readonly weight: number; readonly evidence: number }

/**
 * One scorer's share in weights that several processes learn together. It knows the shared values as of the last look
 * (`base`), so that what was learned here since is the difference. Processes take turns in writing: who writes has taken
 * in all that was written before, so what is written are plain values, and every process comes to the same ones.
 *
 * Where two have learned the same weight since the last look, the mean of both counts, weighed by the evidence that each
 * has gained; added up, what both had learned would be learned twice. (Averaging what online learners came to: Mcdonald,
 * Hall, Mann 2010, "Distributed training strategies for the structured perceptron".)
 */
export class SharedWeights {
  readonly #scorer: ScorerTables
  readonly #base: readonly WeightTable[]

  constructor(scorer: ScorerTables) {
    this.#scorer = scorer
    this.#base = scorer.tables.map(({ weight, evidence }) => ({
      weight: new Float32Array(weight.length),
      evidence: new Float32Array(evidence.length),
    }))
  }

  /** Names the form of the bytes and of the scorer: only weights of one form belong together. */
  get form(): string {
    return `${VERSION}.${this.#scorer.form}`
  }

  /**
   * What was learned here since the last look and is worth telling, as bytes; null when there is nothing. Rounds those
   * weights to what the bytes hold, so that what is learned next is told apart from it exactly.
   */
  changes(): Uint8Array | null {
    return this.#encode((table, base, at) => {
      if (!hasChanged(table, base, at)) return null
      const told = rounded({ weight: table.weight[at] ?? 0, evidence: table.evidence[at] ?? 0 })
      setValue(table, at, told)
      return told
    })
  }

  /** All shared values as of the last look, as bytes; null when nothing was ever learned. */
  all(): Uint8Array | null {
    return this.#encode((_, { weight, evidence }, at) => {
      const known = { weight: weight[at] ?? 0, evidence: evidence[at] ?? 0 }
      return known.evidence === 0 ? null : known
    })
  }

  /** Notes that others see what `changes` gave: what was learned since then is what is new now. */
  told(bytes: Uint8Array): void {
    for (const { place, value } of this.#decode(bytes)) setValue(place.base, place.at, value)
  }

  /**
   * Takes over what another process has told (or `all` of one), and keeps what was learned here since the last look.
   * Throws RowFormatError for bytes of another form or version, and changes nothing then.
   */
  takeIn(bytes: Uint8Array): void {
    for (const { place, value } of this.#decode(bytes)) {
      setValue(place.table, place.at, merged(place, value))
      setValue(place.base, place.at, value)
    }
  }

  #encode(tell: (table: WeightTable, base: WeightTable, at: number) => Value | null): Uint8Array | null {
    const writer = new RowWriter().start(VERSION)
    writer.uint(this.#scorer.form)
    writer.uint(this.#base.length)
    let count = 0
    for (const [nth, table] of this.#scorer.tables.entries()) {
      let before = -1
      for (let at = 0; at < table.evidence.length; at++) {
        const value = tell(table, this.#base[nth] ?? table, at)
        if (value === null) continue
        writer.uint(at - before)
        writer.int(stepsOfWeight(value.weight))
        writer.uint(stepsOfEvidence(value.evidence))
        before = at
        count++
      }
      writer.uint(END)
    }
    return count === 0 ? null : writer.finish().slice()
  }

  #decode(bytes: Uint8Array): { place: Place; value: Value }[] {
    const reader = new RowReader(bytes, VERSION)
    if (reader.uint() !== this.#scorer.form || reader.uint() !== this.#base.length)
      throw new RowFormatError('these bytes are weights of another form of the scorer')
    const told: { place: Place; value: Value }[] = []
    for (const [nth, table] of this.#scorer.tables.entries()) {
      const base = this.#base[nth] ?? table
      for (let step = reader.uint(), at = -1; step !== END; step = reader.uint()) {
        at += step
        const value = { weight: reader.int() * WEIGHT_STEP, evidence: evidenceOfSteps(reader.uint()) }
        if (at >= base.weight.length) throw new RowFormatError('these weights name places that the scorer has not')
        // What no scorer has told: infinite evidence would spread, and has no end when it is written down.
        if (Math.abs(value.weight) > WEIGHT_MAX || value.evidence > EVIDENCE_MAX)
          throw new RowFormatError('these weights are none that a scorer comes to')
        told.push({ place: { table, base, at }, value })
      }
    }
    return told
  }
}

function hasChanged(table: WeightTable, base: WeightTable, at: number): boolean {
  const gained = (table.evidence[at] ?? 0) - (base.evidence[at] ?? 0)
  if (gained <= 0) return false
  const moved = Math.abs((table.weight[at] ?? 0) - (base.weight[at] ?? 0))
  return moved > WEIGHT_CHANGE_MIN || gained > EVIDENCE_CHANGE_MIN * ((base.evidence[at] ?? 0) + EVIDENCE_UNIT)
}

/** The shared value once what was learned here is taken in: the mean of both, by the evidence that each has gained. */
function merged({ table, base, at }: Place, shared: Value): Value {
  const own = { weight: table.weight[at] ?? 0, evidence: table.evidence[at] ?? 0 }
  const known = base.evidence[at] ?? 0
  const gained = Math.max(0, own.evidence - known)
  if (gained === 0) return shared
  const othersGained = Math.max(0, shared.evidence - known)
  const weight = (own.weight * gained + shared.weight * othersGained) / (gained + othersGained)
  return { weight, evidence: shared.evidence + gained }
}

function setValue(table: WeightTable, at: number, { weight, evidence }: Value): void {
  table.weight[at] = weight
  table.evidence[at] = evidence
}

const rounded = ({ weight, evidence }: Value): Value => ({
  weight: stepsOfWeight(weight) * WEIGHT_STEP,
  evidence: evidenceOfSteps(stepsOfEvidence(evidence)),
})

const stepsOfWeight = (weight: number): number =>
  Math.round(Math.min(WEIGHT_MAX, Math.max(-WEIGHT_MAX, weight)) / WEIGHT_STEP)

const stepsOfEvidence = (evidence: number): number => Math.round(16 * Math.log2(1 + evidence / EVIDENCE_UNIT))

const evidenceOfSteps = (steps: number): number => (2 ** (steps / 16) - 1) * EVIDENCE_UNIT
