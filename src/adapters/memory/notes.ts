import type { NoteStore } from '../../ports/notes.ts'
import { assertNoteNames, lastWrites } from '../note-rules.ts'

const CHUNK_NOTES = 500

/** Notes in this process's memory. Values are copied in and out. */
export function createMemoryNotes(): NoteStore {
  const groups = new Map<string, Map<string, Uint8Array>>()
  const groupToWrite = (group: string): Map<string, Uint8Array> => {
    const found = groups.get(group) ?? new Map<string, Uint8Array>()
    groups.set(group, found)
    return found
  }
  return {
    async get(group, names) {
      assertNoteNames(group, names)
      return names.map((name) => groups.get(group)?.get(name)?.slice() ?? null)
    },
    async put(group, notes) {
      for (const { name, value } of lastWrites(group, notes)) {
        if (value === null) groups.get(group)?.delete(name)
        else groupToWrite(group).set(name, value.slice())
      }
    },
    async putNew(group, name, value) {
      assertNoteNames(group, [name])
      const found = groupToWrite(group)
      if (found.has(name)) return false
      found.set(name, value.slice())
      return true
    },
    async *scan(group) {
      assertNoteNames(group, [])
      const all = [...(groups.get(group) ?? [])]
      for (let at = 0; at < all.length; at += CHUNK_NOTES) {
        yield all.slice(at, at + CHUNK_NOTES).map(([name, value]) => [name, value.slice()] as const)
      }
    },
    async drop(group) {
      assertNoteNames(group, [])
      groups.delete(group)
    },
  }
}
