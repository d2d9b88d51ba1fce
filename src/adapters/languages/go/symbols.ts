/** Names that a Go file defines at its top level. */
import type { TopLevelSymbol } from '../../../dependencies/parsed-file.ts'
import { lastLineOf, lineOf } from '../tree-sitter/faults.ts'
import type { Node } from '../tree-sitter/reader.ts'

const KINDS: ReadonlyMap<string, TopLevelSymbol['kind']> = new Map([
  ['const_spec', 'constant'],
  ['var_spec', 'variable'],
  ['type_spec', 'type'],
  ['type_alias', 'type'],
])

/** What a declaration at the top level of a Go file defines; a method is named with its receiver. */
export function symbolsIn(declaration: Node): readonly TopLevelSymbol[] {
  switch (declaration.type) {
    case 'function_declaration':
      return [symbolOf(nameIn(declaration), 'function', declaration)].filter(isNamed)
    case 'method_declaration':
      return [symbolOf(`${receiverOf(declaration)}.${nameIn(declaration)}`, 'function', declaration)]
    default:
      return specificationsIn(declaration).flatMap((specification) => {
        const kind = KINDS.get(specification.type)
        const names = specification.childrenForFieldName('name').filter(({ type }) => type !== ',')
        return kind === undefined ? [] : names.map(({ text }) => symbolOf(text, kind, specification)).filter(isNamed)
      })
  }
}

/** `name "path"` of an import, `a, b = 1, 2` of a constant: one, or several in brackets. */
export function specificationsIn(declaration: Node): readonly Node[] {
  return declaration.namedChildren.flatMap((node) => (/_spec_list$/.test(node.type) ? node.namedChildren : [node]))
}

const nameIn = (declaration: Node): string => declaration.childForFieldName('name')?.text ?? ''

/** The name of the type in `(r *Type[P])`. */
function receiverOf(method: Node): string {
  return method.childForFieldName('receiver')?.descendantsOfType('type_identifier')[0]?.text ?? ''
}

function symbolOf(name: string, kind: TopLevelSymbol['kind'], node: Node): TopLevelSymbol {
  const exported = name.split('.').every((part) => /^\p{Lu}/u.test(part))
  return { name, kind, fromLine: lineOf(node), toLine: lastLineOf(node), exported }
}

const isNamed = ({ name }: TopLevelSymbol): boolean => name !== '' && name !== '_'
