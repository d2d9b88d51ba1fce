/** Names that a Python file defines at its top level. */
import type { TopLevelSymbol } from '../../../dependencies/parsed-file.ts'
import { skipByte, word } from './imports.ts'
import type { Scanner } from './scanner.ts'

const EQUALS = 0x3d

type OpenSymbol = { -readonly [key in keyof TopLevelSymbol]: TopLevelSymbol[key] }

export class Symbols {
  readonly #found: OpenSymbol[] = []
  /** What `__all__` lists, where it is a plain list. */
  #listed: ReadonlySet<string> | undefined

  /** Adds a name whose end is told later, by what it gives. */
  add(name: string, kind: TopLevelSymbol['kind'], fromLine: number): (toLine: number) => void {
    const symbol = { name, kind, fromLine, toLine: fromLine, exported: !name.startsWith('_') }
    this.#found.push(symbol)
    return (toLine) => {
      symbol.toLine = Math.max(fromLine, toLine)
    }
  }

  list(names: ReadonlySet<string>): void {
    this.#listed = names
  }

  all(): readonly TopLevelSymbol[] {
    const listed = this.#listed
    if (listed !== undefined) for (const symbol of this.#found) symbol.exported = listed.has(symbol.name)
    return this.#found
  }
}

/**
 * Names that an assignment binds: `a = …`, `a: int`, `a, b = …`, `a = b = …`. `first` was read already. What it looks at
 * is scanned again afterwards.
 */
export function assignedNames(source: Scanner, first: string): readonly string[] {
  const { pos, line } = source
  const names = targets(source, first)
  source.pos = pos
  source.line = line
  return names
}

function targets(source: Scanner, first: string): readonly string[] {
  const names = [first]
  while (skipByte(source, 0x2c)) {
    const name = word(source)
    if (name === '') break
    names.push(name)
  }
  if (names.length === 1 && skipByte(source, 0x3a)) return names
  if (!skipEquals(source)) return []
  for (let name = word(source); name !== '' && skipEquals(source); name = word(source)) names.push(name)
  return names
}

/** One `=`, not `==`. */
function skipEquals(source: Scanner): boolean {
  if (!skipByte(source, EQUALS)) return false
  if (source.at(source.pos) !== EQUALS) return true
  source.pos--
  return false
}

/** The names of a literal list or tuple of plain strings after `__all__ =`, undefined for anything else. */
export function literalNames(source: Scanner): ReadonlySet<string> | undefined {
  const { pos, line } = source
  const names = skipEquals(source) ? stringsInBrackets(source) : undefined
  source.pos = pos
  source.line = line
  return names
}

function stringsInBrackets(source: Scanner): ReadonlySet<string> | undefined {
  const closer = skipByte(source, 0x5b) ? 0x5d : skipByte(source, 0x28) ? 0x29 : 0
  const names = new Set<string>()
  if (closer === 0) return undefined
  while (!skipByte(source, closer, true)) {
    const quote = skipByte(source, 0x22, true) ? 0x22 : skipByte(source, 0x27, true) ? 0x27 : 0
    const name = word(source)
    if (quote === 0 || source.at(source.pos++) !== quote) return undefined
    names.add(name)
    if (!skipByte(source, 0x2c, true) && source.at(source.pos) !== closer) return undefined
  }
  return names
}
