/** Reads and parses the files of a listing that are not known as they are now. */
import type { Language } from '../../ports/language.ts'
import type { Origin, OriginEntry } from '../../ports/origin.ts'
import type { Parser, SourceFile } from '../../ports/parser.ts'
import { isTransient } from '../transient.ts'
import type { KeptImports } from './kept-imports.ts'

/** Larger files are not read: no source that people write is so large. */
const SOURCE_BYTES_MAX = 2 << 20

/** Files read at a time: an origin far away is waited for by so many at once. */
const READS_MAX = 16

/** What is parsed in one go. */
const BATCH = { files: 32, bytes: 1 << 20 }

export type SourceEntry = OriginEntry & { readonly language: Language }

export type ParsedEntry = {
  readonly path: string
  /** Null: the file could not be read, or is gone by now; nothing is known of it. */
  readonly kept: KeptImports | null
  /** Whether it was read and parsed, not only found to be the same. */
  readonly isParsed: boolean
}

export type ParseDeps = {
  readonly origin: Origin
  readonly parser: Parser
  /** What was known of files before. */
  readonly known: ReadonlyMap<string, KeptImports>
  readonly signal: AbortSignal
  /** Called for each file as it is done. */
  done(parsed: ParsedEntry): void
}

const parserOf = ({ name, parserVersion }: Language): string => `${name} ${parserVersion}`

/** Whether what is kept of a file still holds, by the listing alone. */
export function isFresh(kept: KeptImports | undefined, entry: SourceEntry): boolean {
  if (kept === undefined || kept.parser !== parserOf(entry.language)) return false
  if (entry.version !== null) return kept.version === entry.version
  return entry.signature !== null && kept.signature === entry.signature
}

/** A few readers take the files one after the other; each parses what it has read in batches. */
export async function parseChanged(deps: ParseDeps, entries: readonly SourceEntry[]): Promise<void> {
  const queue = entries.values()
  // Few files are spread over all readers.
  const files = Math.min(BATCH.files, Math.ceil(entries.length / READS_MAX))
  const readers = Math.min(READS_MAX, entries.length)
  await Promise.all(Array.from({ length: readers }, () => readInBatches(deps, queue, files)))
}

type Read = { readonly entry: SourceEntry; readonly version: string; readonly bytes: Uint8Array }

async function readInBatches(deps: ParseDeps, queue: Iterator<SourceEntry>, filesMax: number): Promise<void> {
  let batch: Read[] = []
  let bytes = 0
  const flush = async (): Promise<void> => {
    await parseBatch(deps, batch)
    batch = []
    bytes = 0
  }
  for (let next = queue.next(); next.done !== true; next = queue.next()) {
    const read = await readOne(deps, next.value)
    if (read === null) continue
    batch.push(read)
    bytes += read.bytes.byteLength
    if (batch.length >= filesMax || bytes >= BATCH.bytes) await flush()
  }
  if (batch.length > 0) await flush()
}

/** Null when there is nothing to parse; `done` has been told why. */
async function readOne(deps: ParseDeps, entry: SourceEntry): Promise<Read | null> {
  const { path, signature, language } = entry
  const tooLarge = (): null => {
    const { version } = entry
    const kept: KeptImports = {
      version,
      signature,
      parser: parserOf(language),
      imports: [],
      state: 'tooLarge',
      leftOut: false,
    }
    deps.done({ path, kept, isParsed: false })
    return null
  }
  if (entry.bytes !== null && entry.bytes > SOURCE_BYTES_MAX) return tooLarge()
  const read = await readable(deps, path)
  if (read?.outcome === 'tooLarge') return tooLarge()
  if (read?.outcome !== 'read') {
    deps.done({ path, kept: null, isParsed: false })
    return null
  }
  const { version, bytes } = read.file
  const known = deps.known.get(path)
  if (known === undefined || known.version !== version || known.parser !== parserOf(language)) {
    return { entry, version, bytes }
  }
  deps.done({ path, kept: { ...known, signature }, isParsed: false })
  return null
}

/** What the origin answers, or null when it cannot: one file that cannot be read is no reason to go without a graph. */
async function readable({ origin, signal }: ParseDeps, path: string) {
  try {
    return await origin.read(path, { bytesMax: SOURCE_BYTES_MAX, signal })
  } catch (cause) {
    signal.throwIfAborted()
    if (isTransient(cause)) return null
    throw cause
  }
}

async function parseBatch({ parser, signal, done }: ParseDeps, batch: readonly Read[]): Promise<void> {
  const files: SourceFile[] = batch.map(({ entry, bytes }) => ({ path: entry.path, bytes }))
  const parsed = await parser.imports(files, signal)
  for (const [index, { entry, version }] of batch.entries()) {
    const { imports = [], faults = [], leftOut = false } = parsed[index] ?? {}
    const { path, signature, language } = entry
    const state = faults.length > 0 ? 'faulty' : 'parsed'
    done({ path, kept: { version, signature, parser: parserOf(language), imports, state, leftOut }, isParsed: true })
  }
}
