import { type ParserOptions, parse } from '@babel/parser'

/** A function of a source file. Its lines are those that hold more than comments and blanks. */
export type FoundFunction = {
  readonly line: number
  readonly name: string
  readonly lines: number
  readonly parameters: number
}

type Place = { readonly start: number; readonly end: number }
type Node = Place & { readonly type: string; readonly loc: { readonly start: { line: number }; end: { line: number } } }

const KINDS = /^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression|(?:Object|Class|ClassPrivate)Method)$/

/** The functions of a TypeScript file, inner ones too, in the order in which they begin. Throws on wrong syntax. */
export function functionsOf(text: string, path: string): readonly FoundFunction[] {
  const plugins: ParserOptions['plugins'] = path.endsWith('x') ? ['typescript', 'jsx'] : ['typescript']
  const file = parse(text, { sourceType: 'module', plugins })
  const full = fullLines(text, file.comments ?? [])
  const found: FoundFunction[] = []
  const visit = (value: unknown, name: string): void => {
    if (Array.isArray(value)) for (const one of value) visit(one, name)
    if (!isNode(value)) return
    const own = nameIn(value) ?? name
    if (KINDS.test(value.type)) {
      const { start, end } = value.loc
      const lines = full.slice(start.line - 1, end.line).filter(Boolean).length
      const { params } = value as Node & { readonly params: readonly unknown[] }
      found.push({ line: start.line, name: own, lines, parameters: params.length })
    }
    for (const [key, inner] of Object.entries(value)) if (!BESIDE.has(key)) visit(inner, own)
  }
  visit(file.program, '')
  return found
}

/** Parts of a node that are no code. */
const BESIDE: ReadonlySet<string> = new Set(['loc', 'extra', 'leadingComments', 'innerComments', 'trailingComments'])

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && 'loc' in value && 'start' in value

/** What a node calls its function: its own name, or that of the variable or property that it becomes. */
function nameIn(node: Node): string | null {
  const { id, key } = node as Node & { id?: { name?: string } | null; key?: { name?: string; id?: { name?: string } } }
  return id?.name ?? key?.name ?? key?.id?.name ?? null
}

/** Of each line whether it holds more than comments and blanks. */
function fullLines(text: string, comments: readonly { readonly start?: number; readonly end?: number }[]): boolean[] {
  let rest = ''
  let from = 0
  for (const { start = 0, end = 0 } of comments) {
    rest += text.slice(from, start) + text.slice(start, end).replace(/[^\n]/g, ' ')
    from = end
  }
  return (rest + text.slice(from)).split('\n').map((line) => line.trim() !== '')
}
