/** Blocks of a Python file by indentation: under which conditions the statements in them run. */
import type { ImportKind } from '../../../dependencies/parsed-file.ts'

/** Flags of a block; it has those of the blocks around it. */
export const CONDITIONAL = 1
export const IN_FUNCTION = 2
export const IN_CLASS = 4
export const FOR_TYPES = 8
export const IN_MATCH = 16

/** What an `if` says about `TYPE_CHECKING`. */
export type TypeCheck = 'yes' | 'no' | 'unasked'

/** Where a line begins: by tabs of eight columns, and of one, which must order lines alike. */
export type Indent = { readonly column: number; readonly signs: number }

export type Block = Indent & {
  readonly flags: number
  /** Called with the last line of the block when it ends. */
  readonly end?: (line: number) => void
  /** Of the `if` to which an `else` in this block would belong: whether it was `not TYPE_CHECKING`. */
  unlessTypes: boolean
}

export type Header = Pick<Block, 'flags' | 'end'>

export class Blocks {
  readonly #open: Block[] = [{ column: 0, signs: 0, flags: 0, unlessTypes: false }]
  /** Of a compound statement whose block has not begun. */
  #header: Header | undefined

  get top(): Block {
    return this.#open.at(-1) as Block
  }

  announce(header: Header): void {
    this.#header = header
  }

  /** A logical line begins here; `lastLine` is the line before it. Gives a fault, if there is one. */
  enter(indent: Indent, lastLine: number): string | undefined {
    const { column } = indent
    const before = this.top
    const isDeeper = column > before.column
    const fault = this.#enter(indent, lastLine)
    const isConsistent = isDeeper ? indent.signs > before.signs : indent.signs === this.top.signs
    return fault ?? (isConsistent ? undefined : 'inconsistent use of tabs and spaces')
  }

  #enter(indent: Indent, lastLine: number): string | undefined {
    const { column } = indent
    const header = this.#header
    this.#header = undefined
    if (column > this.top.column) {
      this.#open.push({ ...indent, unlessTypes: false, ...(header ?? { flags: this.top.flags }) })
      return header === undefined ? 'unexpected indent' : undefined
    }
    header?.end?.(lastLine)
    this.#close(column, lastLine)
    if (header !== undefined) return 'expected an indented block'
    if (column === this.top.column) return undefined
    this.#open.push({ ...indent, flags: this.top.flags, unlessTypes: false })
    return 'unindent does not match any outer level'
  }

  /** Ends all blocks. */
  end(lastLine: number): string | undefined {
    const header = this.#header
    header?.end?.(lastLine)
    this.#close(0, lastLine)
    return header === undefined ? undefined : 'expected an indented block'
  }

  #close(column: number, lastLine: number): void {
    while (this.#open.length > 1 && this.top.column > column) this.#open.pop()?.end?.(lastLine)
  }
}

export function importKindOf(flags: number): ImportKind {
  if ((flags & FOR_TYPES) !== 0) return 'type'
  if ((flags & IN_FUNCTION) !== 0) return 'dynamic'
  return (flags & CONDITIONAL) !== 0 ? 'conditional' : 'static'
}
