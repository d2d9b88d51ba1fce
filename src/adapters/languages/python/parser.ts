import type { ParsedFile, ParsedImport } from '../../../dependencies/parsed-file.ts'
import {
  Blocks,
  CONDITIONAL,
  FOR_TYPES,
  type Header,
  IN_CLASS,
  IN_FUNCTION,
  IN_MATCH,
  type Indent,
  importKindOf,
  type TypeCheck,
} from './blocks.ts'
import { BREAK, COMMENT, KIND } from './characters.ts'
import { scanFromImport, scanImport, skipByte, word } from './imports.ts'
import { type End, Scanner } from './scanner.ts'
import { assignedNames, literalNames, Symbols } from './symbols.ts'

/** Tabs go to the next column that this divides. */
const TAB_COLUMNS = 8

const CONDITIONAL_WORDS = new Set(['if', 'elif', 'else', 'for', 'while', 'try', 'except', 'finally'])
const LETTERS_MAX = 8
/** Compound statements that may stand in one line, where one is allowed: deeper ones are only scanned. */
const INLINE_MAX = 20

/**
 * Parses a file statement by statement: imports by their whole grammar, compound statements by header and block,
 * everything else as far as it takes to find its end and the names that it binds. Expressions are only scanned (strings,
 * brackets, comments), so a fault within one is not told. Takes time in proportion to the bytes, on hostile ones too.
 */
export function parsePython(bytes: Uint8Array): Omit<ParsedFile, 'language'> {
  return new Parser(new Scanner(bytes)).parse()
}

class Parser {
  readonly #source: Scanner
  readonly #blocks = new Blocks()
  readonly #symbols = new Symbols()
  readonly #imports: ParsedImport[] = []
  /** Last line of the last statement. */
  #lastLine = 1
  /** Line of the first decorator of what comes next. */
  #decoratedFrom: number | undefined
  /** Headers of this line, each behind the colon of the one before. */
  #inline = 0

  constructor(source: Scanner) {
    this.#source = source
  }

  parse(): Omit<ParsedFile, 'language'> {
    const source = this.#source
    if (!source.isUtf8() && !declaresEncoding(source)) source.fault('not UTF-8, and no encoding is declared')
    while (this.#enterLine()) this.#logicalLine(this.#blocks.top.flags)
    this.#faultOf(this.#blocks.end(this.#lastLine))
    return { imports: this.#imports, symbols: this.#symbols.all(), faults: source.faults }
  }

  /** Goes to the first statement of the next logical line, over empty lines and comments; false at the end. */
  #enterLine(): boolean {
    const source = this.#source
    while (!source.isEnd) {
      const indent = this.#indentation()
      const kind = KIND[source.at(source.pos)]
      if (kind === COMMENT) source.toLineEnd()
      if (source.isEnd) return false
      if (kind === COMMENT || kind === BREAK) source.stepOverBreak()
      else {
        this.#faultOf(this.#blocks.enter(indent, this.#lastLine))
        return true
      }
    }
    return false
  }

  #indentation(): Indent {
    const source = this.#source
    let column = 0
    let signs = 0
    for (; !source.isEnd; source.pos++, signs++) {
      const byte = source.at(source.pos)
      if (byte === 0x20) column++
      else if (byte === 0x09) column += TAB_COLUMNS - (column % TAB_COLUMNS)
      else if (byte === 0x0c) {
        column = 0
        signs = -1
      } else break
    }
    return { column, signs }
  }

