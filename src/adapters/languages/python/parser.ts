import { isUtf8 } from 'node:buffer'
import type { ImportKind, ParsedFile, ParsedImport } from '../../../dependencies/parsed-file.ts'
import { sourceText } from '../text.ts'
import { faultsOf } from '../tree-sitter/faults.ts'
import type { Node, TreeReader } from '../tree-sitter/reader.ts'
import { isBlock, partsOf } from './conditions.ts'
import { importLinesOf, importsIn, isImport } from './imports.ts'
import { symbolsOf } from './symbols.ts'

type Parsed = Omit<ParsedFile, 'language'>

export type Wish = { readonly symbols: boolean }

/** Imports, faults and, if they are wished for, symbols of a file. */
export function parsePython(trees: TreeReader, bytes: Uint8Array, wish: Wish): Parsed {
  const text = sourceText(bytes)
  if (text === null) return withoutTree('is no text')
  // Python ends lines by each of the three; the grammar knows no lone `\r`.
  const lines = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
  const parsed = trees.read(lines, (root) => partsIn(root, lines, wish))
  if ('fault' in parsed) return withoutTree(parsed.fault)
  const { broken, ...found } = parsed
  const imports = [...found.imports, ...salvaged(trees, broken)]
  if (isUtf8(bytes) || declaresEncoding(text)) return { ...found, imports }
  const fault = { line: 1, message: 'not UTF-8, and no encoding is declared' }
  return { ...found, imports, faults: [fault, ...found.faults] }
}

const withoutTree = (message: string): Parsed => ({ imports: [], symbols: [], faults: [{ line: 1, message }] })

/** Imports of parts that have no syntax, line by line: better a file too many than none of a half-written one's. */
function salvaged(trees: TreeReader, broken: readonly string[]): readonly ParsedImport[] {
  const lines = broken.map(importLinesOf).join('\n')
  if (lines === '') return []
  const parsed = trees.read(lines, (root) => partsIn(root, lines, { symbols: false }))
  return 'fault' in parsed ? [] : parsed.imports
}

/** `broken`: parts of the text in which imports stand, and no syntax was found. */
type Parts = Parsed & { readonly broken: readonly string[] }

type Visit = { readonly node: Node; readonly kind: ImportKind; readonly isTop: boolean }

function partsIn(root: Node, text: string, wish: Wish): Parts {
  const imports: ParsedImport[] = []
  const statements: Node[] = []
  const broken: string[] = []
  const hasImport = importFinder(text)
  const open: Visit[] = [{ node: root, kind: 'static', isTop: wish.symbols }]
  for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
    const { node, kind, isTop } = visit
    if (isTop) statements.push(node)
    if (isImport(node)) imports.push(...importsIn(node, kind))
    else if (!isBlock(node)) {
      if (hasImport(node) && node.hasError) broken.push(node.text)
      if (isTop && node.isError) statements.push(...unindentedIn(node))
    } else if (isTop || hasImport(node)) {
      const isTopBelow = isTop && !/_definition$/.test(node.type)
      for (const [part, partKind] of partsOf(node, kind).toReversed()) {
        open.push({ node: part, kind: partKind, isTop: isTopBelow })
      }
    }
  }
  return { imports, symbols: symbolsOf(statements), faults: faultsIn(root), broken }
}

/** Statements that were recognised in a part without syntax, as far as they begin at the left edge. */
const unindentedIn = (node: Node): readonly Node[] =>
  node.namedChildren.filter(({ startPosition }) => startPosition.column === 0)

/** Whether the word stands in a node: the rest of a file is not walked through. To be asked in the order of the text. */
function importFinder(text: string): (node: Node) => boolean {
  let next = text.indexOf('import')
  return ({ startIndex, endIndex }) => {
    if (next >= 0 && next < startIndex) next = text.indexOf('import', startIndex)
    return next >= 0 && next < endIndex
  }
}

/** The grammar knows all of Python 3.14; `lazy import` came with 3.15. */
const faultsIn = (root: Node) => faultsOf(root).filter(({ message }) => message !== "cannot be parsed: 'lazy'")

/** `# coding: latin-1` in one of the first two lines. */
function declaresEncoding(text: string): boolean {
  return text.split('\n', 2).some((line) => /^[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+/.test(line))
}
