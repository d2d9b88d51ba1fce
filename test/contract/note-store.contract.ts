import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ModelStore } from '../../src/ports/model-store.ts'
import { NOTES_PER_CALL_MAX, type Note, type NoteStore } from '../../src/ports/notes.ts'
import type { ModelStoreSubject } from './model-store.contract.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const plain = (values: readonly (Uint8Array | null)[]): (string | null)[] =>
  values.map((value) => (value === null ? null : Buffer.from(value).toString()))
const note = (name: string, text: string | null): Note => ({ name, value: text === null ? null : bytes(text) })

async function allNotes(notes: NoteStore, group: string): Promise<Map<string, string>> {
  const all = new Map<string, string>()
  for await (const chunk of notes.scan(group)) {
    for (const [name, value] of chunk) all.set(name, Buffer.from(value).toString())
  }
  return all
}

/** Text that a careless engine would take for something else. */
const HOSTILE = ['\0', 'a\0b', 'naïve 文件 🗂', '{m1.2}', 'a}b{c', '*', '[a-z]?', '__proto__', 'line\r\nline', "'; --"]

/** The promises of the NoteStore port. Tests share a store, so each takes groups of its own. */
export function describeNoteStore(name: string, start: () => Promise<ModelStoreSubject>): void {
  describe(`note store: ${name}`, () => {
    let subject: ModelStoreSubject
    let store: ModelStore
    let notes: NoteStore
    beforeAll(async () => {
      subject = await start()
      store = await subject.open()
      notes = store.notes
    })
    afterAll(async () => {
      await store?.close()
      await subject?.stop()
    })

    test('a group that nobody wrote has no notes, and dropping it is no fault', async () => {
      const group = randomUUID()
      expect(await notes.get(group, ['a', 'b'])).toEqual([null, null])
      expect(await notes.get(group, [])).toEqual([])
      expect((await allNotes(notes, group)).size).toBe(0)
      await notes.drop(group)
      await notes.put(group, [])
      await notes.put(group, [note('never was', null)])
      expect((await allNotes(notes, group)).size).toBe(0)
    })

    test('notes come back in the order asked, for another client too; the last writer wins', async () => {
      const group = randomUUID()
      const other = await subject.open()
      await notes.put(group, [note('a', '1'), note('b', '2'), note('gone', 'soon'), note('empty', '')])
      await other.notes.put(group, [note('b', '3'), note('gone', null), note('c', '4')])
      expect(plain(await notes.get(group, ['c', 'none', 'a', 'gone', 'b', 'a', 'empty']))).toEqual([
        '4',
        null,
        '1',
        null,
        '3',
        '1',
        '',
      ])
      expect(await allNotes(other.notes, group)).toEqual(new Map(Object.entries({ a: '1', b: '3', c: '4', empty: '' })))
      await other.close()
    })

    test('of a name that one call writes twice the last write holds', async () => {
      const group = randomUUID()
      await notes.put(group, [note('a', null), note('a', '1'), note('b', '1'), note('b', null), note('c', '1')])
      expect(await allNotes(notes, group)).toEqual(new Map(Object.entries({ a: '1', c: '1' })))
    })

    test('of many who write a new note exactly one does', async () => {
      const group = randomUUID()
      const other = await subject.open()
      const tries = Array.from({ length: 20 }, (_, at) =>
        (at % 2 === 0 ? notes : other.notes).putNew(group, 'run', bytes(`${at}`)),
      )
      const written = await Promise.all(tries)
      expect(written.filter(Boolean)).toHaveLength(1)
      expect(plain(await notes.get(group, ['run']))).toEqual([`${written.indexOf(true)}`])
      expect(await notes.putNew(group, 'another', bytes('1'))).toBe(true)
      await notes.put(group, [note('run', null)])
      expect(await other.notes.putNew(group, 'run', bytes('again'))).toBe(true)
      await other.close()
    })

    test('groups, names and values of any content come back as they were, and no group meets another', async () => {
      const own = randomUUID()
      const everyByte = Uint8Array.from({ length: 256 }, (_, at) => at)
      const groups = HOSTILE.map((text) => text + own)
      const written = HOSTILE.map((text, at): Note => ({ name: text, value: Uint8Array.from([at, ...everyByte]) }))
      for (const [at, group] of groups.entries()) await notes.put(group, [...written, note('of', `${at}`)])
      for (const [at, group] of groups.entries()) {
        const found = await notes.get(group, HOSTILE)
        for (const [place, { value }] of written.entries()) {
          expect(Buffer.from(found[place] ?? []).equals(value ?? Buffer.from('no'))).toBe(true)
        }
        const all = await allNotes(notes, group)
        expect([...all.keys()].sort()).toEqual([...HOSTILE, 'of'].sort())
        expect(all.get('of')).toBe(`${at}`)
      }
      await notes.drop(groups[0] ?? '')
      const sizes = await Promise.all(groups.map(async (group) => (await allNotes(notes, group)).size))
      expect(sizes).toEqual(groups.map((_, at) => (at === 0 ? 0 : HOSTILE.length + 1)))
    })

    test('names of 1,024 bytes in groups of 2,048 are taken; longer ones, empty ones and broken text are refused with nothing written', async () => {
      const group = `${randomUUID()}é`.padEnd(2_047, 'g')
      const longest = 'n'.repeat(1_024)
      await notes.put(group, [note(longest, '1')])
      expect(plain(await notes.get(group, [longest]))).toEqual(['1'])
      for (const bad of ['', `${longest}n`, 'é'.repeat(513), '\ud800']) {
        await expect(notes.put(group, [note('fine', '2'), note(bad, '2')])).rejects.toThrow(RangeError)
        await expect(notes.get(group, [bad])).rejects.toThrow(RangeError)
        await expect(notes.putNew(group, bad, bytes('2'))).rejects.toThrow(RangeError)
      }
      for (const bad of ['', `${group}g`, '\ud800']) {
        await expect(notes.put(bad, [note('fine', '2')])).rejects.toThrow(RangeError)
        await expect(notes.drop(bad)).rejects.toThrow(RangeError)
        await expect(allNotes(notes, bad)).rejects.toThrow(RangeError)
      }
      expect([...(await allNotes(notes, group)).keys()]).toEqual([longest])
    })

    test('as many notes as a call may have are written by one, one more is refused', async () => {
      const group = randomUUID()
      const all = Array.from({ length: NOTES_PER_CALL_MAX + 1 }, (_, at) => note(`${at}`, `v${at}`))
      await expect(notes.put(group, all)).rejects.toThrow('501 notes')
      const names = all.map((each) => each.name)
      await expect(notes.get(group, names)).rejects.toThrow('501 notes')
      expect((await allNotes(notes, group)).size).toBe(0)
      await notes.put(group, all.slice(1))
      expect(plain(await notes.get(group, names.slice(1)))).toEqual(names.slice(1).map((each) => `v${each}`))
    })

    test('a scan gives every note of a large group, and dropping removes them all', async () => {
      const group = randomUUID()
      for (let part = 0; part < 8; part += 1) {
        await notes.put(
          group,
          Array.from({ length: 500 }, (_, at) => note(`src/file-${part * 500 + at}.ts`, `${part * 500 + at}`)),
        )
      }
      const all = await allNotes(notes, group)
      expect(all.size).toBe(4_000)
      expect(all.get('src/file-3999.ts')).toBe('3999')
      await notes.drop(group)
      expect((await allNotes(notes, group)).size).toBe(0)
    })

    test('what a caller does to a value afterwards does not reach the store', async () => {
      const group = randomUUID()
      const [put, fresh] = [bytes('before'), bytes('before')]
      await notes.put(group, [{ name: 'put', value: put }])
      await notes.putNew(group, 'new', fresh)
      put.fill(0)
      fresh.fill(0)
      expect(plain(await notes.get(group, ['put', 'new']))).toEqual(['before', 'before'])
    })

    test('dropping a bucket of the models leaves all notes', async () => {
      const groups = Array.from({ length: 20 }, () => randomUUID())
      for (const group of groups) await notes.put(group, [note('kept', '1')])
      for (let bucket = 0; bucket < 1_024; bucket += 97) await store.dropBucket(bucket)
      for (const group of groups) expect(plain(await notes.get(group, ['kept']))).toEqual(['1'])
    })
  })
}
