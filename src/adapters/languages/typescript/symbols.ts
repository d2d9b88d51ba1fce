/** Names that a file defines at its top level. */
import type { TopLevelSymbol } from '../../../dependencies/parsed-file.ts'
import type { AstNode } from './syntax.ts'
import { childrenOf, isNode, nodesOf } from './walk.ts'

type Named = Pick<TopLevelSymbol, 'name' | 'kind'>

/** What the top level of a parsed file defines, and whether it is exported. */
export function symbolsOf(program: AstNode): readonly TopLevelSymbol[] {
  const statements = nodesOf(program['body'])
  const exported = new Set(statements.flatMap(exportedNames))
  return statements.flatMap((statement) => {
    const isExport = statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration'
    const declaration = isExport ? statement['declaration'] : statement
    if (!isNode(declaration)) return []
    const named = definedBy(declaration, statement.type === 'ExportDefaultDeclaration' ? 'default' : null)
    return named.map(({ name, kind }) => ({
      name,
      kind,
      fromLine: statement.loc.start.line,
      toLine: statement.loc.end.line,
      exported: isExport || exported.has(name),
    }))
  })
}

/** Local names of `export { a, b as c }`. */
function exportedNames(statement: AstNode): readonly string[] {
  if (statement.type === 'ExportDefaultDeclaration') return [nameOf(statement['declaration'])].filter(isName)
  if (statement.type !== 'ExportNamedDeclaration' || isNode(statement['source'])) return []
  return nodesOf(statement['specifiers'])
    .map((specifier) => nameOf(specifier['local']))
    .filter(isName)
}

const KINDS: ReadonlyMap<string, TopLevelSymbol['kind']> = new Map([
  ['FunctionDeclaration', 'function'],
  ['TSDeclareFunction', 'function'],
  ['DeclareFunction', 'function'],
  ['ClassDeclaration', 'class'],
  ['DeclareClass', 'class'],
  ['TSInterfaceDeclaration', 'type'],
  ['TSTypeAliasDeclaration', 'type'],
  ['TSEnumDeclaration', 'type'],
  ['TSModuleDeclaration', 'variable'],
  ['InterfaceDeclaration', 'type'],
  ['TypeAlias', 'type'],
  ['OpaqueType', 'type'],
  ['EnumDeclaration', 'type'],
])

/** `fallback`: the name of what has none of its own. */
function definedBy(declaration: AstNode, fallback: string | null): readonly Named[] {
  if (declaration.type === 'VariableDeclaration') return variablesOf(declaration)
  // `declare module 'x'` says something of another module.
  if (isNode(declaration['id']) && declaration['id'].type === 'StringLiteral') return []
  const kind = KINDS.get(declaration.type) ?? (fallback === null ? undefined : kindOfValue(declaration, 'constant'))
  const name = kind === undefined ? null : (nameOf(declaration['id']) ?? fallback)
  // `export default name` defines nothing.
  return kind === undefined || name === null || declaration.type === 'Identifier' ? [] : [{ name, kind }]
}

function variablesOf(declaration: AstNode): readonly Named[] {
  const kind = declaration['kind'] === 'const' || declaration['kind'] === 'using' ? 'constant' : 'variable'
  return nodesOf(declaration['declarations']).flatMap((one) => {
    const name = nameOf(one['id'])
    if (name !== null) return [{ name, kind: kindOfValue(one['init'], kind) }]
    return isNode(one['id']) ? namesBoundBy(one['id']).map((bound) => ({ name: bound, kind })) : []
  })
}

function kindOfValue(value: unknown, otherwise: TopLevelSymbol['kind']): TopLevelSymbol['kind'] {
  if (!isNode(value)) return otherwise
  if (value.type === 'ArrowFunctionExpression' || value.type === 'FunctionExpression') return 'function'
  return value.type === 'ClassExpression' ? 'class' : otherwise
}

/** Names that a destructuring pattern binds, without its keys and defaults. */
function namesBoundBy(pattern: AstNode): readonly string[] {
  const names: string[] = []
  const open = [pattern]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.type === 'Identifier') names.push(...[nameOf(node)].filter(isName))
    else if (node.type === 'ObjectProperty') open.push(...[node['value']].filter(isNode))
    else if (node.type === 'AssignmentPattern') open.push(...[node['left']].filter(isNode))
    else if (/Pattern$|^RestElement$/.test(node.type)) open.push(...[...childrenOf(node)].reverse())
  }
  return names
}

function nameOf(value: unknown): string | null {
  if (!isNode(value)) return null
  if (value.type !== 'Identifier') return isNode(value['id']) ? nameOf(value['id']) : null
  return typeof value['name'] === 'string' ? value['name'] : null
}

const isName = (name: string | null): name is string => name !== null
