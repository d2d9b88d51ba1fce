/** Under which conditions the statements of a Python file run. */
import type { ImportKind } from '../../../dependencies/parsed-file.ts'
import type { Node } from '../tree-sitter/reader.ts'

/** A block has the last of these that it or a block around it has. */
const BY_WEIGHT: readonly ImportKind[] = ['static', 'conditional', 'dynamic', 'type']

const CONDITIONAL = new Set(
  'if_statement elif_clause else_clause for_statement while_statement try_statement except_clause finally_clause case_clause'.split(
    ' ',
  ),
)
const PLAIN = 'module block with_statement class_definition decorated_definition match_statement function_definition'
const BLOCKS = new Set([...CONDITIONAL, ...PLAIN.split(' ')])

/** Whether statements can stand in a node. */
export const isBlock = ({ type }: Node): boolean => BLOCKS.has(type)

/** The parts of a block, each with the kind of the imports that stand in it. */
export function partsOf(block: Node, outer: ImportKind): readonly (readonly [part: Node, kind: ImportKind])[] {
  const kind = heavier(outer, kindOf(block))
  if (block.type !== 'if_statement') return block.namedChildren.map((part) => [part, kind])
  const asked = askedBy(block)
  let unlessTypes = asked === 'no'
  return block.namedChildren.map((part) => {
    const own = part.type === 'elif_clause' ? askedBy(part) : part.type === 'else_clause' ? 'unasked' : undefined
    const forTypes = own === undefined ? asked === 'yes' : own === 'yes' || (own === 'unasked' && unlessTypes)
    if (own === 'no') unlessTypes = true
    return [part, forTypes ? 'type' : kind]
  })
}

const heavier = (one: ImportKind, other: ImportKind): ImportKind =>
  BY_WEIGHT.indexOf(one) > BY_WEIGHT.indexOf(other) ? one : other

function kindOf({ type }: Node): ImportKind {
  if (type === 'function_definition') return 'dynamic'
  return CONDITIONAL.has(type) ? 'conditional' : 'static'
}

/** What the condition of an `if` or `elif` says about `TYPE_CHECKING`. */
function askedBy(node: Node): 'yes' | 'no' | 'unasked' {
  const condition = node.childForFieldName('condition')
  if (condition === null) return 'unasked'
  const isNegated = condition.type === 'not_operator'
  const asked = isNegated ? condition.childForFieldName('argument') : condition
  if (asked === null || !/^(?:[\w.]+\.)?TYPE_CHECKING$/.test(asked.text)) return 'unasked'
  return isNegated ? 'no' : 'yes'
}
