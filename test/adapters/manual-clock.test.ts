import { expect, test } from 'vitest'
import { createManualClock } from '../../src/adapters/memory/clock.ts'

test('a manual clock wakes sleepers in the order of their times, and only those whose time has come', async () => {
  const clock = createManualClock(1_000)
  const woken: string[] = []
  const late = clock.sleep(50).then(() => woken.push('late'))
  const early = clock.sleep(20).then(() => woken.push('early'))
  const never = clock.sleep(51).then(() => woken.push('never'))
  clock.advance(50)
  await Promise.all([late, early])
  expect(woken).toEqual(['early', 'late'])
  expect(clock.now()).toBe(1_050)
  expect(clock.monotonicMs()).toBe(50)
  expect(clock.sleepers()).toBe(1)
  clock.advance(1)
  await never
})

test('an aborted sleep rejects with the reason of its signal and sleeps no longer', async () => {
  const clock = createManualClock(0)
  const controller = new AbortController()
  const asleep = clock.sleep(10, controller.signal)
  controller.abort(new Error('the partition is gone'))
  await expect(asleep).rejects.toThrow('the partition is gone')
  expect(clock.sleepers()).toBe(0)
})

test('setting the wall clock back leaves monotonic time alone', () => {
  const clock = createManualClock(10_000)
  clock.advance(5)
  clock.setWallTime(2_000)
  clock.advance(1)
  expect([clock.now(), clock.monotonicMs()]).toEqual([2_001, 6])
})
