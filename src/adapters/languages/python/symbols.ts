/** Names that a Python file defines at its top level. */
import type { TopLevelSymbol } from '../../../dependencies/parsed-file.ts'
import { lastLineOf, lineOf } from '../tree-sitter/faults.ts'
import type { Node } from '../tree-sitter/reader.ts'
import { identifierOf } from './imports.ts'

type Named = Pick<TopLevelSymbol, 'name' | 'kind'>

/** The symbols of these statements, exported as `__all__` says where it is a plain list. */
export function symbolsOf(statements: readonly Node[]): readonly TopLevelSymbol[] {
  const listed = statements.map(listedNames).findLast((names) => names !== undefined)
  return statements.flatMap((statement) =>
    definedBy(statement).map(({ name, kind }) => ({
      name,
      kind,
      fromLine: lineOf(statement),
      toLine: lastLineOf(statement),
      exported: listed?.has(name) ?? !name.startsWith('_'),
    })),
  )
}

function definedBy(statement: Node): readonly Named[] {
  switch (statement.type) {
    case 'decorated_definition': {
      const definition = statement.childForFieldName('definition')
      return definition === null ? [] : definedBy(definition)
    }
    case 'function_definition':
      return named(statement.childForFieldName('name'), 'function')
    case 'class_definition':
      return named(statement.childForFieldName('name'), 'class')
    case 'type_alias_statement':
      return named(firstIdentifier(statement.childForFieldName('left')), 'type')
    case 'expression_statement':
      return assignmentsIn(statement).flatMap(({ left }) =>
        targetsIn(left).flatMap((each) => named(each, variableKind(each))),
      )
    default:
      return []
  }
}

const named = (node: Node | null, kind: TopLevelSymbol['kind']): readonly Named[] =>
  node === null || node.text === '' ? [] : [{ name: identifierOf(node.text), kind }]

const variableKind = ({ text }: Node): 'constant' | 'variable' =>
  /^[A-Z][A-Z0-9_]*$/.test(text) ? 'constant' : 'variable'

type Assignment = { readonly left: Node; readonly right: Node | null }

/** `a = b = 1` is an assignment whose right side is another. */
function assignmentsIn(statement: Node): readonly Assignment[] {
  const found: Assignment[] = []
  for (let node = statement.firstNamedChild; node?.type === 'assignment'; node = node.childForFieldName('right')) {
    const left = node.childForFieldName('left')
    if (left !== null) found.push({ left, right: node.childForFieldName('right') })
  }
  return found
}

function targetsIn(left: Node): readonly Node[] {
  if (left.type === 'identifier') return [left]
  if (left.type !== 'pattern_list') return []
  return left.namedChildren.filter(({ type }) => type === 'identifier')
}

/** `X` of `type X[T] = …`. */
function firstIdentifier(node: Node | null): Node | null {
  let first = node
  while (first !== null && first.type !== 'identifier') first = first.firstNamedChild
  return first
}

/** The names that `__all__ = […]` lists. */
function listedNames(statement: Node): ReadonlySet<string> | undefined {
  const [{ left, right } = { left: null, right: null }] = assignmentsIn(statement)
  if (left?.text !== '__all__' || (right?.type !== 'list' && right?.type !== 'tuple')) return undefined
  const names = right.namedChildren.filter(({ type }) => type !== 'comment').map(plainString)
  return names.includes(undefined) ? undefined : new Set(names.filter((name) => name !== undefined))
}

const plainString = (node: Node): string | undefined =>
  node.type === 'string' ? /^(["'])(\w+)\1$/.exec(node.text)?.[2] : undefined
