/** Measured once, each later measurement moves the mean by this share at least. */
const RATE_MIN = 1 / 32
/** A clock that is far off, or a log that was read late, tells nothing of the way of a warm. */
const WAY_MS_MAX = 60_000

/** The mean of the latest measurements. */
class Mean {
  #value: number | null = null
  #count = 0

  add(value: number): void {
    this.#count += 1
    const rate = Math.max(RATE_MIN, 1 / this.#count)
    this.#value = this.#value === null ? value : this.#value + (value - this.#value) * rate
  }

  get value(): number | null {
    return this.#value
  }
}

/**
 * What a warm takes in this deployment, from the read that led to it until its file is in the cache: the way of the read
 * to the predictor, and that of the command through a worker, each as measured. Smoothed, for decisions need no more.
 */
export class WarmLatency {
  readonly #firstMs: number
  readonly #toIssue = new Mean()
  readonly #toWarmed = new Mean()

  /** `firstMs` holds until workers have answered. */
  constructor(firstMs: number) {
    this.#firstMs = firstMs
  }

  /** A decision was made so long after the read that it rests on. */
  decidedAfter(ms: number): void {
    if (ms <= WAY_MS_MAX) this.#toIssue.add(Math.max(0, ms))
  }

  /** A file was in the cache so long after its command was issued. */
  warmedAfter(ms: number): void {
    if (ms <= WAY_MS_MAX) this.#toWarmed.add(Math.max(0, ms))
  }

  get ms(): number {
    const warmed = this.#toWarmed.value
    return warmed === null ? this.#firstMs : warmed + (this.#toIssue.value ?? 0)
  }
}
