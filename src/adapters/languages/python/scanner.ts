import { BACKSLASH, NEWLINE, RETURN, SourceBytes } from '../source-bytes.ts'
import {
  BREAK,
  CLOSE,
  COLON,
  COMMENT,
  DIGIT,
  ESCAPE,
  isBlank,
  isWordByte,
  KIND,
  OPEN,
  PLAIN,
  QUOTE,
  SEMICOLON,
  WORD,
} from './characters.ts'
import { skipString } from './strings.ts'

/** What ended a part of a logical line. */
export type End = 'line' | 'semicolon' | 'colon'

/** Words that no expression contains: at the start of a line they show that a bracket before them was never closed. */
const STATEMENT_WORDS = new Set(
  'assert break class continue def del global import nonlocal pass raise return try while with'.split(' '),
)

const CLOSERS = new Map([
  [0x28, 0x29],
  [0x5b, 0x5d],
  [0x7b, 0x7d],
])

/**
 * Python's lexical rules: strings (also formatted ones that nest), comments, brackets that join lines, backslashes.
 * Goes from statement to statement; tokens within are only made where the parser asks for them.
 */
export class Scanner extends SourceBytes {
  /** Brackets that are open: byte and line, in turns. */
  readonly #open: number[] = []

  get isEnd(): boolean {
    return this.pos >= this.length
  }

  /** Goes to what ends this part of a logical line, and over it; with `colon`, the colon of a compound statement ends it. */
  skip(colon: boolean): End {
    const { bytes, length } = this
    let lambdas = 0
    while (this.pos < length) {
      const kind = KIND[bytes[this.pos] as number] as number
      if (kind === PLAIN || kind === DIGIT) this.pos++
      else if (kind === WORD) {
        if (this.#word() && colon && this.#open.length === 0) lambdas++
      } else if (kind === COLON) {
        this.pos++
        if (colon && this.#open.length === 0 && bytes[this.pos] !== 0x3d && lambdas-- <= 0) return 'colon'
      } else {
        const end = this.#special(kind)
        if (end !== undefined) return end
      }
    }
    this.#forgetBrackets()
    return 'line'
  }

  /** Goes over an identifier, or a string that it is the prefix of. Tells whether it is `lambda`. */
  #word(): boolean {
    const { bytes } = this
    const start = this.pos
    let pos = start + 1
    while (pos < this.length && isWordByte(bytes[pos] as number)) pos++
    this.pos = pos
    const size = pos - start
    if (size <= 2 && KIND[this.at(pos)] === QUOTE) skipString(this, start)
    return size === 6 && bytes[start] === 0x6c && this.text(start, pos) === 'lambda'
  }

  #special(kind: number): End | undefined {
    if (kind === QUOTE) skipString(this, this.pos)
    else if (kind === OPEN) this.#open.push(this.bytes[this.pos++] as number, this.line)
    else if (kind === CLOSE) this.#close()
    else if (kind === COMMENT) this.toLineEnd()
    else if (kind === ESCAPE) this.joinLine()
    else if (kind === BREAK) return this.#break()
    else if (kind === SEMICOLON) {
      this.pos++
      if (this.#open.length === 0) return 'semicolon'
      this.fault('semicolon within brackets')
    } else {
      this.fault(`stray character 0x${this.at(this.pos).toString(16).padStart(2, '0')}`)
      this.pos++
    }
    return undefined
  }

  #break(): End | undefined {
    this.stepOverBreak()
    if (this.#open.length === 0) return 'line'
    if (!this.#isStatementAhead()) return undefined
    this.#forgetBrackets()
    return 'line'
  }

  #close(): void {
    const line = this.#open.pop()
    const opener = this.#open.pop()
    const closer = this.at(this.pos++)
    if (opener === undefined) this.fault(`unmatched '${String.fromCharCode(closer)}'`)
    else if (CLOSERS.get(opener) !== closer) {
      this.fault(`'${String.fromCharCode(closer)}' does not match '${String.fromCharCode(opener)}' of line ${line}`)
    }
  }

  /** Takes brackets that nothing closed as closed. */
  #forgetBrackets(): void {
    if (this.#open.length === 0) return
    const [opener = 0, line = this.line] = this.#open
    this.fault(`'${String.fromCharCode(opener)}' was never closed`, line)
    this.#open.length = 0
  }

  #isStatementAhead(): boolean {
    const from = this.blanksEnd(this.pos)
    const to = this.wordEnd(from)
    if (to - from < 3 || to - from > 8) return false
    const word = this.text(from, to)
    return STATEMENT_WORDS.has(word) || (word === 'from' && this.#isImportAhead(to))
  }

  #isImportAhead(place: number): boolean {
    const from = this.blanksEnd(place)
    let to = from
    while (this.at(to) === 0x2e || isWordByte(this.at(to))) to++
    const start = this.blanksEnd(to)
    return to > from && this.text(start, this.wordEnd(start)) === 'import'
  }

  /** Goes over a backslash, and over the line break that it hides. */
  joinLine(): void {
    this.pos++
    if (KIND[this.at(this.pos)] === BREAK) this.stepOverBreak()
    else this.fault('backslash that does not end its line')
  }

  /** First place from here that is no blank of this line. */
  blanksEnd(place: number): number {
    let end = place
    while (end < this.length && isBlank(this.bytes[end] as number)) end++
    return end
  }

  /** End of the identifier that begins here, this place itself if none does. */
  wordEnd(place: number): number {
    if (KIND[this.at(place)] !== WORD) return place
    let end = place + 1
    while (end < this.length && isWordByte(this.bytes[end] as number)) end++
    return end
  }

  /** Goes over blanks, hidden line breaks and, where lines are joined by brackets, all breaks and comments. */
  skipBlanks(inBrackets: boolean): void {
    while (this.pos < this.length) {
      const byte = this.bytes[this.pos] as number
      if (isBlank(byte)) this.pos++
      else if (byte === BACKSLASH && KIND[this.at(this.pos + 1)] === BREAK) this.joinLine()
      else if (inBrackets && (byte === NEWLINE || byte === RETURN)) this.stepOverBreak()
      else if (inBrackets && byte === 0x23) this.toLineEnd()
      else return
    }
  }
}
