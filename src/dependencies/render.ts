/** The import graph as text: JSON for programs, DOT for graph drawers, a tree for people. */
import type { ImportGraph } from './import-graph.ts'

/** `{"<file>": ["<file>", …]}`, files and their imports in the order of their names. */
export function graphJson(graph: ImportGraph): string {
  const entries = sortedEntries(graph)
  if (entries.length === 0) return '{}\n'
  // Written by hand: as keys of an object, files named like numbers or __proto__ would change places or vanish.
  const lines = entries.map(([file, imports]) => `  ${JSON.stringify(file)}: ${jsonList(imports)}`)
  return `{\n${lines.join(',\n')}\n}\n`
}

/** For Graphviz: one line a file, one an import. */
export function graphDot(graph: ImportGraph): string {
  const lines = sortedEntries(graph).flatMap(([file, imports]) => [
    `  ${dotName(file)};`,
    ...imports.map((imported) => `  ${dotName(file)} -> ${dotName(imported)};`),
  ])
  return ['digraph imports {', '  rankdir=LR;', '  node [shape=box];', ...lines, '}', ''].join('\n')
}

const sortedEntries = (graph: ImportGraph) =>
  [...graph]
    .map(([file, imports]) => [file, [...imports].sort()] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1))

function jsonList(paths: readonly string[]): string {
  if (paths.length === 0) return '[]'
  return `[\n${paths.map((path) => `    ${JSON.stringify(path)}`).join(',\n')}\n  ]`
}

/** A quoted DOT identifier: only the quote and the backslash mean something in it. */
const dotName = (path: string): string => `"${path.replace(/[\\"]/g, '\\$&')}"`
