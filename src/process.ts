/**
 * The frame of a process: signals, the last resort for unknown errors, and exit codes. It knows nothing of what runs
 * inside; src/compose/ builds that.
 *
 * Life: start → run → stop. A first SIGTERM or SIGINT (or the end of what runs inside) begins the stop: no more is
 * fetched, what is in hand ends at a record boundary, offsets are committed, groups left, telemetry flushed. A second
 * signal ends the process at once. What is dropped then is folded or warmed again by the next owner: that is safe.
 *
 * An error that ends it, and a stop that takes too long, commit nothing more, but leave the groups: others would wait for
 * it until its session has timed out.
 */
import { ERROR_MENDS } from './ports/error-mends.ts'
import { ForewarmError } from './ports/errors.ts'
import type { Log } from './ports/telemetry.ts'

export const EXIT_CODES = {
  /** Ended as it should, or stopped in order after a signal. */
  done: 0,
  /** An error: nothing of what was in hand has been committed. */
  failed: 1,
  /** Wrong arguments or settings: starting again without mending them is of no use. */
  usage: 2,
  /** Stopping took longer than the deadline; what was in hand has been dropped. */
  stopDeadline: 3,
} as const

/** After this a stop in order is given up. */
const STOP_DEADLINE_MS = 8_000

/**
 * How long it may take to leave the groups of a process that an error ends, and of one whose stop was given up: that one
 * is to be over within Kubernetes' usual 30 s and the 10 s that Docker gives.
 */
const [ABANDON_MS_MAX, LATE_ABANDON_MS_MAX] = [3_000, 1_000]

/** What runs inside a process. */
export type Running = {
  /** Settles when it ends by itself; rejects when it cannot go on. */
  readonly ended: Promise<void>
  /** Stops in order; called at most once. */
  stop(): Promise<void>
  /**
   * Leaves groups and commits nothing: called in the place of `stop` after an error, when `stop` rejects, or while it
   * hangs.
   */
  abandon(): Promise<void>
}

export type ProcessOptions = {
  readonly log: Log
  /** Builds and starts what runs inside. `signal` is aborted when the process is to stop before the start is through. */
  readonly start: (signal: AbortSignal) => Promise<Running>
  readonly stopDeadlineMs?: number
}

/** Runs a process to its end and returns its exit code; the caller exits. */
export async function runProcess({ log, start, stopDeadlineMs = STOP_DEADLINE_MS }: ProcessOptions): Promise<number> {
  const stopping = new AbortController()
  const deadline = deadlineAfter(stopping.signal, stopDeadlineMs)
  const releaseSignals = listenToSignals(log, stopping)
  const crash = unknownErrors()
  const inTime = <Result>(work: Promise<Result>) => Promise.race([work, deadline.passed, crash.happened])
  let started: Running | null = null
  try {
    const running = await inTime(start(stopping.signal))
    if (running !== 'late') {
      started = running
      await Promise.race([running.ended, aborted(stopping.signal), crash.happened])
      if (!stopping.signal.aborted) stopping.abort(new Error('ended'))
      if ((await inTime(running.stop())) !== 'late') return EXIT_CODES.done
    }
    log.error({ stopDeadlineMs }, 'stopping took too long: what was in hand is dropped and will be done again')
    if (started !== null) await abandoned(started, LATE_ABANDON_MS_MAX)
    return EXIT_CODES.stopDeadline
  } catch (cause) {
    if (cause === stopping.signal.reason) return EXIT_CODES.done
    const code = failure(log, cause)
    if (started !== null) await abandoned(started, ABANDON_MS_MAX)
    return code
  } finally {
    releaseSignals()
    crash.release()
    deadline.release()
  }
}

/** Whether it succeeds says nothing more: the brokers may be why the process ends, and they notice by themselves. */
async function abandoned(running: Running, withinMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, withinMs)
  })
  await Promise.race([running.abandon().catch(() => {}), late])
  clearTimeout(timer)
}

function failure(log: Log, cause: unknown): number {
  if (!(cause instanceof ForewarmError)) {
    log.error({}, 'unknown error: the process ends, nothing of what was in hand is committed', cause)
    return EXIT_CODES.failed
  }
  const { code, retriable, message } = cause
  log.error({ code, retriable, mend: ERROR_MENDS[code] }, message, cause.cause)
  return code === 'FW_CONFIG_INVALID' ? EXIT_CODES.usage : EXIT_CODES.failed
}

function listenToSignals(log: Log, stopping: AbortController): () => void {
  const onSignal = (name: NodeJS.Signals) => {
    if (stopping.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143)
    log.info({ signal: name }, 'signal: stopping; a second one ends the process at once')
    stopping.abort(new Error(name))
  }
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  return () => {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal)
  }
}

/** Errors that nobody awaited: the process is in an unknown state, so it ends. */
function unknownErrors(): { readonly happened: Promise<never>; release(): void } {
  let onError: (cause: unknown) => void = () => {}
  const happened = new Promise<never>((_, reject) => {
    onError = reject
  })
  happened.catch(() => {})
  process.on('uncaughtException', onError).on('unhandledRejection', onError)
  return {
    happened,
    release: () => {
      process.off('uncaughtException', onError).off('unhandledRejection', onError)
    },
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })

/** `passed` resolves some time after the signal is aborted. */
function deadlineAfter(signal: AbortSignal, afterMs: number): { readonly passed: Promise<'late'>; release(): void } {
  let timer: NodeJS.Timeout | undefined
  const passed = new Promise<'late'>((resolve) => {
    signal.addEventListener('abort', () => {
      timer = setTimeout(() => resolve('late'), afterMs)
    })
  })
  return { passed, release: () => clearTimeout(timer) }
}
