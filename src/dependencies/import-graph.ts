/** Which file of a workspace imports which. Plain data: how files are parsed and resolved is the adapters' work. */

/**
 * Files of a workspace with the files that each imports directly: each once, without itself. Every parsed file is a key;
 * an imported file of no known language (a JSON file) is only a value. No walk over it recurses, however deep it is.
 */
export type ImportGraph = ReadonlyMap<string, readonly string[]>

/** The graph of these edges; imports are sorted, made unique, and a file's import of itself is left out. */
export function importGraph(edges: Iterable<readonly [file: string, imports: Iterable<string>]>): ImportGraph {
  const graph = new Map<string, readonly string[]>()
  for (const [file, imports] of edges) graph.set(file, [...new Set(imports)].filter((path) => path !== file).sort())
  return graph
}

/**
 * Everything that is reached from `paths` over at most `depth` imports, each file with the fewest imports that lead to
 * it; in the order of that depth. The paths themselves have depth 0, known to the graph or not.
 */
export function closure(graph: ImportGraph, paths: Iterable<string>, depth: number): ReadonlyMap<string, number> {
  const depths = new Map<string, number>()
  for (const path of paths) depths.set(path, 0)
  // A Map visits what is added to it during the walk: the queue and the result are one.
  for (const [path, at] of depths) {
    if (at >= depth) continue
    for (const imported of graph.get(path) ?? []) if (!depths.has(imported)) depths.set(imported, at + 1)
  }
  return depths
}

/** The same files with the arrows turned: each file with the files that import it. */
export function reversed(graph: ImportGraph): ImportGraph {
  const importers = new Map<string, string[]>()
  for (const [file, imports] of graph) {
    if (!importers.has(file)) importers.set(file, [])
    for (const imported of imports) {
      const known = importers.get(imported)
      if (known === undefined) importers.set(imported, [file])
      else known.push(file)
    }
  }
  for (const files of importers.values()) files.sort()
  return importers
}

/** The files of `paths` with those imports that are themselves among them. */
export function restrictedTo(graph: ImportGraph, paths: ReadonlySet<string>): ImportGraph {
  const kept = new Map<string, readonly string[]>()
  for (const path of paths)
    kept.set(
      path,
      (graph.get(path) ?? []).filter((imported) => paths.has(imported)),
    )
  return kept
}
