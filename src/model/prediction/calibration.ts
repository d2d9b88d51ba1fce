/** One bin of a reliability plot: examples, their mean promised probability, and the share that came true. */
export type CalibrationBin = { readonly count: number; readonly promised: number; readonly came: number }

/** Steps of log odds that examples are counted by; promises beyond the ends count with the ends. */
const STEPS = 600
const LOGIT_MAX = 9

/** Compares promised probabilities with what came of them, in constant memory. */
export class Calibration {
  readonly #count = new Float64Array(STEPS)
  readonly #promised = new Float64Array(STEPS)
  readonly #came = new Float64Array(STEPS)
  #squares = 0

  /** `promised` in 0..1. */
  observe(promised: number, came: boolean): void {
    const logit = Math.log(promised / (1 - promised))
    const place = Math.floor(((logit + LOGIT_MAX) / (2 * LOGIT_MAX)) * STEPS)
    const step = Math.min(STEPS - 1, Math.max(0, place))
    this.#count[step] = (this.#count[step] ?? 0) + 1
    this.#promised[step] = (this.#promised[step] ?? 0) + promised
    this.#came[step] = (this.#came[step] ?? 0) + (came ? 1 : 0)
    this.#squares += (promised - (came ? 1 : 0)) ** 2
  }

  get examples(): number {
    return this.#count.reduce((sum, count) => sum + count, 0)
  }

  /** Mean squared error of the promises (Brier 1950); NaN without examples. */
  get brier(): number {
    return this.#squares / this.examples
  }

  /** At most `wanted` bins of about equally many examples each, lowest promise first. */
  bins(wanted: number): CalibrationBin[] {
    const least = this.examples / wanted
    const bins: CalibrationBin[] = []
    let [count, promised, came] = [0, 0, 0]
    for (let step = 0; step < STEPS; step++) {
      count += this.#count[step] ?? 0
      promised += this.#promised[step] ?? 0
      came += this.#came[step] ?? 0
      if (count === 0 || (count < least && step < STEPS - 1)) continue
      bins.push({ count, promised: promised / count, came: came / count })
      ;[count, promised, came] = [0, 0, 0]
    }
    return bins
  }

  /**
   * Expected calibration error over bins of equal mass: mean distance between promise and share, weighed by examples
   * (Naeini, Cooper, Hauskrecht 2015; equal mass as in Nixon et al. 2019). NaN without examples.
   */
  error(wanted: number): number {
    const bins = this.bins(wanted)
    const sum = bins.reduce((total, { count, promised, came }) => total + count * Math.abs(promised - came), 0)
    return sum / this.examples
  }
}
