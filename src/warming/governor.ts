/**
 * Guards live traffic: says how much of its room warming may take, from the latency of the worker's own calls.
 *
 * The median of each window of calls is compared with a baseline: the smallest such median of the last half hour to hour,
 * so that what an idle server takes is remembered and what outliers take is not (the windowed minimum of BBR, Cardwell et
 * al. 2016, which builds on TCP Vegas' base round trip, Brakmo and Peterson 1995). Over the bound the level is halved,
 * under it a step is given back: additive increase and multiplicative decrease, by which many workers that know nothing of
 * each other come to share evenly what a server has (Chiu and Jain 1989).
 */
export type GovernorOptions = {
  /** Share by which the latency may grow over its baseline; 0.5 is half as much again. */
  readonly growthMax: number
  /** Growth below this is what a busy worker itself causes, milliseconds. */
  readonly slackMs: number
}

/** The lowest level: warming is slowed, never ended. */
export const LEVEL_MIN = 0.05

/** What is left of the level after a window over the bound. */
export const LEVEL_CUT = 0.5

/** What a window within the bound gives back. */
export const LEVEL_STEP = 0.1

/** A window is judged when it is so old and has so many calls. */
export const WINDOW_MS = 500
export const WINDOW_CALLS_MIN = 8

/** Calls further apart are of two windows; one that has too few is not judged. */
const WINDOW_MS_MAX = 30_000

/** The latest calls of a window are judged. */
const WINDOW_CALLS_MAX = 256

/** Two of these is the memory of the baseline. */
export const BASELINE_MS = 1_800_000

type Window = { startMs: number; calls: number; readonly latencies: number[] }

export class LatencyGovernor {
  readonly #options: GovernorOptions
  #window: Window | null = null
  #epoch = { startMs: 0, minMs: Number.POSITIVE_INFINITY }
  #formerMinMs = Number.POSITIVE_INFINITY
  #level = 1
  #judgedMs: number | null = null

  constructor(options: GovernorOptions) {
    this.#options = options
  }

  /** Share of its room that warming may take now, LEVEL_MIN..1. */
  get level(): number {
    return this.#level
  }

  /** The latency that was held against the baseline last, milliseconds: a window's median; null before the first one. */
  get judgedMs(): number | null {
    return this.#judgedMs
  }

  /** The latency that calls are measured by, milliseconds; null before the first window. */
  get baselineMs(): number | null {
    const minMs = Math.min(this.#epoch.minMs, this.#formerMinMs)
    return Number.isFinite(minMs) ? minMs : null
  }

  /** Notes a call that ended at `nowMs` (never going back); a call that failed as long as it might have taken. */
  observe(latencyMs: number, nowMs: number): void {
    if (this.#window !== null && nowMs - this.#window.startMs > WINDOW_MS_MAX) this.#close(this.#window, nowMs)
    this.#window ??= { startMs: nowMs, calls: 0, latencies: [] }
    this.#window.latencies[this.#window.calls % WINDOW_CALLS_MAX] = latencyMs
    this.#window.calls += 1
    if (nowMs - this.#window.startMs >= WINDOW_MS && isFull(this.#window)) this.#close(this.#window, nowMs)
  }

  #close(window: Window, nowMs: number): void {
    if (isFull(window)) this.#judge(median(window.latencies), nowMs)
    this.#window = null
  }

  #judge(latencyMs: number, nowMs: number): void {
    const { growthMax, slackMs } = this.#options
    const boundMs = (this.baselineMs ?? latencyMs) * (1 + growthMax) + slackMs
    this.#judgedMs = latencyMs
    this.#level =
      latencyMs > boundMs ? Math.max(LEVEL_MIN, this.#level * LEVEL_CUT) : Math.min(1, this.#level + LEVEL_STEP)
    if (nowMs - this.#epoch.startMs >= BASELINE_MS) {
      this.#formerMinMs = this.#epoch.minMs
      this.#epoch = { startMs: nowMs, minMs: Number.POSITIVE_INFINITY }
    }
    this.#epoch.minMs = Math.min(this.#epoch.minMs, latencyMs)
  }
}

const isFull = ({ calls }: Window): boolean => calls >= WINDOW_CALLS_MIN

/** The lower one of the two in the middle of an even number. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0
}
