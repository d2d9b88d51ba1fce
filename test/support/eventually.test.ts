import { expect, it } from 'vitest'
import { eventually } from './eventually.ts'

it('answers with the first value that holds', async () => {
  let reads = 0
  const next = () => ++reads
  expect(await eventually(next, (value) => value === 3, { everyMs: 1 })).toBe(3)
})

it('takes an error for "not yet"', async () => {
  let reads = 0
  const failTwice = () => {
    reads += 1
    if (reads < 3) throw new Error('not there')
    return 'there'
  }
  expect(await eventually(failTwice, () => true, { everyMs: 1 })).toBe('there')
})

it('shows the last value when the time is over', async () => {
  const waiting = eventually(
    () => ({ count: 7 }),
    () => false,
    { what: 'a count of 8', withinMs: 5, everyMs: 1 },
  )
  await expect(waiting).rejects.toThrow('a count of 8 did not come about within 5 ms; the last value was { count: 7 }')
})

it('shows the last error when the time is over', async () => {
  const refuse = () => Promise.reject(new Error('refused'))
  await expect(eventually(refuse, () => true, { withinMs: 5, everyMs: 1 })).rejects.toThrow('Error: refused')
})
