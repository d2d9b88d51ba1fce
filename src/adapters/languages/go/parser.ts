import type { ParsedFile, ParsedImport, TopLevelSymbol } from '../../../dependencies/parsed-file.ts'
import { isLeftOut } from './constraints.ts'
import { Scanner } from './scanner.ts'

const PAREN = 0x28
const CLOSE_PAREN = 0x29
const COMMA = 0x2c

type SymbolKind = TopLevelSymbol['kind']

const KINDS: ReadonlyMap<string, SymbolKind> = new Map([
  ['type', 'type'],
  ['var', 'variable'],
  ['const', 'constant'],
])

/**
 * Parses a file declaration by declaration: package clause and imports by their whole grammar, the others as far as it
 * takes to find their names and their end. Bodies and expressions are only scanned (literals, brackets, comments), so a
 * fault within one is not told. Takes time in proportion to the bytes, on hostile ones too.
 */
export function parseGo(path: string, bytes: Uint8Array): Omit<ParsedFile, 'language'> {
  return new Parser(path, new Scanner(bytes)).parse()
}

class Parser {
  readonly #path: string
  readonly #source: Scanner
  readonly #imports: ParsedImport[] = []
  readonly #symbols: TopLevelSymbol[] = []

  constructor(path: string, source: Scanner) {
    this.#path = path
    this.#source = source
  }

  parse(): Omit<ParsedFile, 'language'> {
    const source = this.#source
    if (!source.isUtf8()) source.fault('not UTF-8')
    const head = this.#packageClause()
    for (source.skipSpace(); !source.isEnd; source.skipSpace()) this.#declaration()
    const leftOut = isLeftOut(this.#path, head)
    return { imports: this.#imports, symbols: this.#symbols, faults: source.faults, ...(leftOut && { leftOut }) }
  }

  /** Gives the text before it, in which build constraints stand. */
  #packageClause(): string {
    const source = this.#source
    source.skipSpace()
    const start = source.pos
    if (source.word() !== 'package') {
      source.pos = start
      source.fault("expected 'package'")
    } else if (source.word() === '') source.fault("'package' without a name")
    return source.text(0, start)
  }

  #declaration(): void {
    const source = this.#source
    const { pos, line } = source
    const first = source.word()
    const kind = KINDS.get(first)
    if (first === 'import') this.#group(() => this.#import())
    else if (first === 'func') this.#function(line)
    else if (kind !== undefined) this.#group(() => this.#names(kind))
    else {
      source.fault('expected a declaration')
      source.skipStatement()
      // A closing bracket that belongs to nothing.
      if (source.pos === pos) source.pos++
    }
  }

  /** One specification, or several in brackets. */
  #group(specification: () => void): void {
    const source = this.#source
    if (!source.skipByte(PAREN)) {
      specification()
      return
    }
    const { line } = source
    for (source.skipSpace(); !source.isEnd; source.skipSpace()) {
      if (source.skipByte(CLOSE_PAREN)) return
      const { pos } = source
      specification()
      if (source.pos === pos) source.pos++
    }
    source.fault("'(' was never closed", line)
  }

  #import(): void {
    const source = this.#source
    const { line } = source
    if (!source.skipByte(0x2e)) source.word()
    const specifier = source.string()
    if (specifier === null || specifier === '') source.fault('malformed import', line)
    else this.#imports.push({ specifier, kind: 'static', level: 0, names: [] })
    source.skipStatement()
  }

  #names(kind: SymbolKind): void {
    const source = this.#source
    const { line } = source
    const names = [source.word()]
    while (kind !== 'type' && source.skipByte(COMMA)) {
      source.skipSpace()
      names.push(source.word())
    }
    if (names[0] === '') source.fault('expected a name', line)
    source.skipStatement()
    for (const name of names) this.#add(name, kind, line)
  }

  /** A function, or a method, whose name has its type's before it. */
  #function(line: number): void {
    const source = this.#source
    const receiver = source.skipByte(PAREN) ? this.#receiver() : ''
    const name = source.word()
    if (name === '') source.fault("'func' without a name", line)
    source.skipStatement()
    if (name !== '') this.#add(receiver === '' ? name : `${receiver}.${name}`, 'function', line)
  }

  /** `(r *Type[P])`: the type's name. */
  #receiver(): string {
    const source = this.#source
    source.skipSpace()
    const first = source.word()
    while (source.skipByte(0x2a));
    const second = source.word()
    source.skipStatement()
    source.skipSpace()
    if (!source.skipByte(CLOSE_PAREN)) source.fault("expected ')'")
    return second === '' ? first : second
  }

  #add(name: string, kind: SymbolKind, fromLine: number): void {
    if (name === '' || name === '_') return
    const exported = name.split('.').every((part) => /^\p{Lu}/u.test(part))
    this.#symbols.push({ name, kind, fromLine, toLine: this.#source.line, exported })
  }
}
