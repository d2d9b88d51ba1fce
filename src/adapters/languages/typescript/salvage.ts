import type { ImportKind, ParsedImport } from '../../../dependencies/parsed-file.ts'
import { uniqueImports } from './imports.ts'

/** A keyword, then at once a quoted name: takes time in proportion to the text, whatever stands in it. */
const NAMED = /\b(from|import|require)\s*(\(?)\s*(?:'([^'\n]{1,1024})'|"([^"\n]{1,1024})")/g

/**
 * What a file seems to import that has no tree: comments and strings are not told from code. Better a file too many in a
 * warm than none of what a half-written file needs.
 */
export function salvagedImports(text: string): readonly ParsedImport[] {
  const found = [...text.matchAll(NAMED)].map(([, word, parenthesis, single, double]) => {
    const kind: ImportKind = word === 'import' && parenthesis === '(' ? 'dynamic' : 'static'
    return { specifier: single ?? double ?? '', kind }
  })
  return uniqueImports(found)
}
