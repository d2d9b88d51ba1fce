/**
 * Measurements that count: enough that a stall moves nothing, few enough that a slower way is known within some
 * commands.
 */
const LATEST = 63
/** A clock that is far off, or a log that was read late, tells nothing of the way of a warm. */
const WAY_MS_MAX = 60_000

/** The median of the latest measurements: a few that took a hundred times as long say nothing about the next one. */
class LatestMedian {
  readonly #values: number[] = []
  #next = 0

  add(value: number): void {
    this.#values[this.#next] = value
    this.#next = (this.#next + 1) % LATEST
  }

  get value(): number | null {
    const sorted = this.#values.toSorted((one, other) => one - other)
    return sorted[sorted.length >> 1] ?? null
  }
}

/**
 * What a warm takes in this deployment, from the read that led to it until its file is in the cache: the way of the read
 * to the predictor, and that of the command through a worker, each as measured of late. Decisions need no more.
 */
export class WarmLatency {
  readonly #firstMs: number
  readonly #toIssue = new LatestMedian()
  readonly #toWarmed = new LatestMedian()

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
