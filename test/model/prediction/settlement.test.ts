import { describe, expect, test } from 'vitest'
import { FEATURES } from '../../../src/model/prediction/features.ts'
import { LIMITS } from '../../../src/model/prediction/limits.ts'
import { HEAD, Scorer } from '../../../src/model/prediction/scorer.ts'
import { Settlement } from '../../../src/model/prediction/settlement.ts'

const RESIDENCE = 100
const FILE = 7

/** One weighed candidate, issued at movement 0; what each head says of it as movements pass. */
function weighed(latencyMoves = 0) {
  const [settlement, scorer] = [new Settlement(), new Scorer()]
  const features = Int32Array.from({ length: FEATURES }, (_, at) => 1_000 + at)
  const when = { moves: 0, residence: RESIDENCE, latencyMoves, scorer }
  settlement.add(FILE, { from: 0, all: features }, when)
  const score = (head: number) => scorer.score(features, 0, { count: FEATURES, head })
  const untaught = score(HEAD.near)
  const verdict = (head: number) => Math.sign(score(head) - untaught)
  return {
    read: (moves: number) => settlement.read(FILE, moves),
    /** By head, whether it was taught by then that the file is read (1), that it is not (-1), or nothing (0). */
    at: (moves: number) => {
      settlement.advance(moves, scorer)
      return { near: verdict(HEAD.near), full: verdict(HEAD.full) }
    },
  }
}

describe('a weighed candidate', () => {
  test('that is read soon teaches each head once its own horizon is over, and not before', () => {
    const candidate = weighed()
    candidate.read(3)
    expect(candidate.at(5)).toEqual({ near: 0, full: 0 })
    expect(candidate.at(6)).toEqual({ near: 1, full: 0 })
    expect(candidate.at(99)).toEqual({ near: 1, full: 0 })
    expect(candidate.at(100)).toEqual({ near: 1, full: 1 })
  })

  test('that is read late teaches the near head that it is not, the other that it is', () => {
    const candidate = weighed()
    expect(candidate.at(6)).toEqual({ near: -1, full: 0 })
    candidate.read(50)
    expect(candidate.at(100)).toEqual({ near: -1, full: 1 })
  })

  test('that nobody reads teaches both', () => {
    const candidate = weighed()
    expect(candidate.at(6)).toEqual({ near: -1, full: 0 })
    expect(candidate.at(100)).toEqual({ near: -1, full: -1 })
  })

  test('has its near horizon from when its warm would be there', () => {
    const candidate = weighed(10)
    expect(candidate.at(12)).toEqual({ near: 0, full: 0 })
    candidate.read(15)
    expect(candidate.at(16)).toEqual({ near: 1, full: 0 })
  })

  test('teaches both at once where a warm takes longer than entries stay', () => {
    expect(weighed(500).at(100)).toEqual({ near: -1, full: -1 })
  })
})

test('more candidates than there is room for teach both heads in time', () => {
  const [settlement, scorer] = [new Settlement(), new Scorer()]
  const features = new Int32Array(FEATURES).fill(5)
  const issue = (moves: number) =>
    settlement.add(FILE, { from: 0, all: features }, { moves, residence: 1e9, latencyMoves: 0, scorer })
  const score = (head: number) => scorer.score(features, 0, { count: FEATURES, head })
  const untaught = score(HEAD.near)
  for (let moves = 0; moves < LIMITS.pendingMax; moves++) issue(moves)
  expect([score(HEAD.near), score(HEAD.full)]).toEqual([untaught, untaught])
  issue(LIMITS.pendingMax)
  expect(score(HEAD.near)).toBeLessThan(untaught)
  expect(score(HEAD.full)).toBeLessThan(untaught)
})
