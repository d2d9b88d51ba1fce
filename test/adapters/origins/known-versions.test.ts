import { expect, test } from 'vitest'
import { createMemoryNotes } from '../../../src/adapters/memory/notes.ts'
import { type FileState, KnownVersions } from '../../../src/adapters/origins/known-versions.ts'
import type { NoteStore } from '../../../src/ports/notes.ts'
import { awayError } from '../../support/away-error.ts'

const LONG_AGO = Date.now() - 1_000_000
const state = (ino: number, ctimeMs = LONG_AGO): FileState => ({ ino, size: 5, mtimeMs: LONG_AGO, ctimeMs })

/** Processes that come one after the other, with these notes. */
const processOn = (notes: NoteStore) => new KnownVersions({ store: () => notes, group: 'versions' })

test('the next process knows the version of a file in the same state, of another state or path it knows nothing', async () => {
  const notes = createMemoryNotes()
  const first = processOn(notes)
  first.keep('a.ts', state(1), 'v1')
  await first.close()
  const next = processOn(notes)
  expect(await next.get('a.ts', state(1))).toBe('v1')
  expect(await next.get('b.ts', state(1))).toBeNull()
  for (const other of [state(2), state(1, LONG_AGO + 0.001), { ...state(1), size: 6 }, { ...state(1), mtimeMs: 7 }])
    expect(await next.get('a.ts', other)).toBeNull()
})

test('a file that has changed a moment ago is not trusted, in memory as little as in notes', async () => {
  const notes = createMemoryNotes()
  const first = processOn(notes)
  const young = state(1, Date.now() - 1_000)
  first.keep('a.ts', young, 'v1')
  expect(await first.get('a.ts', young)).toBeNull()
  await first.close()
  expect(await processOn(notes).get('a.ts', young)).toBeNull()
})

test('machines that share the notes have states of their own of one path; the latest four are kept', async () => {
  const notes = createMemoryNotes()
  for (let machine = 1; machine <= 6; machine += 1) {
    const one = processOn(notes)
    one.keep('a.ts', state(machine), `v${machine}`)
    await one.close()
  }
  const known = processOn(notes)
  const versions = await Promise.all([1, 2, 3, 4, 5, 6].map((machine) => known.get('a.ts', state(machine))))
  expect(versions).toEqual([null, null, 'v3', 'v4', 'v5', 'v6'])
})

test('notes are bounded: beyond 50,000 files they are begun anew', async () => {
  const notes = createMemoryNotes()
  const many = processOn(notes)
  for (let at = 0; at < 50_400; at += 1) many.keep(`${at}.ts`, state(at), 'v')
  await many.close()
  let count = 0
  for await (const chunk of notes.scan('versions')) count += chunk.length
  expect(count).toBeLessThan(1_000)
  expect(await processOn(notes).get('50399.ts', state(50_399))).toBe('v')
})

test('a store that is away or holds what nobody can read costs time and nothing else', async () => {
  const notes = createMemoryNotes()
  await notes.put('versions', [{ name: 'a.ts', value: Buffer.from('[["') }])
  expect(await processOn(notes).get('a.ts', state(1))).toBeNull()
  const away = async () => {
    throw awayError('FW_STORE_UNAVAILABLE')
  }
  const broken: NoteStore = {
    ...notes,
    get: away,
    put: away,
    async *scan() {
      await away()
      yield []
    },
  }
  const known = processOn(broken)
  expect(await known.get('a.ts', state(1))).toBeNull()
  known.keep('a.ts', state(1), 'v1')
  expect(await known.get('a.ts', state(1))).toBe('v1')
  await known.close()
})
