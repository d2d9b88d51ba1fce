/** How many lines of one message are written in a window; more say nothing new, and would fill disks. */
const LINES_MAX = 100

const WINDOW_MS = 10_000

/** Messages told apart in a window; more share one budget. */
const MESSAGES_MAX = 1_000

/** What a line has to say beside itself: how many like it were left out before it, or that those after it are. */
export type LineNote = { readonly leftOut?: number; readonly more?: string }

/** Bounds the lines of each message, so that a flood of bad records is no flood of lines: metrics count them all. */
export class LineBudget {
  #startMs = Number.NEGATIVE_INFINITY
  #written = new Map<string, number>()
  #before = new Map<string, number>()

  /** Takes a line of the message at this monotonic time; null where it is to be left out. */
  take(message: string, nowMs: number): LineNote | null {
    if (nowMs - this.#startMs >= WINDOW_MS) {
      this.#before = this.#written
      this.#written = new Map()
      this.#startMs = nowMs
    }
    const key = this.#written.has(message) || this.#written.size < MESSAGES_MAX ? message : ''
    const count = (this.#written.get(key) ?? 0) + 1
    this.#written.set(key, count)
    if (count > LINES_MAX) return null
    if (count === LINES_MAX) return { more: `lines like this are left out for up to ${WINDOW_MS / 1_000} s` }
    const leftOut = (this.#before.get(key) ?? 0) - LINES_MAX
    return count === 1 && leftOut > 0 ? { leftOut } : {}
  }
}
