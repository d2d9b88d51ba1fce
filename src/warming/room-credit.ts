/**
 * Room asked for ahead of what is put now, bytes: about 60 files of source text. Workers ask without knowing of each other,
 * and of what they take meanwhile the cache knows nothing: a few of them together stay within the reserve of a small one.
 */
const AHEAD_BYTES = 262_144

/** Others fill the cache meanwhile: room that was made is believed to be there for so long. */
const PERIOD_MS = 1_000

/** How much room a worker asks the cache for before a value goes in: seldom, and enough for the values that follow. */
export class RoomCredit {
  #leftBytes = 0
  #askedAtMs = Number.NEGATIVE_INFINITY

  /** Bytes to ask for before a value of `bytes` is put; 0 while what was asked for last is enough. */
  wish(bytes: number, nowMs: number): number {
    if (bytes <= this.#leftBytes && nowMs - this.#askedAtMs < PERIOD_MS) {
      this.#leftBytes -= bytes
      return 0
    }
    this.#askedAtMs = nowMs
    this.#leftBytes = AHEAD_BYTES
    return bytes + AHEAD_BYTES
  }
}
