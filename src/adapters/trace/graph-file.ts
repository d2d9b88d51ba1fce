import type { PredictorGraph } from '../../model/prediction/predictor.ts'
import { ForewarmError } from '../../ports/errors.ts'
import { splitCsv } from './csv.ts'
import { linesOf } from './trace-rows.ts'

type MutableGraph = { files: string[]; edges: [string, string][] }

/**
 * Reads graph files (`T,workspace,path` and `E,workspace,from,to` rows, plain or gzipped) into one graph a workspace.
 * Rejects with FW_REQUEST_INVALID, naming the line, for what is no graph.
 */
export async function readGraphFiles(files: readonly string[]): Promise<Map<string, PredictorGraph>> {
  const graphs = new Map<string, MutableGraph>()
  for (const file of files) {
    let lineNumber = 0
    for await (const line of linesOf(file)) {
      lineNumber += 1
      if (line !== '') addGraphRow(graphs, line, `${file}:${lineNumber}`)
    }
  }
  return graphs
}

function addGraphRow(graphs: Map<string, MutableGraph>, line: string, where: string): void {
  const [kind, workspace, from, to] = splitCsv(line)
  const isFile = kind === 'T' && from !== undefined
  const isEdge = kind === 'E' && from !== undefined && to !== undefined
  if (workspace === undefined || !(isFile || isEdge)) {
    const problem = `${where}: neither T,workspace,path nor E,workspace,from,to`
    throw new ForewarmError('FW_REQUEST_INVALID', `${problem}: is it a graph file?`)
  }
  const graph = graphs.get(workspace) ?? { files: [], edges: [] }
  graphs.set(workspace, graph)
  if (isFile) graph.files.push(from)
  else if (isEdge) graph.edges.push([from, to])
}
