/** Import statements by their whole grammar. */
import type { ParsedImport } from '../../../dependencies/parsed-file.ts'
import { KIND, WORD } from './characters.ts'
import type { Scanner } from './scanner.ts'

const COMMA = 0x2c
const DOT = 0x2e

export type FoundImport = Omit<ParsedImport, 'kind'>

/** After `import`: `a.b as c, d`. Null where it is no import. */
export function scanImport(source: Scanner): readonly FoundImport[] | null {
  const found: FoundImport[] = []
  do {
    const specifier = dottedName(source)
    if (specifier === '' || !skipAlias(source)) return null
    found.push({ specifier, level: 0, names: [] })
  } while (skipByte(source, COMMA))
  return found
}

/** After `from`: `..a.b import (c as d, e)`. Null where it is no import. */
export function scanFromImport(source: Scanner): FoundImport | null {
  const level = skipDots(source)
  const specifier = dottedName(source)
  if ((specifier === '' && level === 0) || word(source) !== 'import') return null
  const names = importedNames(source)
  return names === null ? null : { specifier, level, names }
}

function importedNames(source: Scanner): readonly string[] | null {
  if (skipByte(source, 0x2a)) return ['*']
  const inBrackets = skipByte(source, 0x28)
  const names: string[] = []
  do {
    const name = word(source, inBrackets)
    // A comma may stand before the bracket.
    if (name === '') return inBrackets && names.length > 0 && skipByte(source, 0x29, true) ? names : null
    names.push(name)
    if (!skipAlias(source, inBrackets)) return null
  } while (skipByte(source, COMMA, inBrackets))
  return !inBrackets || skipByte(source, 0x29, true) ? names : null
}

function skipDots(source: Scanner): number {
  let level = 0
  while (skipByte(source, DOT)) level++
  return level
}

function dottedName(source: Scanner): string {
  let name = word(source)
  if (name === 'import') {
    source.pos -= name.length
    return ''
  }
  while (name !== '' && skipByte(source, DOT)) {
    const next = word(source)
    if (next === '') return ''
    name += `.${next}`
  }
  return name
}

/** `as NAME`, if it is there; false where `as` has no name. */
function skipAlias(source: Scanner, inBrackets = false): boolean {
  source.skipBlanks(inBrackets)
  const end = source.wordEnd(source.pos)
  if (end - source.pos !== 2 || source.text(source.pos, end) !== 'as') return true
  source.pos = end
  return word(source, inBrackets) !== ''
}

/** The next identifier, or '' where none stands. Python compares identifiers in their NFKC form. */
export function word(source: Scanner, inBrackets = false): string {
  source.skipBlanks(inBrackets)
  const start = source.pos
  if (KIND[source.at(start)] !== WORD) return ''
  source.pos = source.wordEnd(start)
  const text = source.text(start, source.pos)
  return text.length === source.pos - start ? text : text.normalize('NFKC')
}

/** Goes over this byte if it comes next. */
export function skipByte(source: Scanner, byte: number, inBrackets = false): boolean {
  source.skipBlanks(inBrackets)
  if (source.at(source.pos) !== byte || source.isEnd) return false
  source.pos++
  return true
}
