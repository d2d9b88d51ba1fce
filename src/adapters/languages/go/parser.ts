import { isUtf8 } from 'node:buffer'
import type { ParsedFile, ParsedImport, ParseFault } from '../../../dependencies/parsed-file.ts'
import type { SourceFile } from '../../../ports/parser.ts'
import { sourceText } from '../text.ts'
import { faultsOf } from '../tree-sitter/faults.ts'
import type { Node, TreeReader } from '../tree-sitter/reader.ts'
import { isLeftOut } from './constraints.ts'
import { specificationsIn, symbolsIn } from './symbols.ts'

type Parsed = Omit<ParsedFile, 'language'>

/** Imports, faults and, if they are wished for, symbols of a file. */
export function parseGo(trees: TreeReader, { path, bytes }: SourceFile, wish: { readonly symbols: boolean }): Parsed {
  const text = sourceText(bytes)
  if (text === null) return withoutTree('is no text')
  // The grammar ends the last declaration by a line break alone.
  const parsed = trees.read(`${text}\n`, (root) => {
    const declarations = declarationsOf(root)
    return {
      head: text.slice(0, declarations[0]?.startIndex ?? 0),
      imports: declarations.filter(({ type }) => type === 'import_declaration').flatMap(importsIn),
      symbols: wish.symbols ? declarations.flatMap(symbolsIn) : [],
      faults: [...faultsOf(root), ...(isPackage(declarations[0]) ? [] : [{ line: 1, message: "expected 'package'" }])],
    }
  })
  if ('fault' in parsed) return withoutTree(parsed.fault)
  const { head, ...found } = parsed
  const leftOut = isLeftOut(path, head)
  const encoding: readonly ParseFault[] = isUtf8(bytes) ? [] : [{ line: 1, message: 'not UTF-8' }]
  return { ...found, faults: [...encoding, ...upToEnd(found.faults, text)], ...(leftOut && { leftOut }) }
}

/** Without the line that was put at the end. */
function upToEnd(faults: readonly ParseFault[], text: string): readonly ParseFault[] {
  const lines = faults.length === 0 ? 0 : text.split('\n').length
  return faults.map(({ line, message }) => ({ line: Math.min(line, lines), message }))
}

const withoutTree = (message: string): Parsed => ({ imports: [], symbols: [], faults: [{ line: 1, message }] })

const isPackage = (node: Node | undefined): boolean => node?.type === 'package_clause'

/** What stands at the top level, also between parts that cannot be parsed. */
function declarationsOf(root: Node): readonly Node[] {
  return root.namedChildren
    .flatMap((node) => (node.isError ? node.namedChildren : [node]))
    .filter(({ type }) => type !== 'comment')
}

function importsIn(declaration: Node): readonly ParsedImport[] {
  return specificationsIn(declaration).flatMap((specification) => {
    const specifier = (specification.childForFieldName('path')?.text ?? '').slice(1, -1)
    return specifier === '' ? [] : [{ specifier, kind: 'static', level: 0, names: [] }]
  })
}
