import { BACKSLASH, byteKinds, DIGITS, LETTERS, NEWLINE, SourceBytes } from '../source-bytes.ts'

const WORD = 1
const DIGIT = 2
const QUOTE = 3
const OPEN = 4
const CLOSE = 5
const LINE = 6
const BLANK = 7
const SLASH = 8
const SEMICOLON = 9
const STRAY = 10

const KIND = byteKinds(
  {
    [WORD]: LETTERS,
    [DIGIT]: DIGITS,
    [QUOTE]: '"`\'',
    [OPEN]: '([{',
    [CLOSE]: ')]}',
    [LINE]: '\n',
    [BLANK]: ' \t\r',
    [SLASH]: '/',
    [SEMICOLON]: ';',
    [STRAY]: '\0\\#$?@',
  },
  WORD,
)

const BACKTICK = 0x60
const CLOSERS = new Map([
  [0x28, 0x29],
  [0x5b, 0x5d],
  [0x7b, 0x7d],
])

/** Words that begin a declaration at the left edge, where nothing within brackets ever stands. */
const DECLARATIONS = new Set(['func', 'type', 'var', 'const', 'import'])

/** Go's lexical rules: comments, literals, brackets, and line breaks that end a statement. */
export class Scanner extends SourceBytes {
  /** Brackets that are open: byte and line, in turns. */
  readonly #open: number[] = []

  get isEnd(): boolean {
    return this.pos >= this.length
  }

  /** Goes over blanks, line breaks, semicolons and comments. */
  skipSpace(): void {
    while (this.pos < this.length) {
      const kind = KIND[this.bytes[this.pos] as number]
      if (kind === LINE) this.stepOverBreak()
      else if (kind === BLANK || kind === SEMICOLON) this.pos++
      else if (kind !== SLASH || !this.#skipComment()) return
    }
  }

  /** Goes over blanks and comments of this line. */
  skipBlanks(): void {
    while (this.pos < this.length) {
      const kind = KIND[this.bytes[this.pos] as number]
      if (kind === BLANK) this.pos++
      else if (kind !== SLASH || !this.#skipComment()) return
    }
  }

  /** The identifier that comes next in this line, or ''. */
  word(): string {
    this.skipBlanks()
    const start = this.pos
    if (KIND[this.at(start)] !== WORD || this.isEnd) return ''
    this.#skipWord()
    return this.text(start, this.pos)
  }

  /** Goes over this byte if it comes next in this line. */
  skipByte(byte: number): boolean {
    this.skipBlanks()
    if (this.isEnd || this.at(this.pos) !== byte) return false
    this.pos++
    return true
  }

  /** The text of a string literal that comes next, null where none does. */
  string(): string | null {
    this.skipBlanks()
    const start = this.pos
    const quote = this.at(start)
    if (quote !== 0x22 && quote !== BACKTICK) return null
    this.#skipLiteral(quote)
    return this.text(start + 1, Math.max(start + 1, this.pos - 1))
  }

  /** Goes to the end of a statement: a semicolon, a line break that ends it, or the bracket that closes its group. */
  skipStatement(): void {
    const depth = this.#open.length
    let mayEnd = true
    while (this.pos < this.length) {
      const kind = KIND[this.bytes[this.pos] as number] as number
      if (kind === WORD || kind === DIGIT) {
        this.#skipWord()
        mayEnd = true
      } else if (kind === BLANK) this.pos++
      else if (kind === LINE) {
        if (this.#open.length === depth && mayEnd) return
        this.stepOverBreak()
        if (this.#open.length > depth && this.#isDeclarationAhead()) break
      } else if (kind === SLASH && this.#skipComment()) continue
      else if (this.#open.length === depth && (kind === SEMICOLON || kind === CLOSE)) return
      else mayEnd = this.#sign(kind)
    }
    this.#forgetBrackets(depth)
  }

  /** One sign of a statement; tells whether a line break after it ends the statement. */
  #sign(kind: number): boolean {
    const byte = this.bytes[this.pos] as number
    if (kind === QUOTE) {
      this.#skipLiteral(byte)
      return true
    }
    this.pos++
    if (kind === OPEN) this.#open.push(byte, this.line)
    else if (kind === CLOSE) this.#close(byte)
    else if (kind === STRAY) this.fault(`stray character 0x${byte.toString(16).padStart(2, '0')}`)
    return kind === CLOSE
  }

  #close(closer: number): void {
    const line = this.#open.pop()
    const opener = this.#open.pop() ?? 0
    if (CLOSERS.get(opener) === closer) return
    this.fault(`'${String.fromCharCode(closer)}' does not match '${String.fromCharCode(opener)}' of line ${line}`)
  }

  /** Takes brackets that nothing closed as closed. */
  #forgetBrackets(depth: number): void {
    if (this.#open.length <= depth) return
    const [opener = 0, line = this.line] = this.#open.slice(depth)
    this.fault(`'${String.fromCharCode(opener)}' was never closed`, line)
    this.#open.length = depth
  }

  /** Whether a declaration begins at the left edge of this line, as gofmt and everybody else writes it. */
  #isDeclarationAhead(): boolean {
    if (KIND[this.at(this.pos)] !== WORD || this.isEnd) return false
    let end = this.pos
    while (end < this.length && end - this.pos < 7 && KIND[this.bytes[end] as number] === WORD) end++
    return this.at(end) === 0x20 && DECLARATIONS.has(this.text(this.pos, end))
  }

  #skipWord(): void {
    const { bytes, length } = this
    let pos = this.pos + 1
    while (pos < length && (KIND[bytes[pos] as number] === WORD || KIND[bytes[pos] as number] === DIGIT)) pos++
    this.pos = pos
  }

  /** Goes over a comment; false where the slash is a sign. */
  #skipComment(): boolean {
    const next = this.at(this.pos + 1)
    if (next === 0x2f) {
      const end = this.bytes.indexOf(NEWLINE, this.pos)
      this.pos = end < 0 ? this.length : end
      return true
    }
    if (next !== 0x2a) return false
    const { line } = this
    for (this.pos += 2; this.pos < this.length; ) {
      const byte = this.bytes[this.pos] as number
      if (byte === NEWLINE) this.stepOverBreak()
      else if (byte === 0x2a && this.at(this.pos + 1) === 0x2f) {
        this.pos += 2
        return true
      } else this.pos++
    }
    this.fault('unterminated comment', line)
    return true
  }

  #skipLiteral(quote: number): void {
    const { bytes, length, line } = this
    this.pos++
    while (this.pos < length) {
      const byte = bytes[this.pos] as number
      if (byte === NEWLINE) {
        if (quote !== BACKTICK) break
        this.stepOverBreak()
      } else {
        this.pos += byte === BACKSLASH && quote !== BACKTICK && this.at(this.pos + 1) !== NEWLINE ? 2 : 1
        if (byte === quote) return
      }
    }
    this.pos = Math.min(this.pos, length)
    this.fault('unterminated literal', line)
  }
}