  /** Statements up to the end of the line, which run under these conditions. */
  #logicalLine(flags: number): void {
    const source = this.#source
    let end: End = 'semicolon'
    while (end === 'semicolon' && !source.isEnd) {
      source.skipBlanks(false)
      end = this.#statement(flags)
    }
  }

  #statement(flags: number): End {
    const source = this.#source
    const start = source.pos
    const stop = source.wordEnd(start)
    const first = stop - start <= LETTERS_MAX || this.#isTop(flags) ? source.text(start, stop) : ''
    source.pos = stop
    switch (first) {
      case 'import':
        return this.#import(scanImport(source), flags)
      case 'from':
        return this.#import(scanFromImport(source), flags)
      case 'def':
      case 'class':
        return this.#definition(first, flags)
      case 'async':
      case 'lazy':
        return this.#prefixed(first, flags)
      case 'match':
      case 'case':
      case 'type':
        return this.#soft(first, flags)
      case '':
        return this.#unnamed(start)
      case 'if':
      case 'elif':
        return this.#if(flags, first)
      case 'with':
        return this.#compound({ flags })
    }
    if (CONDITIONAL_WORDS.has(first)) return this.#conditional(first, flags)
    if (this.#isTop(flags)) return this.#assignment(first)
    return this.#end(source.skip(false))
  }

  #import(found: ReturnType<typeof scanImport> | ReturnType<typeof scanFromImport>, flags: number): End {
    const source = this.#source
    const { line } = source
    const kind = importKindOf(flags)
    if (found === null) source.fault('malformed import', line)
    else for (const each of Array.isArray(found) ? found : [found]) this.#imports.push({ ...each, kind })
    const { pos } = source
    const end = source.skip(false)
    if (found !== null && hasText(source, pos)) source.fault('malformed import', line)
    return this.#end(end)
  }

  #definition(keyword: 'def' | 'class', flags: number): End {
    const source = this.#source
    const fromLine = this.#decoratedFrom ?? source.line
    const name = word(source)
    this.#decoratedFrom = undefined
    if (name === '') source.fault(`'${keyword}' without a name`)
    const inner = (flags & ~IN_MATCH) | (keyword === 'def' ? IN_FUNCTION : IN_CLASS)
    const kind = keyword === 'def' ? 'function' : 'class'
    const end = this.#isTop(flags) && name !== '' ? this.#symbols.add(name, kind, fromLine) : undefined
    return this.#compound({ flags: inner, ...(end && { end }) })
  }

  /** `async def`, `lazy import` and the like; where nothing of that kind follows, a plain statement. */
  #prefixed(first: string, flags: number): End {
    const source = this.#source
    const at = source.blanksEnd(source.pos)
    const next = source.text(at, source.wordEnd(at))
    const follows = first === 'async' ? ['def', 'for', 'with'] : ['import', 'from']
    if (!follows.includes(next)) return this.#isTop(flags) ? this.#assignment(first) : this.#end(source.skip(false))
    source.pos = at
    return this.#statement(flags)
  }

  /** Words that are keywords only in some places. */
  #soft(first: string, flags: number): End {
    const source = this.#source
    if (first === 'type') return this.#typeAlias(flags)
    const { pos, line } = source
    const isCase = first === 'case' && (flags & IN_MATCH) !== 0
    if (isCase) return this.#compound({ flags: (flags & ~IN_MATCH) | CONDITIONAL })
    const isHeader = first === 'match' && endsInColon(source, pos)
    source.pos = pos
    source.line = line
    if (isHeader) return this.#compound({ flags: flags | IN_MATCH })
    return this.#isTop(flags) ? this.#assignment(first) : this.#end(source.skip(false))
  }

  #typeAlias(flags: number): End {
    const source = this.#source
    const { line } = source
    const at = source.blanksEnd(source.pos)
    const name = source.text(at, source.wordEnd(at))
    if (!this.#isTop(flags)) return this.#end(source.skip(false))
    if (name === '') return this.#assignment('type')
    const end = this.#symbols.add(name, 'type', line)
    return this.#ended(source.skip(false), [end])
  }

  /** A statement that begins with no word. */
  #unnamed(start: number): End {
    const source = this.#source
    if (source.at(start) === 0x40) this.#decoratedFrom ??= source.line
    return this.#end(source.skip(false))
  }

  #if(flags: number, first: string): End {
    const { top } = this.#blocks
    const asked = typeCheckOf(this.#source)
    const forTypes = asked === 'yes' || (first === 'elif' && asked === 'unasked' && top.unlessTypes)
    if (first === 'if') top.unlessTypes = false
    if (asked === 'no') top.unlessTypes = true
    return this.#compound({ flags: flags | CONDITIONAL | (forTypes ? FOR_TYPES : 0) })
  }

  #conditional(first: string, flags: number): End {
    const { top } = this.#blocks
    const forTypes = first === 'else' && top.unlessTypes ? FOR_TYPES : 0
    top.unlessTypes = false
    return this.#compound({ flags: flags | CONDITIONAL | forTypes })
  }

  /** The rest of a header, and what stands behind its colon in the same line. */
  #compound(header: Header): End {
    const source = this.#source
    const { line } = source
    if (this.#end(source.skip(true)) !== 'colon') {
      source.fault("expected ':'", line)
      header.end?.(this.#lastLine)
      return 'line'
    }
    source.skipBlanks(false)
    if (KIND[source.at(source.pos)] === COMMENT) source.toLineEnd()
    if (source.isEnd || KIND[source.at(source.pos)] === BREAK) {
      if (!source.isEnd) source.stepOverBreak()
      this.#blocks.announce(header)
    } else {
      this.#bodyInLine(header.flags)
      header.end?.(this.#lastLine)
    }
    return 'line'
  }

  #bodyInLine(flags: number): void {
    if (++this.#inline > INLINE_MAX) {
      this.#source.fault('too many statements in one line')
      while (this.#end(this.#source.skip(false)) !== 'line');
    } else this.#logicalLine(flags)
    this.#inline--
  }

  #assignment(first: string): End {
    const source = this.#source
    const { line } = source
    const ends = assignedNames(source, first).map((name) => this.#symbols.add(name, variableKind(name), line))
    const listed = first === '__all__' && ends.length > 0 ? literalNames(source) : undefined
    if (listed !== undefined) this.#symbols.list(listed)
    return this.#ended(source.skip(false), ends)
  }

  #ended(end: End, symbols: readonly ((line: number) => void)[]): End {
    this.#end(end)
    for (const symbol of symbols) symbol(this.#lastLine)
    return end
  }

  /** Notes the line on which a part of a statement ended. */
  #end(end: End): End {
    const source = this.#source
    const atBreak = end === 'line' && KIND[source.at(source.pos - 1)] === BREAK
    this.#lastLine = atBreak ? source.line - 1 : source.line
    return end
  }

  #isTop(flags: number): boolean {
    return (flags & (IN_FUNCTION | IN_CLASS)) === 0
  }

  #faultOf(message: string | undefined): void {
    if (message !== undefined) this.#source.fault(message)
  }
}

