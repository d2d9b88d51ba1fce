/** What a source says about settings: one assignment a setting, and where it was said. */
import { distance } from 'fastest-levenshtein'
import { kindOf, type SchemaNode } from './schema-node.ts'

/** One value for one setting; `where` is a file with line and column, or the name of a variable. */
export type Assignment = {
  readonly path: readonly string[]
  readonly value: unknown
  readonly node: SchemaNode
  readonly where: string
  /** Where each item of a list was said, as far as that is known. */
  readonly items?: readonly string[]
}

/** What is wrong with one setting, as a sentence that says where, what was expected and how to mend it. */
export type Problem = string

export type Said = { readonly assignments: readonly Assignment[]; readonly problems: readonly Problem[] }

export const NOTHING_SAID: Said = { assignments: [], problems: [] }

export const joinSaid = (parts: readonly Said[]): Said => ({
  assignments: parts.flatMap((part) => part.assignments),
  problems: parts.flatMap((part) => part.problems),
})

export const problem = (sentence: Problem): Said => ({ assignments: [], problems: [sentence] })

/** A value of a YAML document, as far as settings need it. */
export type Tree = {
  readonly where: string
  /** The plain value, for settings. */
  readonly value: unknown
  /** Its members, if it is a mapping; keys as written. */
  readonly members: readonly (readonly [key: string, Tree])[] | null
  /** Its items, if it is a list. */
  readonly items: readonly Tree[] | null
}

/** Reads a tree against the schema: every setting below `path` becomes an assignment, every stray key a problem. */
export function readTree(tree: Tree, node: SchemaNode, path: readonly string[]): Said {
  const kind = kindOf(node)
  if (kind.kind === 'setting') return setting(tree, node, path)
  if (tree.value === null || tree.value === undefined) return NOTHING_SAID
  if (kind.kind === 'list') return readList(tree, kind.member, path)
  if (tree.members === null)
    return problem(`${tree.where}: ${path.join('.') || 'the file'} must be a mapping of settings`)
  return joinSaid(
    tree.members.map(([key, member]) => {
      const below = [...path, key]
      if (kind.kind === 'named') {
        return kind.names.test(key)
          ? joinSaid([present(below, member.where), readTree(member, kind.member, below)])
          : problem(
              `${member.where}: ${JSON.stringify(key)} is no name for ${path.join('.')}: it must be like ${kind.names.source}`,
            )
      }
      const found = kind.members.get(key)
      return found === undefined
        ? problem(`${member.where}: unknown setting ${below.join('.')}${nearest(key, [...kind.members.keys()])}`)
        : readTree(member, found, below)
    }),
  )
}

const setting = (tree: Tree, node: SchemaNode, path: readonly string[]): Said => {
  const items = tree.items === null ? {} : { items: tree.items.map(({ where }) => where) }
  return { assignments: [{ path, value: tree.value, node, where: tree.where, ...items }], problems: [] }
}

function readList({ items, where }: Tree, member: SchemaNode, path: readonly string[]): Said {
  if (items === null) return problem(`${where}: ${path.join('.')} must be a list`)
  return joinSaid(
    items.map((item, index) => {
      const below = [...path, String(index)]
      return item.members === null
        ? problem(`${item.where}: ${below.join('.')} must be a mapping of settings`)
        : joinSaid([present(below, item.where), readTree(item, member, below)])
    }),
  )
}

/** Notes that a named group or a list has a member, also when nothing is set in it. */
const present = (path: readonly string[], where: string): Said => ({
  assignments: [{ path, value: true, node: { type: 'boolean' }, where }],
  problems: [],
})

/** `, did you mean x?` for the candidate that is spelled most alike, or nothing when none is near. */
export function nearest(wrong: string, candidates: readonly string[]): string {
  const ranked = candidates
    .map((candidate) => ({ candidate, away: distance(wrong.toLowerCase(), candidate.toLowerCase()) }))
    .sort((left, right) => left.away - right.away)
  const [best] = ranked
  if (best !== undefined && best.away <= Math.max(2, Math.floor(wrong.length / 3)))
    return `, did you mean ${best.candidate}?`
  return candidates.length <= 24 ? `; there are ${[...candidates].sort().join(', ')}` : ''
}
