import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CONTENT_LAYER, layersOf } from '../../src/ports/layer.ts'
import { ByteBudget } from '../../src/warming/byte-budget.ts'
import { reasonToSkip, settledByCommand } from '../../src/warming/decide.ts'
import { orderOfNeed } from '../../src/warming/order.ts'
import { retryDelayMs } from '../../src/warming/retry.ts'
import { RoomCredit } from '../../src/warming/room-credit.ts'
import { aCommand, aFile } from '../support/warm-worker.ts'

const schedule = { attemptsMax: 5, baseMs: 100, capMs: 300 }

test('waits between tries are spread evenly from nothing to a limit that doubles up to its cap', () => {
  const longest = [1, 2, 3, 4].map((attempt) => retryDelayMs(schedule, attempt, 1))
  expect(longest).toEqual([100, 200, 300, 300])
  expect(retryDelayMs(schedule, 2, 0)).toBe(0)
  expect(retryDelayMs(schedule, 2, 0.25)).toBe(50)
})

test('after the last try there is no more wait', () => {
  expect(retryDelayMs(schedule, 5, 0.5)).toBeNull()
  expect(retryDelayMs({ ...schedule, attemptsMax: 1 }, 1, 0.5)).toBeNull()
})

test('files are taken by when they are expected, then by probability, then in the order of the command', () => {
  const files = [
    aFile({ expectedAtMs: 2, probability: 0.9 }),
    aFile({ expectedAtMs: 1, probability: 0.1 }),
    aFile({ expectedAtMs: 1, probability: 0.8 }),
    aFile({ expectedAtMs: 1, probability: 0.1 }),
  ]
  expect(orderOfNeed(files)).toEqual([2, 1, 3, 0])
})

test('room is asked for once for many small values, again when that is used up or a second old, and for all that comes', () => {
  const credit = new RoomCredit()
  const wishes = Array.from({ length: 100 }, () => credit.wish(4_096, 0))
  const asked = wishes.filter((bytes) => bytes > 0)
  expect(wishes[0]).toBeGreaterThanOrEqual(4_096)
  expect(asked).toHaveLength(2)
  expect(asked.reduce((sum, bytes) => sum + bytes)).toBeGreaterThanOrEqual(100 * 4_096)
  expect(credit.wish(4_096, 999)).toBe(0)
  expect(credit.wish(4_096, 1_000)).toBeGreaterThan(0)
  expect(credit.wish(50_000_000, 1_001)).toBeGreaterThanOrEqual(50_000_000)
})

test('a byte budget is never overdrawn, and what is given back can be taken again', () => {
  const step = fc.record({ bytes: fc.nat(50), back: fc.boolean() })
  fc.assert(
    fc.property(fc.nat(200), fc.array(step, { maxLength: 60 }), (bytesMax, steps) => {
      const budget = new ByteBudget(bytesMax)
      let held = 0
      for (const { bytes, back } of steps) {
        const fits = bytes <= bytesMax - held
        expect(budget.take(bytes)).toBe(fits)
        if (fits && back) budget.giveBack(bytes)
        else if (fits) held += bytes
        expect(budget.leftBytes).toBe(bytesMax - held)
      }
    }),
  )
})

test('a pause stops a file at once; deadline, pressure and budget at their very limit and not before', () => {
  const command = aCommand({ deadlineMs: 100, pressureMax: 0.85 })
  const fine = { nowMs: 99, paused: false, pressure: 0.849, leftBytes: 1 }
  expect(reasonToSkip(command, fine)).toBeNull()
  expect(reasonToSkip(command, { ...fine, nowMs: 100 })).toBe('deadline')
  expect(reasonToSkip(command, { ...fine, pressure: 0.85 })).toBe('pressure')
  expect(reasonToSkip(command, { ...fine, leftBytes: 0 })).toBe('limit')
  expect(reasonToSkip(command, { ...fine, paused: true, pressure: 1 })).toBe('paused')
})

test.each(['../a', 'a/../b', '/etc/passwd', 'a//b', 'a/', '.', '', 'a\0b', 'a\\b', '.git/config', 'a/.Git/HEAD'])(
  'no worker looks at the path %j, whatever the codec let through',
  (path) => {
    expect(settledByCommand(aFile({ path }), layersOf([CONTENT_LAYER]))).toMatchObject({ outcome: 'denied' })
  },
)

test('names that merely look like version control or like dots are files like others', () => {
  for (const path of ['.gitignore', '.github/x.yml', 'a.git/b', '...', 'a/..b', '.hidden']) {
    expect(settledByCommand(aFile({ path }), layersOf([CONTENT_LAYER]))).toBeNull()
  }
})
