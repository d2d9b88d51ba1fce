/** Work of a stage that comes by again and again, beside what it consumes. */
import type { Clock } from '../ports/clock.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { Parts } from './parts.ts'
import type { Stage } from './stage.ts'

export type Rounds = {
  /** For logs. */
  readonly name: string
  /** Pause before each round, milliseconds; asked before each where it changes. */
  readonly everyMs: number | (() => number)
  readonly round: () => Promise<void>
}

/** A stage with rounds beside it: ends with the first of them that fails, and stops the rounds first. */
export function withRounds<Running extends Stage>(parts: Parts, stage: Running, ...rounds: readonly Rounds[]): Running {
  const running = rounds.map((each) => startRounds(parts, each))
  return {
    ...stage,
    failed: Promise.race([stage.failed, ...running.map(({ failed }) => failed)]),
    stop: async () => {
      await Promise.all(running.map((each) => each.stop()))
      await stage.stop()
    },
  }
}

/** Pause after a round that was left out, at least, milliseconds: nobody asks an engine that is away more often. */
const AWAY_MS = 1_000

/** A round that is under way at the stop is waited for so long, milliseconds: an engine that is away would hold it up. */
const STOP_MS_MAX = 1_000

/** Does something again and again; an engine that is away only costs the round. */
function startRounds({ engines, heartbeat, logger }: Parts, { name, everyMs, round }: Rounds) {
  const stopping = new AbortController()
  const pauseMs = () => (typeof everyMs === 'number' ? everyMs : everyMs())
  let leastMs = 0
  const goOn = (cause: unknown) => {
    if (!(cause instanceof ForewarmError && cause.retriable)) throw cause
    logger.warn({ code: cause.code, round: name }, 'a round is left out: an engine is away')
    leastMs = AWAY_MS
  }
  const rounds = (async () => {
    for (;;) {
      await engines.clock.sleep(Math.max(leastMs, pauseMs()), stopping.signal)
      leastMs = 0
      await heartbeat.work(round).catch(goOn)
    }
  })()
  const failed: Promise<never> = rounds.catch((cause) => {
    if (stopping.signal.aborted) return new Promise<never>(() => {})
    throw cause
  })
  return {
    failed,
    stop: async () => {
      stopping.abort(new Error('stopping'))
      await within(
        engines.clock,
        STOP_MS_MAX,
        rounds.catch(() => {}),
      )
    },
  }
}

/** Resolves when the work has ended, and after so long at the latest. Rejects as the work does before. */
export async function within(clock: Pick<Clock, 'sleep'>, ms: number, work: Promise<void>): Promise<void> {
  const over = new AbortController()
  try {
    await Promise.race([work, clock.sleep(ms, over.signal)])
  } finally {
    over.abort()
  }
}
