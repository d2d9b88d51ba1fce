/** How the settings' schema is walked: a node is a section, a named group, or one setting. */
import type { TSchema } from 'typebox'

/** The parts of JSON Schema that settings use. */
export type SchemaNode = {
  readonly description?: string
  readonly default?: unknown
  readonly secret?: boolean
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly minLength?: number
  readonly pattern?: string
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>
  /** What is wrong with a value (of a list: with one of its items) that the schema cannot say, or null. */
  readonly fault?: (value: unknown) => string | null
}

export const nodeOf = (schema: TSchema): SchemaNode => schema as SchemaNode

export type NodeKind =
  | { readonly kind: 'section'; readonly members: ReadonlyMap<string, SchemaNode> }
  | { readonly kind: 'named'; readonly names: RegExp; readonly member: SchemaNode }
  /** Sections one after the other. */
  | { readonly kind: 'list'; readonly member: SchemaNode }
  | { readonly kind: 'setting' }

/** Whether a node of the schema holds named members, is a list, or is one setting. */
export function kindOf(node: SchemaNode): NodeKind {
  if (node.properties !== undefined) return { kind: 'section', members: new Map(Object.entries(node.properties)) }
  const [pattern] = Object.entries(node.patternProperties ?? {})
  if (pattern !== undefined) return { kind: 'named', names: new RegExp(pattern[0]), member: pattern[1] }
  return node.items?.properties === undefined ? { kind: 'setting' } : { kind: 'list', member: node.items }
}

/** A node without its `null`. */
const without = (node: SchemaNode): SchemaNode => node.anyOf?.[0] ?? node

/** The type of a setting without its `null`: `string` of an optional text. */
export const typeOf = (node: SchemaNode): string => without(node).type ?? 'string'

/** What a setting takes, in words for an error message or a table. */
export function expectation(node: SchemaNode): string {
  if (node.anyOf !== undefined) return `${expectation(without(node))} or nothing`
  if (node.enum !== undefined) return `one of ${node.enum.join(', ')}`
  const { minimum, maximum } = node
  const range =
    minimum !== undefined && maximum !== undefined
      ? ` from ${minimum} to ${maximum}`
      : minimum !== undefined
        ? ` of at least ${minimum}`
        : ''
  switch (typeOf(node)) {
    case 'integer':
      return `a whole number${range}`
    case 'number':
      return `a number${range}`
    case 'boolean':
      return 'true or false'
    case 'array':
      return `a list of ${node.items?.enum === undefined ? 'texts' : node.items.enum.join(', ')}${node.minItems === undefined ? '' : `, at least ${node.minItems}`}`
    default:
      return `a text${node.pattern === undefined ? '' : ` like ${node.pattern}`}`
  }
}
