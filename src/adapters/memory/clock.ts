import type { Clock } from '../../ports/clock.ts'

/** A clock that stands still until it is told to go on: for tests and replays. */
export type ManualClock = Clock & {
  /** Moves both clocks on by `ms` and wakes the sleepers whose time has come, in the order of their wake-up times. */
  advance(ms: number): void
  /** Moves wall-clock time only, also back, as an operator or NTP does. */
  setWallTime(timeMs: number): void
  /** How many sleep now; tests await this before they advance. */
  sleepers(): number
}

type Sleeper = { readonly wakeMs: number; readonly wake: () => void }

/** Starts at `startMs` of wall-clock time and at 0 of monotonic time. */
export function createManualClock(startMs: number): ManualClock {
  let wallOffsetMs = startMs
  let elapsedMs = 0
  const sleepers = new Set<Sleeper>()

  const wakeDue = (): void => {
    const due = [...sleepers].filter((sleeper) => sleeper.wakeMs <= elapsedMs)
    for (const sleeper of due.sort((one, other) => one.wakeMs - other.wakeMs)) {
      sleepers.delete(sleeper)
      sleeper.wake()
    }
  }
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason)
      const abort = (): void => {
        sleepers.delete(sleeper)
        reject(signal?.reason)
      }
      const wake = (): void => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }
      const sleeper = { wakeMs: elapsedMs + ms, wake }
      sleepers.add(sleeper)
      signal?.addEventListener('abort', abort, { once: true })
      wakeDue()
    })

  return {
    now: () => wallOffsetMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    sleep,
    advance: (ms) => {
      elapsedMs += ms
      wakeDue()
    },
    setWallTime: (timeMs) => {
      wallOffsetMs = timeMs - elapsedMs
    },
    sleepers: () => sleepers.size,
  }
}
