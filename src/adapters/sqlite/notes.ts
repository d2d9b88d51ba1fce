import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { Note, NoteStore } from '../../ports/notes.ts'
import { assertNoteNames, lastWrites } from '../note-rules.ts'
import { transact } from './database.ts'
import { guardSqlite } from './errors.ts'

const CHUNK_NOTES = 500

/** Group and name are bytes: SQLite's own functions on text end at a zero character. */
const TABLE = `
  CREATE TABLE IF NOT EXISTS notes (
    note_group BLOB NOT NULL, name BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (note_group, name)
  );
`

/** Notes in the embedded file. The opener of `database` closes it. */
export function createSqliteNotes(database: DatabaseSync): NoteStore {
  const guard = <Result>(work: () => Result): Result =>
    guardSqlite({ unavailable: 'FW_STORE_UNAVAILABLE', full: 'FW_STORE_FULL' }, work)
  guard(() => database.exec(TABLE))
  const statements = prepare(database)
  return {
    async get(group, names) {
      assertNoteNames(group, names)
      return guard(() => names.map((name) => statements.get.get(blob(group), blob(name))?.['value'])).map((value) =>
        value === undefined ? null : bytesOf(value),
      )
    },
    async put(group, notes) {
      const writes = lastWrites(group, notes)
      guard(() => transact(database, () => putIn(statements, group, writes)))
    },
    async putNew(group, name, value) {
      assertNoteNames(group, [name])
      return guard(() => statements.putNew.run(blob(group), blob(name), value)).changes === 1
    },
    async *scan(group) {
      assertNoteNames(group, [])
      let after: Uint8Array = new Uint8Array()
      for (;;) {
        const from = after
        const found = guard(() => statements.scan.all(blob(group), from, CHUNK_NOTES))
        if (found.length > 0) yield found.map(({ name, value }) => [textOf(name), bytesOf(value)] as const)
        if (found.length < CHUNK_NOTES) return
        after = bytesOf(found.at(-1)?.['name'])
      }
    },
    async drop(group) {
      assertNoteNames(group, [])
      guard(() => statements.drop.run(blob(group)))
    },
  }
}

type Statements = ReturnType<typeof prepare>

const prepare = (database: DatabaseSync) => ({
  get: database.prepare('SELECT value FROM notes WHERE note_group = ? AND name = ?'),
  put: database.prepare('INSERT INTO notes VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value'),
  putNew: database.prepare('INSERT OR IGNORE INTO notes VALUES (?, ?, ?)'),
  delete: database.prepare('DELETE FROM notes WHERE note_group = ? AND name = ?'),
  scan: database.prepare('SELECT name, value FROM notes WHERE note_group = ? AND name > ? ORDER BY name LIMIT ?'),
  drop: database.prepare('DELETE FROM notes WHERE note_group = ?'),
})

function putIn(statements: Statements, group: string, notes: readonly Note[]): void {
  for (const { name, value } of notes) {
    if (value === null) statements.delete.run(blob(group), blob(name))
    else statements.put.run(blob(group), blob(name), value)
  }
}

const blob = (text: string): Buffer => Buffer.from(text)

function bytesOf(value: SQLOutputValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw new TypeError('a column of the notes is no blob: the database file is not one of forewarm')
}

const textOf = (value: SQLOutputValue | undefined): string => new TextDecoder().decode(bytesOf(value))
