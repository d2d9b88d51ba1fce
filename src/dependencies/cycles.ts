import type { ImportGraph } from './import-graph.ts'

/**
 * Groups of files that import one another in a circle: the strongly connected components of two files and more. Sorted
 * by path inside, and among one another by their first path.
 * Source: R. Tarjan, Depth-first search and linear graph algorithms, 1972; with a stack of its own instead of recursion.
 */
export function cycles(graph: ImportGraph): readonly (readonly string[])[] {
  const walk: Walk = { graph, indexes: new Map(), lowLinks: new Map(), open: [], isOpen: new Set(), found: [] }
  for (const file of graph.keys()) if (!walk.indexes.has(file)) walkFrom(walk, file)
  return walk.found.sort(([one = ''], [other = '']) => (one < other ? -1 : 1))
}

type Walk = {
  readonly graph: ImportGraph
  /** Places in the order of discovery. */
  readonly indexes: Map<string, number>
  /** The earliest open file that is known to be reachable. */
  readonly lowLinks: Map<string, number>
  /** Files whose component is not complete yet, in the order of discovery. */
  readonly open: string[]
  readonly isOpen: Set<string>
  readonly found: string[][]
}

type Frame = { readonly file: string; readonly imports: readonly string[]; next: number }

function walkFrom(walk: Walk, root: string): void {
  const frames: Frame[] = [discover(walk, root)]
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const imported = frame.imports[frame.next++]
    if (imported === undefined) {
      frames.pop()
      leave(walk, frame.file)
      const parent = frames.at(-1)
      if (parent !== undefined) lower(walk, parent.file, walk.lowLinks.get(frame.file))
    } else if (!walk.indexes.has(imported)) frames.push(discover(walk, imported))
    else if (walk.isOpen.has(imported)) lower(walk, frame.file, walk.indexes.get(imported))
  }
}

function discover(walk: Walk, file: string): Frame {
  const index = walk.indexes.size
  walk.indexes.set(file, index)
  walk.lowLinks.set(file, index)
  walk.open.push(file)
  walk.isOpen.add(file)
  return { file, imports: walk.graph.get(file) ?? [], next: 0 }
}

/** Closes a component when nothing earlier is reachable from its first file. */
function leave({ indexes, lowLinks, open, isOpen, found }: Walk, file: string): void {
  if (lowLinks.get(file) !== indexes.get(file)) return
  const component = open.splice(open.lastIndexOf(file))
  for (const member of component) isOpen.delete(member)
  if (component.length > 1) found.push(component.sort())
}

function lower({ lowLinks }: Walk, file: string, index: number | undefined): void {
  const known = lowLinks.get(file)
  if (index !== undefined && (known === undefined || index < known)) lowLinks.set(file, index)
}
