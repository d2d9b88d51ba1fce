import { describe, expect, it } from 'vitest'
import type { AccessEvent } from '../../../src/model/access.ts'
import { OpenSessions } from '../../../src/model/candidates/open-sessions.ts'

const limits = { sessionsMax: 3, filesPerSessionMax: 100, filesMax: 50, idleMs: 1_000 }

const event = (session: string, times: readonly number[], over: Partial<AccessEvent> = {}): AccessEvent => ({
  workspace: 'w',
  session,
  analyzer: 'tsc',
  revision: null,
  publisher: 'p',
  sequence: 0,
  sessionEnded: false,
  forget: false,
  changes: [],
  accesses: times.map((timeMs) => ({
    path: `f${timeMs}`,
    timeMs,
    layer: 'content',
    version: null,
    outcome: 'unknown' as const,
    warmedBy: null,
  })),
  ...over,
})

describe('the open sessions of a predictor', () => {
  it('show what a session has read, its position and its pace', () => {
    const sessions = new OpenSessions(limits)
    sessions.observe(event('s', [0, 10]), 0)
    const view = sessions.observe(event('s', [20, 30]), 1)
    expect(view).toMatchObject({ position: 4, paceMs: 10, lastAccessMs: 30, analyzer: 'tsc' })
    expect(view?.hasRead('f10')).toBe(true)
    expect(view?.hasRead('f11')).toBe(false)
    expect(view?.recent.map(({ path }) => path)).toEqual(['f0', 'f10', 'f20', 'f30'])
  })

  it('give a session a pace from its first read on, so that what follows is not due at once', () => {
    const sessions = new OpenSessions(limits)
    expect(sessions.observe(event('s', [0]), 0)?.paceMs).toBeGreaterThan(0)
  })

  it('tell a successor to begin at the first record of the oldest session that is still open', () => {
    const sessions = new OpenSessions(limits)
    sessions.observe(event('a', [0]), 5)
    sessions.observe(event('b', [1]), 6)
    expect(sessions.resumeOffset(7)).toBe(5)
    sessions.observe(event('a', [2], { sessionEnded: true }), 7)
    expect(sessions.resumeOffset(8)).toBe(6)
    sessions.observe(event('b', [3], { sessionEnded: true }), 8)
    expect(sessions.resumeOffset(9)).toBe(9)
  })

  it('leave though their clock is far ahead, which hides no idle one behind them', () => {
    const sessions = new OpenSessions(limits)
    sessions.observe(event('ahead', [4_000_000_000]), 5, 0)
    sessions.observe(event('idle', [10]), 6, 10)
    sessions.observe(event('late', [5_000]), 7, 900)
    expect(sessions.all().map(({ session }) => session)).toEqual(['ahead', 'late'])
    sessions.observe(event('late', [5_100]), 8, 1_001)
    expect(sessions.all().map(({ session }) => session)).toEqual(['late'])
    expect(sessions.resumeOffset(9)).toBe(7)
  })

  it('remember so many files together, and forget the sessions least recently heard of first', () => {
    const sessions = new OpenSessions(limits)
    const files = (from: number, count: number) => Array.from({ length: count }, (_, at) => from + at)
    sessions.observe(event('a', files(0, 30)), 0)
    sessions.observe(event('b', files(30, 20)), 1)
    expect(sessions.size).toBe(2)
    sessions.observe(event('b', files(50, 1)), 2)
    expect(sessions.all().map(({ session }) => session)).toEqual(['b'])
    sessions.observe(event('c', files(60, 80)), 3)
    expect(sessions.all().map(({ session }) => session)).toEqual(['c'])
    sessions.observe(event('c', [], { sessionEnded: true }), 4)
    sessions.observe(event('d', files(200, 30)), 5)
    sessions.observe(event('e', files(230, 20)), 6)
    expect(sessions.size).toBe(2)
  })

  it('stay bounded: idle sessions and the least recently heard of leave', () => {
    const sessions = new OpenSessions(limits)
    for (let n = 0; n < 10; n += 1) sessions.observe(event(`s${n}`, [n]), n)
    expect(sessions.size).toBe(3)
    sessions.observe(event('late', [5_000]), 10)
    expect(sessions.size).toBe(1)
  })
})
