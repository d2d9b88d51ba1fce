/** Whether a process gets on with its work. It knows nothing of engines: one that is away makes nobody dead. */

export type HeartbeatState = { readonly alive: boolean; readonly stalledMs: number }

export type HeartbeatGroup = Pick<Heartbeat, 'work'> & {
  /** Says that the group's work went forward. */
  beat(): void
}

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

  /** Pieces of work that go forward together: a beat of the group is one of all its pieces in hand. */
  group(): HeartbeatGroup {
    const beats = new Set<() => void>()
    const inGroup = async <Result>(beat: () => void, run: (beat: () => void) => Promise<Result>): Promise<Result> => {
      beats.add(beat)
      try {
        return await run(beat)
      } finally {
        beats.delete(beat)
      }
    }
    return {
      work: (run) => this.work((beat) => inGroup(beat, run)),
      beat: () => {
        for (const beat of beats) beat()
      },
    }
  }

  state(): HeartbeatState {
    const oldest = Math.min(this.#now(), ...this.#works.values())
    const stalledMs = this.#now() - oldest
    return { alive: stalledMs <= this.#stallMs, stalledMs }
  }
}
