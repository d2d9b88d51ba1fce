/**
 * A layer of a fleet's own: the notes (TODO, FIXME) of a source file as JSON, so that a dashboard of open notes reads
 * them from the cache instead of every file. Named in `warm.plugins`, workers warm it; readers ask for `todo-notes`.
 */
import { TextDecoder, TextEncoder } from 'node:util'

type Note = { readonly line: number; readonly word: string; readonly text: string }

const NOTE = /\b(TODO|FIXME)\b:?\s*(.*)$/

function notesOf(source: string): readonly Note[] {
  return source.split('\n').flatMap((text, at) => {
    const [, word, note = ''] = NOTE.exec(text) ?? []
    return word === undefined ? [] : [{ line: at + 1, word, text: note.trim() }]
  })
}

export const layers = [
  {
    name: 'todo-notes',
    // Raise it with every change of what produce gives: readers then never meet a value of the old shape.
    version: '1',
    handles: (path: string): boolean => /\.(ts|js|py|go)$/.test(path),
    produce({ bytes }: { readonly bytes: Uint8Array }): Uint8Array {
      return new TextEncoder().encode(JSON.stringify(notesOf(new TextDecoder().decode(bytes))))
    },
  },
]
