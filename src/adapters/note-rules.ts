import { NOTES_PER_CALL_MAX, type Note } from '../ports/notes.ts'

const NAME_BYTES_MAX = 1_024

/**
 * Refuses names that no note store takes. A fault of the caller, never of the data, so it is a plain error that ends the
 * process.
 */
export function assertNoteNames(group: string, names: readonly string[]): void {
  if (names.length > NOTES_PER_CALL_MAX) {
    throw new RangeError(`${names.length} notes in one call, at most ${NOTES_PER_CALL_MAX} are allowed`)
  }
  for (const text of [group, ...names]) {
    if (!text.isWellFormed()) throw new RangeError('the name of a note holds half of a surrogate pair')
    const bytes = new TextEncoder().encode(text).length
    if (bytes === 0 || bytes > NAME_BYTES_MAX) {
      throw new RangeError(`the name of a note has ${bytes} bytes; 1 to ${NAME_BYTES_MAX} are allowed`)
    }
  }
}

/** The last write of each name, which is what remains when notes are written one after the other. */
export function lastWrites(group: string, notes: readonly Note[]): readonly Note[] {
  const names = notes.map((note) => note.name)
  assertNoteNames(group, names)
  return [...new Map(notes.map((note) => [note.name, note])).values()]
}
