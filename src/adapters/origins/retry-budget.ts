/** Tries again that may be in store, so that a quiet origin gets its retries too. */
const RETRIES_MAX = 10

/** Bounds retries to a share of the requests: what is failing altogether is not asked many times over. */
export class RetryBudget {
  readonly #share: number
  #left = RETRIES_MAX

  /** `share`: retries that each request earns, 0..1. */
  constructor(share: number) {
    this.#share = share
  }

  /** Counts a request, whether a first one or a retry. */
  request(): void {
    this.#left = Math.min(RETRIES_MAX, this.#left + this.#share)
  }

  /** Whether a failure may be tried again; if so, that is one retry less. */
  take(): boolean {
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }
}
