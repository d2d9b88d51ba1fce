import type { AstNode } from './syntax.ts'

/** Nodes right below a node, in no order. */
export function* childrenOf(node: AstNode): Generator<AstNode> {
  for (const key in node) {
    const value = node[key]
    if (Array.isArray(value)) {
      for (const element of value) if (isNode(element)) yield element
    } else if (isNode(value)) yield value
  }
}

export const isNode = (value: unknown): value is AstNode =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'

export const nodesOf = (value: unknown): readonly AstNode[] => (Array.isArray(value) ? value.filter(isNode) : [])

/** The text of a string literal, or of a template without holes; else null. */
export function literalText(value: unknown): string | null {
  if (!isNode(value)) return null
  if (value.type === 'StringLiteral') return typeof value['value'] === 'string' ? value['value'] : null
  if (value.type === 'TSLiteralType') return literalText(value['literal'])
  const [quasi, ...more] = value.type === 'TemplateLiteral' ? nodesOf(value['quasis']) : []
  if (quasi === undefined || more.length > 0) return null
  const text = quasi['value']
  return typeof text === 'object' && text !== null && 'cooked' in text && typeof text.cooked === 'string'
    ? text.cooked
    : null
}

export const isIdentifier = (value: unknown, name: string): boolean =>
  isNode(value) && value.type === 'Identifier' && value['name'] === name
