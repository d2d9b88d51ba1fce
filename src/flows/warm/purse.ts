import type { Clock } from '../../ports/clock.ts'
import { type Claim, Slots } from '../slots.ts'

/** What was taken ahead and not used for so long is given up: it would be spent on top of what others take by then. */
const KEPT_MS = 1_000

/** While it waits, whoever waits is asked this often whether it still wants to. */
const LOOK_MS = 200

export type PurseOptions = {
  readonly clock: Clock
  /** Spends from the shared budget; returns how long to wait, above `waitMsMax` when nothing was spent. Milliseconds. */
  readonly spend: (amount: number, waitMsMax: number, signal: AbortSignal) => Promise<number>
  /** Taken at once at the least, so that small amounts cost few calls; 0 takes what is asked for. */
  readonly chunk: number
}

export type Taker = {
  readonly signal: AbortSignal
  /** Who would have to wait longer takes nothing. */
  readonly waitMsMax: number
  readonly claim: Claim
  /** Asked while it waits; true ends the waiting. */
  readonly givesUp: () => boolean
}

/** One worker's part of a budget that all workers share. Its takers wait in line, so one call to the cache is under way. */
export class Purse {
  readonly #options: PurseOptions
  readonly #line = new Slots(1)
  #left = 0
  #filledAtMs = 0

  constructor(options: PurseOptions) {
    this.#options = options
  }

  /** Resolves with true when the amount may be used, with false when its taker is not to wait for it. */
  async take(amount: number, taker: Taker): Promise<boolean> {
    await this.#line.take(taker.signal, taker.claim)
    try {
      return await this.#takeInTurn(amount, taker)
    } finally {
      this.#line.release()
    }
  }

  async #takeInTurn(amount: number, taker: Taker): Promise<boolean> {
    const { clock, spend, chunk } = this.#options
    if (clock.monotonicMs() - this.#filledAtMs >= KEPT_MS) this.#left = 0
    if (this.#left < amount) {
      const wanted = Math.max(amount - this.#left, chunk)
      const waitMs = await spend(wanted, taker.waitMsMax, taker.signal)
      // Only what has been waited for may be used, by anybody.
      if (waitMs > taker.waitMsMax || !(await this.#wait(waitMs, taker))) return false
      this.#left += wanted
      this.#filledAtMs = clock.monotonicMs()
    }
    this.#left -= amount
    return true
  }

  async #wait(waitMs: number, { signal, givesUp }: Taker): Promise<boolean> {
    const { clock } = this.#options
    const untilMs = clock.monotonicMs() + waitMs
    for (let leftMs = waitMs; leftMs > 0; leftMs = untilMs - clock.monotonicMs()) {
      if (givesUp()) return false
      await clock.sleep(Math.min(leftMs, LOOK_MS), signal)
    }
    return true
  }
}
