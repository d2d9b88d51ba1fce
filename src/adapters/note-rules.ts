import { NOTES_PER_CALL_MAX, type Note } from '../ports/notes.ts'

const NAME_BYTES_MAX = 1_024
const GROUP_BYTES_MAX = 2_048

/**
 * Refuses names that no note store takes. A fault of the caller, never of the data, so it is a plain error that ends the
 * process.
 */
export function assertNoteNames(group: string, names: readonly string[]): void {
  if (names.length > NOTES_PER_CALL_MAX) {
    throw new RangeError(`${names.length} notes in one call, at most ${NOTES_PER_CALL_MAX} are allowed`)
  }
  assertBytes(group, GROUP_BYTES_MAX)
  for (const name of names) assertBytes(name, NAME_BYTES_MAX)
}

function assertBytes(text: string, bytesMax: number): void {
  if (!text.isWellFormed()) throw new RangeError('the name of a note holds half of a surrogate pair')
  const bytes = new TextEncoder().encode(text).length
  if (bytes === 0 || bytes > bytesMax) {
    throw new RangeError(`the name of a note or group has ${bytes} bytes; 1 to ${bytesMax} are allowed`)
  }
}

/** The last write of each name, which is what remains when notes are written one after the other. */
export function lastWrites(group: string, notes: readonly Note[]): readonly Note[] {
  const names = notes.map((note) => note.name)
  assertNoteNames(group, names)
  return [...new Map(notes.map((note) => [note.name, note])).values()]
}
