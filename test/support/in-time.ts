import { setImmediate as idle } from 'node:timers/promises'
import type { ManualClock } from '../../src/adapters/memory/clock.ts'

/** Lets a millisecond pass whenever nothing can go on without it: how busy the machine is does not count. */
export async function inTime<Result>(clock: ManualClock, work: Promise<Result>): Promise<Result> {
  let isGoingOn = true
  const ended = work.finally(() => {
    isGoingOn = false
  })
  while (isGoingOn) {
    await idle()
    clock.advance(1)
  }
  return ended
}
