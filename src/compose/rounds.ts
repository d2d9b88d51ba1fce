/** Work of a stage that comes by again and again, beside what it consumes. */
import { ForewarmError } from '../ports/errors.ts'
import type { Parts } from './parts.ts'
import type { Stage } from './stage.ts'

export type Rounds = {
  /** For logs. */
  readonly name: string
  /** Pause before each round, milliseconds. */
  readonly everyMs: number
  readonly round: () => Promise<void>
}

/** A stage with rounds beside it: ends with the first of the two that fails, and stops the rounds first. */
export function withRounds<Running extends Stage>(parts: Parts, stage: Running, rounds: Rounds): Running {
  const running = startRounds(parts, rounds)
  return {
    ...stage,
    failed: Promise.race([stage.failed, running.failed]),
    stop: async () => {
      await running.stop()
      await stage.stop()
    },
  }
}

/** Does something again and again; an engine that is away only costs the round. */
function startRounds({ engines, heartbeat, logger }: Parts, { name, everyMs, round }: Rounds) {
  const stopping = new AbortController()
  const goOn = (cause: unknown) => {
    if (!(cause instanceof ForewarmError && cause.retriable)) throw cause
    logger.warn({ code: cause.code, round: name }, 'a round is left out: an engine is away')
  }
  const rounds = (async () => {
    for (;;) {
      await engines.clock.sleep(everyMs, stopping.signal)
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
      await rounds.catch(() => {})
    },
  }
}
