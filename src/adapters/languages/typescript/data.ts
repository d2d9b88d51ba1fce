/** Configuration files as plain data of unknown shape. Whatever is broken counts as absent. */
import { babel, yaml } from './libraries.ts'
import type { AstNode } from './syntax.ts'
import { isNode, literalText, nodesOf } from './walk.ts'

export type Data = { readonly [key: string]: unknown }

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

const orAbsent = (read: () => unknown): Data => {
  try {
    const value = read()
    return isData(value) ? value : {}
  } catch {
    return {}
  }
}

export const isData = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const readJson = (bytes: Uint8Array): Data => orAbsent(() => JSON.parse(text(bytes)))

/** Without warnings: they would come from whoever wrote the file. */
export const readYaml = (bytes: Uint8Array): Data => orAbsent(() => yaml().parse(text(bytes), { logLevel: 'error' }))

/** JSON with comments and trailing commas is an expression of JavaScript, so its parser reads it. */
export const readJsonWithComments = (bytes: Uint8Array): Data =>
  orAbsent(() => dataOf(babel().parseExpression(text(bytes), { attachComment: false }) as unknown as AstNode, 0))

/** Deeper values are left out: no setting of a configuration stands so deep. */
const DEPTH_MAX = 16

function dataOf(node: AstNode, depth: number): unknown {
  if (depth > DEPTH_MAX) return null
  if (node.type === 'ArrayExpression') return nodesOf(node['elements']).map((one) => dataOf(one, depth + 1))
  if (node.type !== 'ObjectExpression') return literalText(node) ?? node['value'] ?? null
  const entries = nodesOf(node['properties']).flatMap(({ key, value }) => {
    const name = literalText(key)
    return name === null || !isNode(value) ? [] : [[name, dataOf(value, depth + 1)] as const]
  })
  return Object.fromEntries(entries)
}

export const textAt = (data: Data, key: string): string | null => {
  const value = data[key]
  return typeof value === 'string' && value !== '' ? value : null
}

export const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
