/** Settings from YAML text: a file, or the value of an environment variable that sets a whole section. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLParseError } from 'yaml'
import { NOTHING_SAID, problem, readTree, type Said, type Tree } from './assignment.ts'
import type { SchemaNode } from './schema-node.ts'

/** Stands for the value of an alias, which no setting takes. */
const ALIAS = Symbol('alias')

/** Names the place of an offset in the text, for messages. */
type Place = (offset: number) => string

/** Reads a settings file; `file` is only for messages. */
export function readYaml(text: string, file: string, schema: SchemaNode): Said {
  const lines = new LineCounter()
  const place: Place = (offset) => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  return readDocument(text, { schema, path: [], lines, place })
}

/** Reads the value of a variable that stands for a whole section, as YAML (and so also JSON). */
export function readYamlValue(
  text: string,
  variable: string,
  at: { readonly schema: SchemaNode; readonly path: readonly string[] },
): Said {
  return readDocument(text, { ...at, lines: new LineCounter(), place: () => variable })
}

type Reading = {
  readonly schema: SchemaNode
  readonly path: readonly string[]
  readonly lines: LineCounter
  readonly place: Place
}

/** Nothing else that a text can be makes the parser or this reader throw. */
function readDocument(text: string, reading: Reading): Said {
  try {
    return readParsed(text, reading)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return problem(`${reading.place(0)}: nested too deeply: no setting lies so deep`)
  }
}

function readParsed(text: string, { schema, path, lines, place }: Reading): Said {
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [fault] = document.errors
  if (fault !== undefined) return problem(`${place(fault.pos[0])}: not valid YAML: ${saidOf(fault)}`)
  return document.contents === null ? NOTHING_SAID : readTree(treeOf(document.contents, place), schema, path)
}

/** The parser's words are for people who write programs, here and there. */
const saidOf = ({ code, message }: YAMLParseError): string =>
  code === 'MULTIPLE_DOCS' ? 'there is a second document (`---`); only one is read' : message

/** Aliases are not followed: a few bytes of them can stand for gigabytes. */
function treeOf(node: Node, place: Place): Tree {
  const where = place(node.range?.[0] ?? 0)
  const leaf = { where, members: null, items: null }
  if (isAlias(node)) return { ...leaf, value: ALIAS }
  if (isScalar(node)) return { ...leaf, value: node.value }
  if (isSeq(node)) {
    const items = node.items.map((item) => treeOf(item as Node, place))
    return { ...leaf, value: items.map(({ value }) => value), items }
  }
  if (!isMap(node)) return { ...leaf, value: null }
  const members = node.items.map((pair): readonly [string, Tree] => {
    const key = pair.key as Node
    const member = pair.value === null ? { value: null, members: null, items: null } : treeOf(pair.value as Node, place)
    return [isScalar(key) ? String(key.value) : String(key), { ...member, where: place(key.range?.[0] ?? 0) }]
  })
  return { where, value: members, members, items: null }
}
