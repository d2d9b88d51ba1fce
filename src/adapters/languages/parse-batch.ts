/** What a parse thread does with the files it gets; the same in the thread of a caller who has but a few. */
import type { ParsedFile } from '../../dependencies/parsed-file.ts'
import type { Language } from '../../ports/language.ts'
import type { SourceFile } from '../../ports/parser.ts'
import { withDeadline } from './deadline.ts'
import { parseMsMax } from './options.ts'

/** `imports`: without symbols, at the least cost. */
export type ParseWish = { readonly what: 'imports' | 'parse'; readonly files: readonly SourceFile[] }

export type LanguageSets = {
  /** Without bounds of their own. */
  readonly unguarded: readonly Language[]
  readonly guarded: readonly Language[]
}

/**
 * Parses many files under one watchdog, since setting up one takes longer than parsing most files. When it strikes, the
 * file in hand is parsed under its own, and then the rest under another.
 */
export function parseBatch(sets: LanguageSets, { what, files }: ParseWish): readonly (ParsedFile | null)[] {
  const parsed: (ParsedFile | null)[] = []
  while (parsed.length < files.length) {
    const rest = files.slice(parsed.length)
    const bytes = rest.reduce((sum, file) => sum + file.bytes.byteLength, 0)
    const end = withDeadline(parseMsMax(bytes), () => {
      for (const file of files.slice(parsed.length)) parsed.push(parseOne(sets.unguarded, file, what))
      return 'inTime' as const
    })
    const suspect = files[parsed.length]
    if (end === 'late' && suspect !== undefined) parsed.push(parseOne(sets.guarded, suspect, what))
  }
  return parsed
}

function parseOne(
  languages: readonly Language[],
  { path, bytes }: SourceFile,
  what: ParseWish['what'],
): ParsedFile | null {
  const language = languages.find((one) => one.handles(path))
  if (language === undefined) return null
  if (what === 'parse') return language.parse(path, bytes)
  return { language: language.name, symbols: [], ...language.imports(path, bytes) }
}
