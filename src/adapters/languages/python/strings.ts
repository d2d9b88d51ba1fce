/** Python's string literals, plain and formatted: fields of the latter hold expressions, which hold strings again. */
import { BACKSLASH, NEWLINE, RETURN, type SourceBytes } from '../source-bytes.ts'
import { BREAK, CLOSE, isWordByte, KIND, OPEN, QUOTE, WORD } from './characters.ts'

/** As deep as CPython lets formatted strings nest. */
const NESTING_MAX = 150

type Literal = {
  readonly quote: number
  readonly triple: boolean
  readonly raw: boolean
  /** How many formatted strings it stands in. */
  readonly nesting: number
}

/** Goes over a string. `pos` is at its quote, its prefix begins at `start`. */
export function skipString(source: SourceBytes, start: number, nesting = 0): void {
  const quote = source.at(source.pos)
  const triple = source.at(source.pos + 1) === quote && source.at(source.pos + 2) === quote
  const prefix = prefixOf(source, start)
  source.pos += triple ? 3 : 1
  const literal = { quote, triple, raw: prefix.raw, nesting }
  if (prefix.formatted && nesting < NESTING_MAX) skipFormatted(source, literal)
  else if (triple) skipTriple(source, quote)
  else skipSingle(source, quote)
}

function prefixOf(source: SourceBytes, start: number): { readonly raw: boolean; readonly formatted: boolean } {
  let raw = false
  let formatted = false
  for (let place = start; place < source.pos; place++) {
    const letter = source.at(place) | 0x20
    if (letter === 0x72) raw = true
    else if (letter === 0x66 || letter === 0x74) formatted = true
    // `if"a"`: a word, no prefix.
    else if (letter !== 0x62 && letter !== 0x75) return { raw: false, formatted: false }
  }
  return { raw, formatted }
}

function skipSingle(source: SourceBytes, quote: number): void {
  const { bytes, length } = source
  while (source.pos < length) {
    const byte = bytes[source.pos] as number
    if (byte === quote) {
      source.pos++
      return
    }
    if (byte === NEWLINE || byte === RETURN) break
    if (byte === BACKSLASH) skipEscape(source)
    else source.pos++
  }
  source.fault('unterminated string')
}

function skipTriple(source: SourceBytes, quote: number): void {
  const { bytes, length, line } = source
  while (source.pos < length) {
    const byte = bytes[source.pos] as number
    if (byte === quote && endsHere(source, quote, true)) {
      source.pos += 3
      return
    }
    if (byte === NEWLINE || byte === RETURN) source.stepOverBreak()
    else if (byte === BACKSLASH) skipEscape(source)
    else source.pos++
  }
  source.fault('unterminated triple-quoted string', line)
}

/** Goes over a backslash and what it escapes. */
function skipEscape(source: SourceBytes): void {
  source.pos++
  if (KIND[source.at(source.pos)] === BREAK && source.pos < source.length) source.stepOverBreak()
  else source.pos++
}

function endsHere(source: SourceBytes, quote: number, triple: boolean): boolean {
  const { pos } = source
  return source.at(pos) === quote && (!triple || (source.at(pos + 1) === quote && source.at(pos + 2) === quote))
}

/** The text of a formatted string, up to and over its closing quote. */
function skipFormatted(source: SourceBytes, literal: Literal): void {
  const { line } = source
  while (source.pos < source.length) {
    if (endsHere(source, literal.quote, literal.triple)) {
      source.pos += literal.triple ? 3 : 1
      return
    }
    if (!skipText(source, literal)) break
  }
  source.fault('unterminated formatted string', line)
}

/** One step in the text of a formatted string; false where a line break ends it before its time. */
function skipText(source: SourceBytes, literal: Literal): boolean {
  const byte = source.at(source.pos)
  if (byte === NEWLINE || byte === RETURN) {
    if (!literal.triple) return false
    source.stepOverBreak()
  } else if (byte === BACKSLASH) skipFormattedEscape(source, literal.raw)
  else if (byte === 0x7b) {
    source.pos++
    if (source.at(source.pos) === 0x7b) source.pos++
    else skipField(source, literal)
  } else source.pos++
  return true
}

function skipFormattedEscape(source: SourceBytes, raw: boolean): void {
  const next = source.at(source.pos + 1)
  if (next === 0x7b || next === 0x7d) source.pos++
  else if (!raw && next === 0x4e && source.at(source.pos + 2) === 0x7b) {
    // `\N{NAME OF A CHARACTER}`: no field.
    source.pos += 3
    while (source.pos < source.length && KIND[source.at(source.pos)] === WORD) source.pos++
  } else skipEscape(source)
}

/** A field of a formatted string: an expression, then perhaps a format, up to and over its brace. */
function skipField(source: SourceBytes, literal: Literal): void {
  let depth = 0
  while (source.pos < source.length) {
    const byte = source.at(source.pos)
    const kind = KIND[byte]
    if (kind === QUOTE) skipString(source, source.pos, literal.nesting + 1)
    else if (kind === WORD) skipWord(source, literal.nesting + 1)
    else if (kind === BREAK) source.stepOverBreak()
    else if (byte === 0x23) source.toLineEnd()
    else if (byte === 0x3a && depth === 0) {
      source.pos++
      skipFormat(source, { ...literal, nesting: literal.nesting + 1 })
      return
    } else {
      source.pos++
      if (kind === OPEN) depth++
      else if (kind === CLOSE && depth-- === 0) return
    }
  }
}

/** The format of a field, which may hold fields again, up to and over the field's brace. */
function skipFormat(source: SourceBytes, literal: Literal): void {
  while (source.pos < source.length) {
    // Where the string ends within a field, its own scan tells that.
    if (endsHere(source, literal.quote, literal.triple)) return
    if (source.at(source.pos) === 0x7d) {
      source.pos++
      return
    }
    if (literal.nesting > NESTING_MAX) source.pos++
    else if (!skipText(source, literal)) return
  }
}

function skipWord(source: SourceBytes, nesting: number): void {
  const start = source.pos
  while (source.pos < source.length && isWordByte(source.at(source.pos))) {
    source.pos++
  }
  if (source.pos - start <= 2 && KIND[source.at(source.pos)] === QUOTE) skipString(source, start, nesting)
}
