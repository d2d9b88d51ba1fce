/** Whether a process gets on with its work. It knows nothing of engines: one that is away makes nobody dead. */

export type HeartbeatState = { readonly alive: boolean; readonly stalledMs: number }

/**
 * Work in hand and when it last went forward. A process without work is alive; one whose work has not gone forward for
 * `stallMs` is not. Times are monotonic milliseconds.
 */
export class Heartbeat {
  readonly #stallMs: number
  readonly #now: () => number
  readonly #works = new Map<symbol, number>()

  constructor(stallMs: number, now: () => number) {
    this.#stallMs = stallMs
    this.#now = now
  }

  /** Runs a piece of work; `beat` says that it went forward. */
  async work<Result>(run: (beat: () => void) => Promise<Result>): Promise<Result> {
    const id = Symbol('work')
    const beat = () => {
      this.#works.set(id, this.#now())
    }
    beat()
    try {
      return await run(beat)
    } finally {
      this.#works.delete(id)
    }
  }

  state(): HeartbeatState {
    const oldest = Math.min(this.#now(), ...this.#works.values())
    const stalledMs = this.#now() - oldest
    return { alive: stalledMs <= this.#stallMs, stalledMs }
  }
}