const variableKind = (name: string): 'constant' | 'variable' =>
  /^[A-Z][A-Z0-9_]*$/.test(name) ? 'constant' : 'variable'

/** What the condition that comes next asks; moves nothing. */
function typeCheckOf(source: Scanner): TypeCheck {
  const { pos, line } = source
  let name = word(source)
  const negated = name === 'not'
  if (negated) name = word(source)
  while (name !== '' && skipByte(source, 0x2e)) name = word(source)
  const asks = name === 'TYPE_CHECKING' && skipByte(source, 0x3a)
  source.pos = pos
  source.line = line
  if (!asks) return 'unasked'
  return negated ? 'no' : 'yes'
}

/** Whether the logical line that goes on here has a colon as its last sign. */
function endsInColon(source: Scanner, from: number): boolean {
  const { faults } = source
  const known = faults.length
  source.skip(false)
  faults.length = known
  let end = source.pos - 1
  while (end > from && (KIND[source.at(end)] === BREAK || source.at(end) === 0x20 || source.at(end) === 0x09)) end--
  return source.at(end) === 0x3a
}

/** Whether something other than blanks, a comment and the end of a statement stands between here and `pos`. */
function hasText(source: Scanner, from: number): boolean {
  const first = source.blanksEnd(from)
  if (first >= source.pos) return false
  return !/^(?:[#;\r\n]|\\)/.test(source.text(first, first + 1))
}

/** `# coding: latin-1` in one of the first two lines. */
function declaresEncoding(source: Scanner): boolean {
  const head = source.text(0, Math.min(source.length, 400)).split('\n', 2)
  return head.some((line) => /^[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+/.test(line))
}
