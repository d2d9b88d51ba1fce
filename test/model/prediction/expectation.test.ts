import { expect, test } from 'vitest'
import { expectationOf, stayBucket } from '../../../src/model/prediction/expectation.ts'
import { FileTable } from '../../../src/model/prediction/file-table.ts'
import { advancePointers, seedPointers } from '../../../src/model/prediction/match-pointers.ts'
import { OpenSession, OpenSessions } from '../../../src/model/prediction/open-sessions.ts'
import { SequenceStore } from '../../../src/model/prediction/sequences.ts'

const LINT = 0

/** An analyzer's earlier sessions, and one that is open: what it has read of them so far. */
function moment(earlier: readonly (readonly string[])[], open: readonly string[], sinceMoves = 0) {
  const [files, store, sessions] = [new FileTable(), new SequenceStore(), new OpenSessions()]
  for (const paths of earlier) {
    const id = store.open(LINT, 0)
    paths.forEach((path, at) => {
      store.append(id, files.intern(path), at * 10)
    })
    store.close(id)
  }
  const sequence = store.open(LINT, 1000)
  const session = new OpenSession('now', { sequence, analyzer: LINT, timeMs: 1000, moves: 0 })
  session.movesPerRead = 4
  open.forEach((path, at) => {
    const file = files.intern(path)
    seedPointers(session, { file, expected: advancePointers(session, file) }, store)
    store.append(sequence, file, 1000 + at * 10)
    session.readAt.set(file, at)
  })
  sessions.add(session)
  return (path: string) => expectationOf(files.intern(path), sessions.since(sinceMoves), store)
}

test('a file ahead of where an earlier session stood is due in as many reads, at the pace of the session', () => {
  const expected = moment([['a', 'b', 'c', 'd', 'e']], ['a', 'b'])
  expect(expected('e')).toMatchObject({ sessions: 1, pointers: 1, dueMoves: 3 * 4, readBy: 0 })
  expect(expected('e').quality).toBeGreaterThan(0)
})

test('each earlier session that holds the file ahead speaks for it, the nearest says when', () => {
  const expected = moment(
    [
      ['a', 'x', 'y', 'z', 'e'],
      ['a', 'b', 'e'],
    ],
    ['a', 'b'],
  )
  expect(expected('e')).toMatchObject({ sessions: 1, pointers: 2, dueMoves: 4 })
})

test('what lies behind, and what no session ever read, is expected by nobody', () => {
  const expected = moment([['a', 'b', 'c']], ['a', 'b'])
  expect(expected('a')).toMatchObject({ sessions: 0, pointers: 0, dueMoves: Number.POSITIVE_INFINITY, readBy: 1 })
  expect(expected('new')).toMatchObject({ sessions: 0, pointers: 0, readBy: 0 })
})

test('a session that has read nothing for a stay of the cache speaks for nothing', () => {
  const expected = moment([['a', 'b', 'c']], ['a', 'b'], 1)
  expect(expected('c')).toMatchObject({ sessions: 0, pointers: 0 })
  expect(expected('a').readBy).toBe(0)
})

test('times until a read are told apart by doublings of a sixteenth of a residence', () => {
  expect([0, 10, 20, 40, 160].map((moves) => stayBucket(moves, 160))).toEqual([0, 1, 2, 3, 5])
  expect(stayBucket(Number.POSITIVE_INFINITY, 160)).toBeGreaterThan(stayBucket(1e9, 160))
})
