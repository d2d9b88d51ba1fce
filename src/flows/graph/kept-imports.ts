/** Parsed imports as they are kept beside the model: one note a file, in the group `imports/<workspace>`. */
import type { ImportKind, ParsedImport } from '../../dependencies/parsed-file.ts'
import { NOTES_PER_CALL_MAX, type Note, type NoteStore } from '../../ports/notes.ts'

/** What is known of one file. A function of its bytes and of the parser: whoever writes it last writes the same. */
export type KeptImports = {
  /** Content version; null of a file too large to be read. */
  readonly version: string | null
  /** What the listing told of the file when it was read; see OriginEntry. */
  readonly signature: string | null
  /** Language and version of its parser. */
  readonly parser: string
  readonly imports: readonly ParsedImport[]
  readonly state: 'parsed' | 'faulty' | 'tooLarge'
  /** No import leads to it; see ParsedFile. */
  readonly leftOut: boolean
}

export const importsGroup = (workspace: string): string => `imports/${workspace}`

const STATES = ['parsed', 'faulty', 'tooLarge'] as const
const KINDS: readonly ImportKind[] = ['static', 'dynamic', 'conditional', 'type']

/** Written short, since a workspace has a note for each of its files. */
function encodeKept({ version, signature, parser, imports, state, leftOut }: KeptImports): Uint8Array {
  const rows = imports.map(({ specifier, kind, level, names }) => [specifier, KINDS.indexOf(kind), level, ...names])
  return new TextEncoder().encode(JSON.stringify([version, signature, parser, STATES.indexOf(state), rows, leftOut]))
}

/** Null for what another version of forewarm has written: the file is parsed again. */
export function decodeKept(bytes: Uint8Array): KeptImports | null {
  try {
    const [version, signature, parser, state, rows, leftOut] = JSON.parse(new TextDecoder().decode(bytes))
    const imports = rows.map(([specifier, kind, level, ...names]: [string, number, number, ...string[]]) => {
      return { specifier, kind: KINDS[kind] ?? 'static', level, names }
    })
    return { version, signature, parser, imports, state: STATES[state] ?? 'parsed', leftOut: leftOut === true }
  } catch {
    return null
  }
}

/** What was kept of a workspace, by path; what an older version has kept in another form is left out. */
export async function loadKept(notes: NoteStore, workspace: string): Promise<Map<string, KeptImports>> {
  const all = new Map<string, KeptImports>()
  for await (const chunk of notes.scan(importsGroup(workspace))) {
    for (const [path, bytes] of chunk) {
      const kept = decodeKept(bytes)
      if (kept !== null) all.set(path, kept)
    }
  }
  return all
}

/** Names of notes are at most so long; longer paths are parsed each time. */
const NAME_BYTES_MAX = 1_024

/** Writes what was parsed, and removes what is gone (null). */
export async function saveKept(
  notes: NoteStore,
  workspace: string,
  changes: ReadonlyMap<string, KeptImports | null>,
): Promise<void> {
  const all: Note[] = [...changes]
    .filter(([path]) => path.isWellFormed() && new TextEncoder().encode(path).byteLength <= NAME_BYTES_MAX)
    .map(([name, kept]) => ({ name, value: kept === null ? null : encodeKept(kept) }))
  for (let at = 0; at < all.length; at += NOTES_PER_CALL_MAX) {
    await notes.put(importsGroup(workspace), all.slice(at, at + NOTES_PER_CALL_MAX))
  }
}

/** Whether both say the same of a file. */
export const isSameNote = (one: KeptImports | undefined, other: KeptImports): boolean =>
  one?.version === other.version && one.signature === other.signature && one.parser === other.parser
