import { describe, expect, it } from 'vitest'
import { type ObservedSession, strongest } from '../../../src/model/candidates/candidate.ts'
import { recurrenceCandidate, seasonalCandidate } from '../../../src/model/candidates/clock.ts'
import { manualCorrelated, manualNextAccess, manualPeakFiles } from '../../../src/model/candidates/manual.ts'
import { correlationCandidates } from '../../../src/model/candidates/neighbours.ts'
import { profileCandidates } from '../../../src/model/candidates/profile.ts'
import { sequenceCandidates } from '../../../src/model/candidates/sequence.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

const session = (read: readonly string[], over: Partial<ObservedSession> = {}): ObservedSession => ({
  workspace: 'w',
  session: 's',
  analyzer: 'tsc',
  startedAtMs: 0,
  lastAccessMs: 1_000,
  position: read.length,
  paceMs: 10,
  recent: read.map((path, index) => ({ path, timeMs: index * 10 })),
  hasRead: (path) => read.includes(path),
  ...over,
})

const file = (over: object) => ({
  path: 'a',
  frequency: 10,
  lastAccessMs: 0,
  accessTimes: [],
  coAccess: [],
  hoursOfDay: new Map(),
  hoursOfWeek: new Map(),
  ...over,
})

describe('candidates from the models', () => {
  it('correlate by the share of reads that had the neighbour near, without chance pairs and files already read', () => {
    const neighbours = [
      { path: 'b', count: 8 },
      { path: 'chance', count: 1 },
      { path: 'read', count: 9 },
    ]
    const found = correlationCandidates({ frequency: 9, neighbours }, session(['read']))
    expect(found).toEqual([{ path: 'b', probability: 0.8, reason: 'correlation', expectedAtMs: 1_060 }])
  })

  it('take from the profile what the analyzer reads every time', () => {
    const files = [
      { path: 'always', count: 9 },
      { path: 'rarely', count: 1 },
    ]
    const found = profileCandidates({ sessions: 9, files }, session([]))
    expect(found.map(({ path, probability }) => [path, probability])).toEqual([
      ['always', 0.9],
      ['rarely', 0.1],
    ])
  })

  it('follow a past session from the last common read on, with the times of then', () => {
    const past = ['x', 'y', 'z', 'w'].map((path, index) => ({ path, timeMs: index * 100 }))
    const found = sequenceCandidates(past, session(['x', 'y', 'other']))
    expect(found).toEqual([
      { path: 'z', probability: 0.5, reason: 'sequence', expectedAtMs: 1_100 },
      { path: 'w', probability: 0.5, reason: 'sequence', expectedAtMs: 1_200 },
    ])
    expect(sequenceCandidates(past, session(['unknown']))).toEqual([])
  })

  it('keep the strongest evidence of a path', () => {
    const weak = { path: 'a', probability: 0.2, reason: 'profile', expectedAtMs: 1 }
    const strong = { path: 'a', probability: 0.7, reason: 'sequence', expectedAtMs: 9 }
    expect(strongest([weak, strong])).toEqual([strong])
  })

  it('expect a nightly file at its hour and not at others', () => {
    const night = 20 * DAY + 3 * HOUR
    const accessTimes = Array.from({ length: 10 }, (_, n) => night - (10 - n) * DAY)
    const nightly = file({ accessTimes, hoursOfDay: new Map([[3, 10]]) })
    const at = (nowMs: number) => seasonalCandidate(nightly, { nowMs, horizonMs: HOUR })
    expect(at(night)?.probability).toBeGreaterThan(0.6)
    expect(at(night + 5 * HOUR)).toBeNull()
  })

  it('expect a file visited at even intervals one interval after the last visit', () => {
    const accessTimes = [0, 1, 2, 3, 4].map((n) => n * 2 * HOUR)
    const recurrent = file({ accessTimes })
    const nowMs = 9.9 * HOUR
    expect(recurrenceCandidate(recurrent, { nowMs, horizonMs: HOUR })).toMatchObject({
      expectedAtMs: 10 * HOUR,
      probability: 0.8,
    })
    expect(recurrenceCandidate(recurrent, { nowMs: 5 * HOUR, horizonMs: HOUR })).toBeNull()
  })
})

describe("the manual's rules", () => {
  it('take neighbours with count >= 5 and strength > 0.5, the ten strongest', () => {
    const coAccess = Array.from({ length: 15 }, (_, n) => ({ path: `n${n}`, count: n + 1 }))
    const found = manualCorrelated(file({ frequency: 10, coAccess }), 0)
    expect(found.map(({ path }) => path)).toEqual(['n14', 'n13', 'n12', 'n11', 'n10', 'n9', 'n8', 'n7', 'n6', 'n5'])
    expect(manualCorrelated(file({ frequency: 10, coAccess: [{ path: 'n', count: 5 }] }), 0)).toEqual([])
  })

  it('take the twenty files read most at this hour', () => {
    const files = Array.from({ length: 30 }, (_, n) => file({ path: `f${n}`, hoursOfDay: new Map([[7, n]]) }))
    const found = manualPeakFiles(files, 7 * HOUR)
    expect(found).toHaveLength(20)
    expect(found[0]?.path).toBe('f29')
  })

  it('take files whose last access plus mean interval lies within the hour', () => {
    const due = file({ accessTimes: [0, HOUR, 2 * HOUR], lastAccessMs: 2 * HOUR })
    expect(manualNextAccess(due, 2.5 * HOUR)?.expectedAtMs).toBe(3 * HOUR)
    expect(manualNextAccess(due, 3.5 * HOUR)).toBeNull()
    expect(manualNextAccess(due, 1.5 * HOUR)).toBeNull()
  })
})
