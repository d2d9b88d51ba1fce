/** Import statements of a tree. */
import type { ImportKind, ParsedImport } from '../../../dependencies/parsed-file.ts'
import type { Node } from '../tree-sitter/reader.ts'

const STATEMENTS = new Set(['import_statement', 'import_from_statement', 'future_import_statement'])

export const isImport = (node: Node): boolean => STATEMENTS.has(node.type)

/** What one statement imports. Parts of it that cannot be parsed are left out. */
export function importsIn(statement: Node, kind: ImportKind): readonly ParsedImport[] {
  const names = statement.childrenForFieldName('name').map(importedName)
  if (statement.type === 'import_statement') {
    return names.map((specifier) => ({ specifier, kind, level: 0, names: [] }))
  }
  const isStar = statement.namedChildren.some(({ type }) => type === 'wildcard_import')
  const from =
    statement.type === 'future_import_statement' ? '__future__' : pathOf(statement.childForFieldName('module_name'))
  const specifier = from.replace(/^\.+/, '')
  return [{ specifier, kind, level: from.length - specifier.length, names: isStar ? ['*'] : names }]
}

/** `a.b as c`: `a.b`. */
function importedName(node: Node): string {
  return pathOf(node.type === 'aliased_import' ? node.childForFieldName('name') : node)
}

/** A dotted name, dots at its front included. Blanks and comments may stand between its parts. */
function pathOf(node: Node | null): string {
  return identifierOf((node?.text ?? '').replace(/#.*|[\s\\]+/g, ''))
}

/** Python compares identifiers in this form. */
export const identifierOf = (text: string): string => text.normalize('NFKC')

/** An import that stands in a line of its own, as far as a line shows it. */
const LINE = /^([ \t]*)(?:lazy[ \t]+)?(import\b.*|from\b[^\n(]*(?:\([^)]{0,4000}\))?.*)/gm

/** Lines of a part without syntax that look like imports, as a file of their own: those of blocks under a condition. */
export function importLinesOf(text: string): string {
  return [...text.matchAll(LINE)].map(([, indent, line]) => `${indent === '' ? '' : 'if 1: '}${line}`).join('\n')
}
