import { describe, expect, test } from 'vitest'
import type { CandidateSource } from '../../src/flows/predict/source.ts'
import { ClockRounds } from '../../src/flows/replay/rounds.ts'
import { ClockHabits } from '../../src/model/prediction/clock-habits.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const NEVER = Number.POSITIVE_INFINITY
const unplanned: CandidateSource = { observe: async () => [], tick: async () => [] }

describe('rounds of the clock', () => {
  test('of a source without plans come a minute apart after reads, and once more at the hour', async () => {
    const rounds = new ClockRounds(unplanned, MINUTE_MS)
    expect(rounds.nextMs).toBe(NEVER)
    await rounds.wasRead('shop', 10 * MINUTE_MS + 5)
    await rounds.wasRead('desk', 12 * MINUTE_MS)
    await rounds.wasRead('shop', 10 * MINUTE_MS + 9)
    expect(rounds.nextMs).toBe(11 * MINUTE_MS)
    expect(rounds.due(11 * MINUTE_MS)).toEqual(['shop'])
    await rounds.held('shop', 11 * MINUTE_MS)
    expect(rounds.nextMs).toBe(13 * MINUTE_MS)
    await rounds.held('desk', 13 * MINUTE_MS)
    expect(rounds.due(HOUR_MS)).toEqual(['shop', 'desk'])
    for (const workspace of rounds.due(HOUR_MS)) await rounds.held(workspace, HOUR_MS)
    expect(rounds.nextMs).toBe(NEVER)
    await rounds.wasRead('shop', 3 * HOUR_MS)
    expect(rounds.nextMs).toBe(3 * HOUR_MS + MINUTE_MS)
  })

  test('of a source with plans come when it says', async () => {
    const plans = new Map([
      ['shop', 70],
      ['desk', 50],
    ])
    const planned = { ...unplanned, nextTickMs: async (workspace: string) => plans.get(workspace) ?? NEVER }
    const rounds = new ClockRounds(planned, MINUTE_MS)
    for (const workspace of plans.keys()) await rounds.wasRead(workspace, 1)
    expect(rounds.due(rounds.nextMs)).toEqual(['desk'])
    plans.set('desk', 90)
    await rounds.held('desk', 50)
    expect(rounds.nextMs).toBe(70)
  })

  test('wait for a habit that was missed a period later, until it was missed too often', () => {
    const habits = new ClockHabits()
    habits.begin(1, 0)
    const asked: number[] = []
    for (let nextMs = habits.nextMs(); nextMs < 6 * DAY_MS; nextMs = habits.nextMs()) {
      asked.push(nextMs)
      expect(habits.takeDue(nextMs)).toHaveLength(1)
    }
    expect(asked).toEqual([1, 2, 3].map((days) => days * DAY_MS - 2 * MINUTE_MS))
  })
})
