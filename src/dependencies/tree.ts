import type { ImportGraph } from './import-graph.ts'

/** Levels that are drawn; deeper ones would be off any screen. */
const LEVELS_MAX = 64

type Line = { readonly file: string; readonly indent: string; readonly branch: string; readonly level: number }

/**
 * What the roots lead to, drawn as a tree of at most `depth` levels below them. A file's imports are drawn where it is
 * met first; `…` stands for what is drawn elsewhere or lies deeper.
 */
export function graphTree(graph: ImportGraph, roots: readonly string[], depth: number): string {
  const lines: string[] = []
  const drawn = new Set<string>()
  const open: Line[] = roots.map((file) => ({ file, indent: '', branch: '', level: 0 })).reverse()
  for (let line = open.pop(); line !== undefined; line = open.pop()) {
    const { file, indent, branch, level } = line
    const imports = graph.get(file) ?? []
    const isCut = imports.length > 0 && (drawn.has(file) || level >= Math.min(depth, LEVELS_MAX))
    lines.push(`${indent}${branch}${file}${isCut ? ' …' : ''}\n`)
    if (isCut) continue
    drawn.add(file)
    const below = indent + (branch === '' ? '' : branch === '└─ ' ? '   ' : '│  ')
    for (const [index, imported] of [...imports.entries()].reverse()) {
      const isLast = index === imports.length - 1
      open.push({ file: imported, indent: below, branch: isLast ? '└─ ' : '├─ ', level: level + 1 })
    }
  }
  return lines.join('')
}
