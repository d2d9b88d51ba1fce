/** How fast reads come, those of other processes too, and what that makes of the time that a warm is on its way. */
export class Pace {
  /** Delay from an event to the warmed entry, as measured, ms. */
  latencyMs: number
  #msPerRead = 1
  #lastMs = Number.NaN
  /** Reads of other processes since the last one here. */
  #othersReads = 0

  constructor(latencyMs: number) {
    this.latencyMs = latencyMs
  }

  observe(timeMs: number): void {
    // What others have read since the last time took its share of what has passed.
    const passed = (timeMs - this.#lastMs) / (1 + this.#othersReads)
    // A pause tells nothing about the pace of reading, and counts no more than one latency.
    for (let read = 0; passed >= 0 && read <= this.#othersReads; read++)
      this.#msPerRead += (Math.min(passed, this.latencyMs) - this.#msPerRead) * RATE
    this.#lastMs = timeMs
    this.#othersReads = 0
  }

  observeOthers(): void {
    this.#othersReads++
  }

  /** Movements of a cache of so many files while a warm is on its way, as long as reads go on. */
  latencyMoves(capacityFiles: number): number {
    return this.latencyMs === 0 ? 0 : this.latencyMs / Math.max(this.latencyMs / capacityFiles, this.#msPerRead)
  }
}

const RATE = 0.01
