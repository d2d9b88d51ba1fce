/** What a file imports, from its tree and its comments. */
import type { ImportKind, ParsedImport } from '../../../dependencies/parsed-file.ts'
import type { AstNode, Comment, Syntax } from './syntax.ts'
import { childrenOf, isIdentifier, isNode, literalText, nodesOf } from './walk.ts'

type Found = { readonly specifier: string; readonly kind: ImportKind; readonly at: number }

/** Words without which nothing below the top level can import: most modules need no walk over their whole tree. */
const DEEP_IMPORT = /\brequire\b|\bimport\s*\(/

/** What a parsed file imports, each once, in the order of the text; `jsDoc`: also what types in comments import. */
export function importsOf(text: string, syntax: Syntax, options: { readonly jsDoc: boolean }): readonly ParsedImport[] {
  const found: Found[] = referencesOf(syntax)
  if (options.jsDoc) found.push(...syntax.comments.flatMap(jsDocImports))
  walk(syntax, DEEP_IMPORT.test(text), found)
  return uniqueImports(found.sort((one, other) => one.at - other.at))
}

/** Each import once, in the order given; those without a specifier are left out. */
export function uniqueImports(found: readonly Omit<Found, 'at'>[]): readonly ParsedImport[] {
  const imports = new Map<string, ParsedImport>()
  for (const { specifier, kind } of found) {
    const key = `${kind} ${specifier}`
    if (specifier !== '' && !imports.has(key)) imports.set(key, { specifier, kind, level: 0, names: [] })
  }
  return [...imports.values()]
}

type Visit = { readonly node: AstNode; readonly kind: ImportKind }

const TOP_LEVEL = new Set(['Program', 'ExportNamedDeclaration', 'TSModuleDeclaration', 'TSModuleBlock'])
const FUNCTION = /Function|Method/
const CONDITION = /^(?:If|Try|Switch|For|While|DoWhile)|^(?:Conditional|Logical)Expression$/

function walk({ program, isModule }: Syntax, isDeep: boolean, found: Found[]): void {
  const open: Visit[] = [{ node: program, kind: 'static' }]
  for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
    const { node, kind } = visit
    const imported = importOf(visit, isModule)
    if (imported !== null) found.push({ ...imported, at: node.start })
    if (!isDeep && !TOP_LEVEL.has(node.type)) continue
    const inner = kindBelow(node, kind)
    for (const child of childrenOf(node)) open.push({ node: child, kind: inner })
  }
}

function kindBelow({ type }: AstNode, kind: ImportKind): ImportKind {
  if (kind === 'dynamic' || kind === 'type') return kind
  if (type === 'TSModuleDeclaration') return 'type'
  if (FUNCTION.test(type)) return 'dynamic'
  return CONDITION.test(type) ? 'conditional' : kind
}

function importOf({ node, kind }: Visit, isModule: boolean): Omit<Found, 'at'> | null {
  const asImport = (specifier: string | null, as: ImportKind) => (specifier === null ? null : { specifier, kind: as })
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return asImport(literalText(node['source']), isForTypes(node) ? 'type' : kind)
    case 'TSImportEqualsDeclaration':
      return asImport(requiredBy(node['moduleReference']), node['importKind'] === 'type' ? 'type' : kind)
    case 'ImportExpression':
      return asImport(literalText(node['source']), 'dynamic')
    case 'TSImportType':
      return asImport(literalText(node['source'] ?? node['argument']), 'type')
    case 'CallExpression':
      return asImport(isRequire(node['callee']) ? literalText(nodesOf(node['arguments'])[0]) : null, kind)
    case 'TSModuleDeclaration':
      return asImport(isModule ? literalText(node['id']) : null, 'type')
    default:
      return null
  }
}

/** `import type`, `export type`, or only names that are marked as types one by one. */
function isForTypes(node: AstNode): boolean {
  const mark = node['importKind'] ?? node['exportKind']
  if (mark === 'type' || mark === 'typeof') return true
  const names = nodesOf(node['specifiers'])
  return names.length > 0 && names.every((name) => (name['importKind'] ?? name['exportKind']) === 'type')
}

const requiredBy = (reference: unknown): string | null =>
  isNode(reference) && reference.type === 'TSExternalModuleReference' ? literalText(reference['expression']) : null

/** `require` and `require.resolve`. */
function isRequire(callee: unknown): boolean {
  if (isIdentifier(callee, 'require')) return true
  if (!isNode(callee) || callee.type !== 'MemberExpression') return false
  return isIdentifier(callee['object'], 'require') && isIdentifier(callee['property'], 'resolve')
}

const REFERENCE = /^\/\s*<reference\s+(path|types)\s*=\s*(?:"([^"]+)"|'([^']+)')/

/** `/// <reference path="…" />` before the first statement. */
function referencesOf({ program, comments }: Syntax): Found[] {
  const first = nodesOf(program['body'])[0]?.start ?? Number.POSITIVE_INFINITY
  return comments.flatMap(({ isBlock, text, start }) => {
    const [, of, quoted, single] = (!isBlock && start < first && REFERENCE.exec(text)) || []
    const name = quoted ?? single
    if (name === undefined) return []
    const isBare = of === 'path' && !name.startsWith('.') && !name.startsWith('/')
    return [{ specifier: isBare ? `./${name}` : name, kind: 'type' as const, at: start }]
  })
}

const JSDOC_IMPORT = /\bimport\s*\(\s*(['"])([^'"\n]+)\1\s*\)|@import\b[^@'"]*(['"])([^'"\n]+)\3/g

/** Types that JavaScript takes from other files in its comments. */
function jsDocImports({ isBlock, text, start }: Comment): readonly Found[] {
  if (!isBlock || !text.startsWith('*') || !text.includes('import')) return []
  return [...text.matchAll(JSDOC_IMPORT)].map((match) => {
    return { specifier: match[2] ?? match[4] ?? '', kind: 'type', at: start + match.index }
  })
}
