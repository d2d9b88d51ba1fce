import { grownFloat64 } from './grow.ts'
import type { EntryLives } from './predictor.ts'

/** How long entries have lived since they were last moved; each move begins a life anew. */
export class Lives {
  readonly #given: EntryLives
  #movedMs = new Float64Array(1024)
  #nowMs = Number.NaN

  constructor(given: EntryLives) {
    this.#given = given
  }

  /** It is `timeMs` now, event time. */
  pass(timeMs: number): void {
    this.#nowMs = timeMs
  }

  moved(node: number): void {
    if (node >= this.#movedMs.length) this.#movedMs = grownFloat64(this.#movedMs, node + 1)
    this.#movedMs[node] = this.#nowMs
  }

  /**
   * Event time after which a file that is warmed now and not read by then counts as wasted, milliseconds: the horizon
   * of its prediction, as for everybody else who counts what became of it, whether it has left or not.
   */
  get wastedAtMs(): number {
    return this.#nowMs + this.#given.horizonMs
  }

  isOver(node: number): boolean {
    return this.#nowMs - (this.#movedMs[node] ?? 0) > this.#given.readMs
  }
}
